//! Checkpoints: signed tree heads (C2SP tlog-checkpoint).

use crate::error::Error;
use crate::hash::Hash;
use crate::key::{SigningKey, VerifierKey};
use crate::note::Note;
use crate::text;

/// The head of a log: its identity, the number of its leaves and the root hash over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The identity of the log, by convention a URL without scheme; equal to the name of its key.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The RFC 6962 root hash.
    pub root: Hash,
    /// Further lines, none of them empty. The specification advises against any.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Checkpoint {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// The body of the note: each line ends with a newline.
    pub fn to_text(&self) -> String {
        let mut body = format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64());
        for line in &self.extensions {
            body.push_str(line);
            body.push('\n');
        }
        body
    }

    /// The inverse of [`Checkpoint::to_text`]; takes the text of a note, without signatures, in canonical form alone.
    pub fn parse(body: &str) -> Result<Self, Error> {
        text::check_controls(body)?;
        let body = body.strip_suffix('\n').ok_or(Error::NoFinalNewline)?;
        let mut lines = body.split('\n');
        let mut next = || match lines.next() {
            Some("") => Err(Error::CheckpointEmptyLine),
            other => Ok(other),
        };
        let origin = next()?.ok_or(Error::CheckpointLines)?.to_owned();
        let size = text::decimal(next()?.ok_or(Error::CheckpointLines)?).ok_or(Error::TreeSize)?;
        let root = Hash::from_base64(next()?.ok_or(Error::CheckpointLines)?).ok_or(Error::RootHash)?;
        let mut extensions = Vec::new();
        while let Some(line) = next()? {
            extensions.push(line.to_owned());
        }
        Ok(Checkpoint {
            origin,
            size,
            root,
            extensions,
        })
    }

    /// The whole signed note. The origin must be the name of the key, and the text must parse back to the same.
    pub fn sign(&self, key: &SigningKey) -> Result<String, Error> {
        self.check_origin(key.name())?;
        let body = self.to_text();
        if Self::parse(&body)? != *self {
            return Err(Error::CheckpointFields);
        }
        Ok(Note::sign(&body, key)?.to_string())
    }

    /// Verifies a signed note with the key of the log and parses it. The origin must be the name of the key.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Checkpoint, Error> {
        let note = Note::parse(note)?;
        note.verify(std::slice::from_ref(key))?;
        let checkpoint = Self::parse(&note.text)?;
        checkpoint.check_origin(key.name())?;
        Ok(checkpoint)
    }

    fn check_origin(&self, key: &str) -> Result<(), Error> {
        if self.origin == key {
            return Ok(());
        }
        Err(Error::OriginMismatch {
            origin: self.origin.clone(),
            key: key.to_owned(),
        })
    }
}
