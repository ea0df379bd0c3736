//! Proofs that can be stored and checked offline (C2SP tlog-proof, version 1).

use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::proof::verify_inclusion;
use crate::text;
use std::fmt;

/// The first line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The longest inclusion path of a tree with a 64-bit size.
const MAX_PATH: usize = 64;

/// That an entry is in a log: its index, the inclusion path, and the signed checkpoint that the path leads to.
///
/// By convention stored with the file extension `.tlog-proof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Data for the application. Not authenticated by anything.
    pub extra: Option<Vec<u8>>,
    /// The zero-based index of the entry.
    pub index: u64,
    /// The inclusion path, from the sibling of the leaf up.
    pub path: Vec<Hash>,
    /// The checkpoint, a signed note, verbatim.
    pub checkpoint: String,
}

impl TlogProof {
    /// The text form; the same as `Display`.
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// Parses the text form, and checks that its checkpoint is well formed. Verifies nothing.
    pub fn parse(proof: &str) -> Result<TlogProof, Error> {
        let (header, rest) = proof.split_once('\n').ok_or(Error::ProofHeader)?;
        if header != HEADER {
            return Err(Error::ProofHeader);
        }
        let (mut line, mut rest) = rest.split_once('\n').ok_or(Error::ProofIndex)?;
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix("extra ") {
            extra = Some(text::from_base64(encoded).ok_or(Error::ProofExtra)?);
            (line, rest) = rest.split_once('\n').ok_or(Error::ProofIndex)?;
        }
        let index = line
            .strip_prefix("index ")
            .and_then(text::decimal)
            .ok_or(Error::ProofIndex)?;
        let mut path = Vec::new();
        loop {
            (line, rest) = rest.split_once('\n').ok_or(Error::ProofCheckpoint)?;
            if line.is_empty() {
                break;
            }
            if path.len() == MAX_PATH {
                return Err(Error::ProofLength);
            }
            path.push(Hash::from_base64(line).ok_or(Error::ProofHash)?);
        }
        Checkpoint::parse(&Note::parse(rest)?.text)?;
        Ok(TlogProof {
            extra,
            index,
            path,
            checkpoint: rest.to_owned(),
        })
    }

    /// Checks that the log with this key has this entry (its bytes, not its hash), and returns the checkpoint.
    pub fn verify(&self, leaf_data: &[u8], key: &VerifierKey) -> Result<Checkpoint, Error> {
        self.verify_hash(&Hash::leaf(leaf_data), key)
    }

    /// As [`TlogProof::verify`], for an entry given by its leaf hash.
    pub fn verify_hash(&self, leaf: &Hash, key: &VerifierKey) -> Result<Checkpoint, Error> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        verify_inclusion(self.index, checkpoint.size, leaf, &self.path, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", text::to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path
            .iter()
            .try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl std::str::FromStr for TlogProof {
    type Err = Error;

    fn from_str(proof: &str) -> Result<Self, Error> {
        Self::parse(proof)
    }
}
