//! Evidence bundles: any selection of entries, each with its proof against one checkpoint, in one file.
//!
//! A bundle is a JSON Lines file (UTF-8, each line ended by `\n`):
//!
//! 1. a header: `{"bundle":"probity/bundle@v1","checkpoint":"<signed note>","filter":{…},"created_at":"…"}`;
//!    `filter` says what was asked for;
//! 2. a line for each entry: `{"entry":{…},"proof":["<base64>",…]}`, strictly ascending or strictly descending by
//!    index;
//! 3. a trailer: `{"entries":N,"digest":"<hex SHA-256 over all lines before, each with its \n>"}`.
//!
//! No line is longer than [`LINE_MAX`]. The trailer shows a file that was cut short or damaged; it is not signed,
//! and neither are `filter` and `created_at`. So a bundle proves every entry that it holds, but not that it holds
//! all that the filter asks for, unless its indexes leave no gap. Of an execution it is known: the entry of its end says
//! how many steps it has, so a bundle about one execution that leaves some out does not hold. Of an approval each entry says
//! which version of it it wrote, so what one was used for, by whom and once is known from the entries about it.
//!
//! [`BundleWriter`] makes the lines and [`BundleChecker`] takes them; both keep a bounded amount of memory,
//! whatever the number of entries (but for executions whose steps are not all there, and for the one approval that a bundle was
//! asked about), and leave files to the caller.

mod approval;
mod check;
mod steps;
mod write;

use serde::{Deserialize, Serialize};
use tlog::Hash;

pub use approval::{ApprovalFault, Deed, ProvedApproval, ProvedVote};
pub use check::{BundleChecker, BundleError, BundleFault, BundleLine, BundleSummary};
pub use steps::MissingSteps;
pub use write::{BundleWriter, WriteError};

use crate::entry::Entry;
use crate::json::StrictObject;
use crate::time::{self, Timestamp};
use crate::wire;

/// Name of the format and its version, the header's member `bundle`.
pub const FORMAT: &str = "probity/bundle@v1";

/// The longest line of a bundle: 16 MiB, without its line end.
pub const LINE_MAX: usize = 16 << 20;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleHeader {
    /// [`FORMAT`].
    pub bundle: String,
    /// The signed checkpoint that all proofs lead to.
    pub checkpoint: String,
    /// What was asked for; nothing proves it.
    pub filter: StrictObject,
    /// When the bundle was made; nothing proves it.
    #[serde(deserialize_with = "time::exact")]
    pub created_at: Timestamp,
}

/// A line of an entry, as it is written.
#[derive(Serialize)]
struct EntryLine<'a> {
    entry: &'a Entry,
    #[serde(with = "wire::hashes")]
    proof: &'a [Hash],
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    entries: u64,
    digest: String,
}

/// The order of entries so far.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    last: Option<u64>,
    ascending: Option<bool>,
}

impl Order {
    /// Takes the next index. False where it repeats one or turns the direction; then nothing is taken.
    fn take(&mut self, index: u64) -> bool {
        if let Some(last) = self.last {
            let ascending = index > last;
            if index == last || self.ascending.is_some_and(|before| before != ascending) {
                return false;
            }
            self.ascending = Some(ascending);
        }
        self.last = Some(index);
        true
    }
}
