//! Receipts: proof, in one file, that the log holds an entry.
//!
//! A receipt is a text in the form of C2SP [tlog-proof](https://c2sp.org/tlog-proof): the entry's index, the
//! inclusion path, and the signed checkpoint that the path leads to. What it proves to be included is the entry's
//! leaf, byte for byte; [`Entry::check`] ties all else that the entry shows to that leaf.

use tlog::{Checkpoint, Hash, TlogProof, VerifierKey, verify_inclusion};

pub use crate::consistency::{CheckedConsistency, ConsistencyError, ConsistencyProof, check_consistency};
use crate::entry::{Entry, EntryError};

/// The text of a receipt for the leaf at `index`, with its inclusion path in the tree of the signed checkpoint.
pub fn build(index: u64, path: Vec<Hash>, checkpoint: &str) -> String {
    TlogProof {
        extra: None,
        index,
        path,
        checkpoint: checkpoint.to_owned(),
    }
    .to_text()
}

/// What a receipt proved: the log of this origin and size, with this root, holds the entry at this index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedReceipt {
    /// Position of the entry in the log, counted from 0.
    pub index: u64,
    /// Number of entries in the log when the checkpoint was signed.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Identity of the log, which is also the name of its key.
    pub origin: String,
}

/// Why a receipt does not prove an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The entry does not fit together.
    #[error("the entry does not hold: {0}")]
    Entry(#[from] EntryError),
    /// The text is not a receipt.
    #[error("not a receipt: {0}")]
    Malformed(tlog::Error),
    /// The receipt is for another position.
    #[error("the receipt is for index {receipt}, the entry says index {entry}")]
    Index {
        /// Index in the receipt.
        receipt: u64,
        /// Index in the entry.
        entry: u64,
    },
    /// The checkpoint is not one that the log's key signed.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(tlog::Error),
    /// The path does not lead from the entry's leaf to the checkpoint's root.
    #[error("the entry's leaf is not proved to be in the log: {0}")]
    NotIncluded(tlog::Error),
}

/// Checks an entry against its receipt: that the entry fits its leaf, and that the log with this key holds the leaf
/// at the entry's index.
pub fn check(receipt: &str, entry: &Entry, key: &VerifierKey) -> Result<CheckedReceipt, ReceiptError> {
    entry.check()?;
    check_leaf(receipt, entry.index, &entry.evidence.leaf, key)
}

/// Checks the leaf of the entry at this index against its receipt: that the log with this key holds it there.
pub fn check_leaf(
    receipt: &str,
    entry: u64,
    leaf: &str,
    key: &VerifierKey,
) -> Result<CheckedReceipt, ReceiptError> {
    let receipt = TlogProof::parse(receipt).map_err(ReceiptError::Malformed)?;
    if receipt.index != entry {
        return Err(ReceiptError::Index {
            receipt: receipt.index,
            entry,
        });
    }
    // Opening also compares the checkpoint's origin with the key's name.
    let Checkpoint {
        origin, size, root, ..
    } = Checkpoint::open(&receipt.checkpoint, key).map_err(ReceiptError::Checkpoint)?;
    let leaf = Hash::leaf(leaf.as_bytes());
    verify_inclusion(receipt.index, size, &leaf, &receipt.path, &root).map_err(ReceiptError::NotIncluded)?;
    Ok(CheckedReceipt {
        index: receipt.index,
        size,
        root,
        origin,
    })
}
