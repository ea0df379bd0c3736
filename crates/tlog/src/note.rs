//! Signed notes (C2SP signed-note).

use crate::error::Error;
pub use crate::key::{KeyKind, SigningKey, VerifierKey};
use crate::text;
use std::fmt;

/// The most signatures that a note may have. The specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 100;

/// Begins a signature line: an em dash and a space.
const PREFIX: &str = "\u{2014} ";

/// One signature line of a note, verified or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key that claims to have signed.
    pub name: String,
    /// The ID of that key.
    pub key_id: u32,
    /// The signature, at least one byte; what it means depends on the key.
    pub bytes: Vec<u8>,
}

impl Signature {
    /// Parses a signature line, without its newline.
    pub fn parse(line: &str) -> Result<Signature, Error> {
        let rest = line.strip_prefix(PREFIX).ok_or(Error::SignatureLine)?;
        let (name, encoded) = rest.split_once(' ').ok_or(Error::SignatureLine)?;
        text::check_name(name)?;
        let bytes = text::from_base64(encoded).ok_or(Error::SignatureLine)?;
        match bytes.split_first_chunk::<4>() {
            Some((id, signature)) if !signature.is_empty() => Ok(Signature {
                name: name.to_owned(),
                key_id: u32::from_be_bytes(*id),
                bytes: signature.to_vec(),
            }),
            _ => Err(Error::SignatureLine),
        }
    }

    /// Whether it claims to be made by this key.
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.key_id == key.key_id() && self.name == key.name()
    }
}

/// The signature line, without its newline.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.key_id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        write!(f, "{PREFIX}{} {}", self.name, text::to_base64(&bytes))
    }
}

/// A text with signatures. Displayed and parsed in the C2SP form.
///
/// Parsing verifies nothing: ignore the text until [`Note::verify`] has succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The signed text, which ends with a newline.
    pub text: String,
    /// The signatures, in the order of their lines.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// A note of this text, signed by one key. The text must end with a newline and hold no control characters.
    pub fn sign(text: &str, key: &SigningKey) -> Result<Note, Error> {
        if !text.ends_with('\n') {
            return Err(Error::NoFinalNewline);
        }
        text::check_controls(text)?;
        let mut note = Note {
            text: text.to_owned(),
            signatures: Vec::new(),
        };
        note.add_signature(key);
        Ok(note)
    }

    /// Signs the note with a further key. An earlier signature by the same key is replaced.
    pub fn add_signature(&mut self, key: &SigningKey) {
        let bytes = key.sign(self.text.as_bytes()).to_vec();
        self.put(&key.verifier(), bytes);
    }

    pub(crate) fn put(&mut self, key: &VerifierKey, bytes: Vec<u8>) {
        self.signatures.retain(|signature| !signature.is_by(key));
        let signature = Signature {
            name: key.name().to_owned(),
            key_id: key.key_id(),
            bytes,
        };
        self.signatures.push(signature);
    }

    /// Parses a signed note. Of signature lines only the form is checked.
    pub fn parse(note: &str) -> Result<Note, Error> {
        text::check_controls(note)?;
        if !note.ends_with('\n') {
            return Err(Error::NoFinalNewline);
        }
        // The last empty line separates; the text keeps its own final newline.
        let at = note.rfind("\n\n").ok_or(Error::NoSignatures)?;
        let (text, rest) = note.split_at(at + 1);
        let lines = rest.strip_prefix('\n').and_then(|rest| rest.strip_suffix('\n'));
        let lines = lines.ok_or(Error::NoSignatures)?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(Error::TooManySignatures);
            }
            signatures.push(Signature::parse(line)?);
        }
        Ok(Note {
            text: text.to_owned(),
            signatures,
        })
    }

    /// Parses a signed note from bytes, which must be UTF-8.
    pub fn parse_bytes(note: &[u8]) -> Result<Note, Error> {
        Self::parse(std::str::from_utf8(note).map_err(|_| Error::Utf8)?)
    }

    /// The known keys that signed the note, each once, in the order of their signatures.
    ///
    /// Signatures by unknown keys are ignored. Fails when a signature by a known key does not verify, when no known
    /// key signed, and when two different known keys share a name and a key ID.
    pub fn verify(&self, known: &[VerifierKey]) -> Result<Vec<VerifierKey>, Error> {
        let mut signers: Vec<VerifierKey> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = known.iter().find(|key| signature.is_by(key)) else {
                continue;
            };
            if known.iter().any(|other| signature.is_by(other) && other != key) {
                return Err(Error::AmbiguousKey(signature.name.clone()));
            }
            key.check(&self.text, &signature.bytes)?;
            if !signers.contains(key) {
                signers.push(key.clone());
            }
        }
        if signers.is_empty() {
            Err(Error::NoKnownSignature)
        } else {
            Ok(signers)
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl std::str::FromStr for Note {
    type Err = Error;

    fn from_str(note: &str) -> Result<Self, Error> {
        Self::parse(note)
    }
}
