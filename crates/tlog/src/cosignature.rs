//! Cosignatures of checkpoints by witnesses (C2SP tlog-cosignature, the Ed25519 form `cosignature/v1`).

use crate::checkpoint::Checkpoint;
use crate::error::Error;
pub use crate::key::MAX_TIMESTAMP;
use crate::key::{KeyKind, KeyPair, VerifierKey, cosigned_text};
use crate::note::Note;
use std::fmt;

/// A verified cosignature: as of `timestamp`, this was the largest consistent tree that the witness had seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// The name of the witness.
    pub witness: String,
    /// When it cosigned, in seconds since the Epoch (POSIX).
    pub timestamp: u64,
}

impl Cosignature {
    /// Checks the cosignature of a checkpoint by this witness; of several, the latest is returned.
    ///
    /// Fails when the note is not a checkpoint, when the key is not a cosignature key, when the witness did not
    /// cosign, and when any cosignature of it does not verify. Whether the time is acceptable is for the caller.
    pub fn verify(note: &Note, witness: &VerifierKey) -> Result<Cosignature, Error> {
        if witness.kind() != KeyKind::Cosignature {
            return Err(Error::KeyKind);
        }
        Checkpoint::parse(&note.text)?;
        let mut latest = None;
        for signature in note
            .signatures
            .iter()
            .filter(|signature| signature.is_by(witness))
        {
            let time = witness
                .cosigned(&note.text, &signature.bytes)
                .ok_or_else(|| Error::BadSignature(signature.name.clone()))?;
            latest = latest.max(Some(time));
        }
        let timestamp = latest.ok_or(Error::NoKnownSignature)?;
        Ok(Cosignature {
            witness: witness.name().to_owned(),
            timestamp,
        })
    }
}

/// The private key of a witness. `Debug` does not show the secret.
#[derive(Clone)]
pub struct CosigningKey(KeyPair);

impl CosigningKey {
    /// The key of an Ed25519 seed (RFC 8032). Must not be the seed of another witness or log.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<CosigningKey, Error> {
        KeyPair::from_seed(name, KeyKind::Cosignature, seed).map(CosigningKey)
    }

    /// The name of the witness.
    pub fn name(&self) -> &str {
        self.0.verifier.name()
    }

    /// See [`VerifierKey::key_id`].
    pub fn key_id(&self) -> u32 {
        self.0.verifier.key_id()
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        self.0.verifier.clone()
    }

    /// `PRIVATE+KEY+name+keyid+base64`. Secret.
    pub fn encode(&self) -> String {
        self.0.encode()
    }

    /// The inverse of [`CosigningKey::encode`].
    pub fn decode(encoded: &str) -> Result<CosigningKey, Error> {
        KeyPair::decode(encoded, KeyKind::Cosignature).map(CosigningKey)
    }

    /// Adds a cosignature to a checkpoint. An earlier one by the same witness is replaced.
    ///
    /// `timestamp` is now, in seconds since the Epoch. Fails when the note is not a checkpoint, or on a timestamp
    /// above [`MAX_TIMESTAMP`]. That the tree is consistent with all seen before is for the caller to check first.
    pub fn cosign(&self, note: &mut Note, timestamp: u64) -> Result<(), Error> {
        if timestamp > MAX_TIMESTAMP {
            return Err(Error::Timestamp(timestamp));
        }
        Checkpoint::parse(&note.text)?;
        let mut bytes = timestamp.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.0.sign(cosigned_text(&note.text, timestamp).as_bytes()));
        note.put(&self.0.verifier, bytes);
        Ok(())
    }
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosigningKey({})", self.0.verifier)
    }
}
