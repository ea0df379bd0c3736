//! Ed25519 keys with a name, and their text forms (C2SP signed-note).

use crate::error::Error;
use crate::text;
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};
use std::fmt;

/// The largest timestamp that a cosignature may carry.
pub const MAX_TIMESTAMP: u64 = u64::MAX >> 1;

/// What a witness signs: two header lines, then the text of the checkpoint.
pub(crate) fn cosigned_text(text: &str, timestamp: u64) -> String {
    format!("cosignature/v1\ntime {timestamp}\n{text}")
}

/// What a key signs: the signature type byte of C2SP signed-note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `0x01`: Ed25519 over the text of a note. The key of a log.
    Ed25519,
    /// `0x04`: a timestamped Ed25519 cosignature of a checkpoint. The key of a witness.
    Cosignature,
}

impl KeyKind {
    /// The signature type byte.
    pub fn type_byte(self) -> u8 {
        match self {
            KeyKind::Ed25519 => 0x01,
            KeyKind::Cosignature => 0x04,
        }
    }

    fn from_type_byte(byte: u8) -> Result<Self, Error> {
        match byte {
            0x01 => Ok(KeyKind::Ed25519),
            0x04 => Ok(KeyKind::Cosignature),
            other => Err(Error::UnsupportedKeyType(other)),
        }
    }
}

/// A public key that verifies signatures, of a log or of a witness.
///
/// Displayed and parsed as a vkey: `name+keyid+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key_id: u32,
    public: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// A key from the 32 bytes of an Ed25519 public key. Refuses a key of small order, which verifies anything.
    pub fn from_public_key(name: &str, kind: KeyKind, public: &[u8; 32]) -> Result<Self, Error> {
        text::check_name(name)?;
        let public = ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| Error::PublicKey)?;
        if public.is_weak() {
            return Err(Error::PublicKey);
        }
        Ok(Self::new(name, kind, public))
    }

    fn new(name: &str, kind: KeyKind, public: ed25519_dalek::VerifyingKey) -> Self {
        let key_id = key_id(name, kind, public.as_bytes());
        VerifierKey {
            name: name.to_owned(),
            kind,
            key_id,
            public,
        }
    }

    /// Parses `name+keyid+base64`, as golang.org/x/mod/sumdb/note writes it.
    pub fn parse(vkey: &str) -> Result<Self, Error> {
        let (name, id, bytes) = split(vkey).ok_or(Error::VerifierKeyFormat)?;
        let (&kind, public) = bytes.split_first().ok_or(Error::VerifierKeyFormat)?;
        let kind = KeyKind::from_type_byte(kind)?;
        let key = Self::from_public_key(
            name,
            kind,
            public.try_into().map_err(|_| Error::VerifierKeyFormat)?,
        )?;
        if key.key_id == id {
            Ok(key)
        } else {
            Err(Error::KeyIdMismatch)
        }
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes, big-endian, of `SHA-256(name || 0x0A || type || public key)`.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// What the key signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The 32 bytes of the Ed25519 public key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// Checks the bytes of a signature (without the key ID) over the text of a note.
    pub(crate) fn check(&self, text: &str, signature: &[u8]) -> Result<(), Error> {
        let valid = match self.kind {
            KeyKind::Ed25519 => self.check_raw(text.as_bytes(), signature),
            KeyKind::Cosignature => self.cosigned(text, signature).is_some(),
        };
        if valid {
            Ok(())
        } else {
            Err(Error::BadSignature(self.name.clone()))
        }
    }

    /// The timestamp of a valid `timestamped_signature` by this witness: 8 bytes big-endian, then 64 bytes of signature.
    pub(crate) fn cosigned(&self, text: &str, signature: &[u8]) -> Option<u64> {
        let (time, signature) = signature.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let valid = time <= MAX_TIMESTAMP && self.check_raw(cosigned_text(text, time).as_bytes(), signature);
        valid.then_some(time)
    }

    /// Strict Ed25519: no malleable signatures, no points of small order.
    fn check_raw(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else {
            return false;
        };
        self.public.verify_strict(message, &signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            self.key_id,
            encode(self.kind, self.public.as_bytes())
        )
    }
}

