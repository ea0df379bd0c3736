//! Making bundles.

use serde::Serialize;
use sha2::{Digest, Sha256};
use tlog::Hash;

use super::{BundleHeader, EntryLine, FORMAT, LINE_MAX, Order, Trailer};
use crate::entry::Entry;
use crate::json::{self, StrictObject};
use crate::time::Timestamp;

/// Why a line cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The line would be longer than [`LINE_MAX`].
    #[error("a line of {0} bytes is longer than a bundle allows ({LINE_MAX})")]
    TooLong(usize),
    /// The entry is out of order.
    #[error("entry {0} is out of order: a bundle's indexes only rise or only fall")]
    Order(u64),
    /// It does not go into JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Makes the lines of a bundle; each comes with its `\n`, to be written in this order: [`header`](Self::header),
/// [`entry`](Self::entry) for each entry, [`trailer`](Self::trailer).
#[derive(Debug)]
pub struct BundleWriter {
    header: String,
    digest: Sha256,
    entries: u64,
    order: Order,
}

impl BundleWriter {
    /// A bundle against this signed checkpoint. Proofs must lead to its root; that is the caller's care.
    pub fn new(checkpoint: &str, filter: StrictObject, created_at: Timestamp) -> Result<Self, WriteError> {
        let header = BundleHeader {
            bundle: FORMAT.to_owned(),
            checkpoint: checkpoint.to_owned(),
            filter,
            created_at,
        };
        let header = to_line(&header)?;
        let digest = Sha256::new().chain_update(&header);
        Ok(BundleWriter {
            header,
            digest,
            entries: 0,
            order: Order::default(),
        })
    }

    /// The first line.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The line of an entry with its inclusion path. After an error the bundle goes on as if it had not been asked.
    pub fn entry(&mut self, entry: &Entry, proof: &[Hash]) -> Result<String, WriteError> {
        let line = to_line(&EntryLine { entry, proof })?;
        if !self.order.take(entry.index) {
            return Err(WriteError::Order(entry.index));
        }
        self.digest.update(&line);
        self.entries += 1;
        Ok(line)
    }

    /// The last line.
    pub fn trailer(self) -> Result<String, WriteError> {
        to_line(&Trailer {
            entries: self.entries,
            digest: json::hex(&self.digest.finalize()),
        })
    }
}

fn to_line(value: &impl Serialize) -> Result<String, WriteError> {
    let mut line = serde_json::to_string(value)?;
    if line.len() > LINE_MAX {
        return Err(WriteError::TooLong(line.len()));
    }
    line.push('\n');
    Ok(line)
}
