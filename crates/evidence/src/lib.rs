//! Evidence: the bytes that Probity commits to, and the checks that anyone can run on them offline.
//!
//! This crate owns what an audit entry *is*: its canonical JSON ([`json`]), its times ([`time`]), the part
//! that is hashed into the Merkle tree for ever ([`leaf`]), the part that may be erased or pruned ([`payload`]), the
//! salted commitments that tie the two together ([`commitment`]), and the files an auditor receives:
//! receipts ([`receipt`]), consistency proofs ([`consistency`]) and bundles ([`bundle`]). It knows neither SQL
//! nor HTTP and does no I/O; the server and the binary `probity-verify` run this very code.
//!
//! To add a field to an entry: decide first whether it may be personal. If so it belongs in
//! [`payload::Payload`]; only ids that Probity made, times and verbs may go into [`leaf::Leaf`], whose
//! format is versioned by [`leaf::VERSION`].

pub mod bundle;
pub mod commitment;
pub mod consistency;
pub mod csv;
pub mod entry;
mod gone;
pub mod json;
pub mod leaf;
pub mod payload;
pub mod receipt;
pub mod shown;
mod spelt;
pub mod time;
pub mod verifier;
mod wire;

pub use commitment::{ChangeRecord, Salt};
pub use entry::Entry;
pub use gone::Gone;
pub use leaf::{Leaf, Outcome, RecordedBy, RecorderKind};
pub use payload::{ActorKind, Payload};
pub use time::Timestamp;
