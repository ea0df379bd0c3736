//! Consistency: that a later checkpoint extends an earlier one, with nothing changed or removed in between.

use serde::{Deserialize, Serialize};
use tlog::{Checkpoint, Hash, VerifierKey, verify_consistency};

use crate::wire;

/// A consistency proof (RFC 6962, section 2.1.2) with the two trees that it joins.
///
/// JSON: `{"from":N,"to":M,"from_root":"…","to_root":"…","proof":["…",…]}`, hashes in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!deny_unknown_fields))]
pub struct ConsistencyProof {
    /// Size of the older tree.
    pub from: u64,
    /// Size of the newer tree.
    pub to: u64,
    /// Root of the older tree.
    #[serde(with = "wire::hash")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub from_root: Hash,
    /// Root of the newer tree.
    #[serde(with = "wire::hash")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub to_root: Hash,
    /// The hashes that lead from one to the other.
    #[serde(with = "wire::hashes")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub proof: Vec<Hash>,
}

/// What was proved: the log of this origin grew from one size to the other by appending only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedConsistency {
    /// Identity of the log.
    pub origin: String,
    /// Size of the older checkpoint.
    pub from: u64,
    /// Size of the newer checkpoint.
    pub to: u64,
    /// Root of the older checkpoint.
    pub from_root: Hash,
    /// Root of the newer checkpoint.
    pub to_root: Hash,
}

/// Why two checkpoints are not proved to be of one log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyError {
    /// The older checkpoint is not one that the log's key signed.
    #[error("the old checkpoint does not hold: {0}")]
    OldCheckpoint(tlog::Error),
    /// The newer checkpoint is not one that the log's key signed.
    #[error("the new checkpoint does not hold: {0}")]
    NewCheckpoint(tlog::Error),
    /// The proof is between other sizes than the checkpoints have.
    #[error("the proof is from size {proof_from} to {proof_to}, the checkpoints are of size {from} and {to}")]
    Sizes {
        /// Size of the older tree in the proof.
        proof_from: u64,
        /// Size of the newer tree in the proof.
        proof_to: u64,
        /// Size of the older checkpoint.
        from: u64,
        /// Size of the newer checkpoint.
        to: u64,
    },
    /// The proof names another older root than the older checkpoint.
    #[error("the proof's from_root is not the root of the old checkpoint")]
    OldRoot,
    /// The proof names another newer root than the newer checkpoint.
    #[error("the proof's to_root is not the root of the new checkpoint")]
    NewRoot,
    /// The hashes do not join the two trees.
    #[error("the new checkpoint is not proved to extend the old one: {0}")]
    NotConsistent(tlog::Error),
}

/// Checks two signed checkpoints of the log with this key, and that the newer extends the older.
pub fn check_consistency(
    old_checkpoint: &str,
    new_checkpoint: &str,
    proof: &ConsistencyProof,
    key: &VerifierKey,
) -> Result<CheckedConsistency, ConsistencyError> {
    let old = Checkpoint::open(old_checkpoint, key).map_err(ConsistencyError::OldCheckpoint)?;
    let new = Checkpoint::open(new_checkpoint, key).map_err(ConsistencyError::NewCheckpoint)?;
    if (proof.from, proof.to) != (old.size, new.size) {
        let (proof_from, proof_to) = (proof.from, proof.to);
        return Err(ConsistencyError::Sizes {
            proof_from,
            proof_to,
            from: old.size,
            to: new.size,
        });
    }
    if proof.from_root != old.root {
        return Err(ConsistencyError::OldRoot);
    }
    if proof.to_root != new.root {
        return Err(ConsistencyError::NewRoot);
    }
    verify_consistency(old.size, new.size, &old.root, &new.root, &proof.proof)
        .map_err(ConsistencyError::NotConsistent)?;
    Ok(CheckedConsistency {
        origin: new.origin,
        from: old.size,
        to: new.size,
        from_root: old.root,
        to_root: new.root,
    })
}