impl std::str::FromStr for VerifierKey {
    type Err = Error;

    fn from_str(vkey: &str) -> Result<Self, Error> {
        Self::parse(vkey)
    }
}

/// The private key of a log: signs notes and checkpoints. `Debug` does not show the secret.
#[derive(Clone)]
pub struct SigningKey(KeyPair);

impl SigningKey {
    /// The key of an Ed25519 seed (RFC 8032), to be drawn from a good source of randomness.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<SigningKey, Error> {
        KeyPair::from_seed(name, KeyKind::Ed25519, seed).map(SigningKey)
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.0.verifier.name
    }

    /// See [`VerifierKey::key_id`].
    pub fn key_id(&self) -> u32 {
        self.0.verifier.key_id
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        self.0.verifier.clone()
    }

    /// `PRIVATE+KEY+name+keyid+base64`, as golang.org/x/mod/sumdb/note writes it. Secret.
    pub fn encode(&self) -> String {
        self.0.encode()
    }

    /// The inverse of [`SigningKey::encode`].
    pub fn decode(encoded: &str) -> Result<SigningKey, Error> {
        KeyPair::decode(encoded, KeyKind::Ed25519).map(SigningKey)
    }

    /// The 32 bytes of the Ed25519 seed (RFC 8032), to derive other keys from. Secret; the key itself never changes
    /// its use: derive with a function such as HKDF and a text that names the purpose.
    pub fn seed(&self) -> &[u8; 32] {
        self.0.secret.as_bytes()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.0.verifier)
    }
}

/// A secret with its public half, of either kind.
#[derive(Clone)]
pub(crate) struct KeyPair {
    pub(crate) verifier: VerifierKey,
    // Wiped when dropped.
    secret: ed25519_dalek::SigningKey,
}

impl KeyPair {
    pub(crate) fn from_seed(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, Error> {
        text::check_name(name)?;
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        Ok(KeyPair {
            verifier: VerifierKey::new(name, kind, secret.verifying_key()),
            secret,
        })
    }

    pub(crate) fn encode(&self) -> String {
        let VerifierKey {
            name, kind, key_id, ..
        } = &self.verifier;
        format!(
            "PRIVATE+KEY+{name}+{key_id:08x}+{}",
            encode(*kind, self.secret.as_bytes())
        )
    }

    pub(crate) fn decode(encoded: &str, expected: KeyKind) -> Result<Self, Error> {
        let rest = encoded
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(Error::SigningKeyFormat)?;
        let (name, id, bytes) = split(rest).ok_or(Error::SigningKeyFormat)?;
        let (&kind, seed) = bytes.split_first().ok_or(Error::SigningKeyFormat)?;
        if KeyKind::from_type_byte(kind)? != expected {
            return Err(Error::KeyKind);
        }
        let seed = seed.try_into().map_err(|_| Error::SigningKeyFormat)?;
        let pair = Self::from_seed(name, expected, seed)?;
        if pair.verifier.key_id == id {
            Ok(pair)
        } else {
            Err(Error::KeyIdMismatch)
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }
}

fn key_id(name: &str, kind: KeyKind, public: &[u8; 32]) -> u32 {
    let mut sha = Sha256::new();
    sha.update(name);
    sha.update([b'\n', kind.type_byte()]);
    sha.update(public);
    let digest: [u8; 32] = sha.finalize().into();
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d])
}

fn encode(kind: KeyKind, bytes: &[u8; 32]) -> String {
    let mut typed = [kind.type_byte(); 33];
    typed[1..].copy_from_slice(bytes);
    text::to_base64(&typed)
}

/// Splits `name+keyid+base64`. The base64 may itself contain plus signs.
fn split(key: &str) -> Option<(&str, u32, Vec<u8>)> {
    let mut parts = key.splitn(3, '+');
    let (name, id, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    // Lower case alone, as it is written: one key has one text.
    let hex = id.len() == 8 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let id = hex.then(|| u32::from_str_radix(id, 16).ok()).flatten()?;
    Some((name, id, text::from_base64(encoded)?))
}
