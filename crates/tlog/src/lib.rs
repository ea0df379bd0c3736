//! The mathematics and the wire formats of a transparency log.
//!
//! * RFC 6962 Merkle trees over SHA-256: [`struct@Hash`], [`Node`], [`RightEdge`] to append, [`Plan`] to build a proof
//!   from stored subtree hashes, [`verify_inclusion`] and [`verify_consistency`] to check one.
//! * C2SP [tlog-tiles](https://c2sp.org/tlog-tiles): [`Tile`] and [`EntryBundle`].
//! * C2SP [signed-note](https://c2sp.org/signed-note): [`Note`], [`SigningKey`], [`VerifierKey`].
//! * C2SP [tlog-cosignature](https://c2sp.org/tlog-cosignature), Ed25519 form: [`CosigningKey`].
//! * C2SP [tlog-checkpoint](https://c2sp.org/tlog-checkpoint): [`Checkpoint`].
//! * C2SP [tlog-proof](https://c2sp.org/tlog-proof): [`TlogProof`].
//!
//! Nothing here reads a file, a socket, a clock or a source of randomness, and nothing panics, whatever bytes
//! it is given: an auditor can run on untrusted input the very code that a log runs.
//!
//! ```
//! use tlog::{Checkpoint, Hash, Plan, RightEdge, SigningKey, TlogProof};
//! # fn main() -> Result<(), tlog::Error> {
//! let mut edge = RightEdge::new();
//! let mut nodes = std::collections::HashMap::new();
//! for entry in ["a", "b", "c"] {
//!     let leaf = Hash::leaf(entry.as_bytes());
//!     nodes.insert(tlog::Node { height: 0, index: edge.size() }, leaf);
//!     edge.push_with(leaf, |node, hash| {
//!         nodes.insert(node, hash);
//!     });
//! }
//! let key = SigningKey::from_seed("example.com/log", &[7; 32])?;
//! let checkpoint = Checkpoint::new("example.com/log", edge.size(), edge.root()).sign(&key)?;
//! let path = Plan::inclusion(1, edge.size())?.resolve(|node| nodes.get(&node).copied())?;
//!
//! let receipt = TlogProof { extra: None, index: 1, path, checkpoint }.to_text();
//! let opened = TlogProof::parse(&receipt)?.verify(b"b", &key.verifier())?;
//! assert_eq!(opened.size, 3);
//! # Ok(())
//! # }
//! ```

pub mod checkpoint;
pub mod cosignature;
pub mod edge;
mod error;
pub mod hash;
pub mod key;
pub mod node;
pub mod note;
pub mod proof;
mod text;
pub mod tile;
pub mod tlog_proof;

pub use checkpoint::Checkpoint;
pub use cosignature::{Cosignature, CosigningKey};
pub use edge::RightEdge;
pub use error::Error;
pub use hash::Hash;
pub use key::{KeyKind, SigningKey, VerifierKey};
pub use node::Node;
pub use note::{Note, Signature};
pub use proof::{Plan, verify_consistency, verify_inclusion};
pub use tile::{EntryBundle, Tile};
pub use tlog_proof::TlogProof;
