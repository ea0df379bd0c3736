//! Salted commitments: how a leaf binds what may later be erased.
//!
//! A plain digest of a name or an address can be guessed; with 128 random bits of salt in front it cannot, once
//! the salt is erased with the payload.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::json::{self, ObjectWriter};

/// 128 random bits in front of what is committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Salt(pub [u8; 16]);

impl Salt {
    /// Lower-case hex.
    pub fn to_hex(self) -> String {
        json::hex(&self.0)
    }

    /// From lower-case hex.
    pub fn from_hex(text: &str) -> Option<Salt> {
        json::from_hex(text).map(Salt)
    }
}

/// SHA-256(salt ‖ canonical bytes): commits to a payload, and to a row (its JSON without the salt).
pub fn commit(salt: &Salt, canonical: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(salt.0)
        .chain_update(canonical)
        .finalize()
        .into()
}

/// One row that an entry wrote, as its leaf commits to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    /// SHA-256(row salt ‖ JCS(row without salt)) in lower-case hex; none where the row was deleted.
    pub digest: Option<String>,
    /// The row's id.
    pub id: Uuid,
    /// The row's table.
    pub table: String,
    /// The row's version after the change, counted from 1.
    pub version: u64,
}

/// Canonical JSON of a list of changes; its SHA-256 is the leaf's member `changes`.
pub fn changes_text(changes: &[ChangeRecord]) -> String {
    let mut out = String::with_capacity(2 + changes.len() * 180);
    out.push('[');
    for (position, change) in changes.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        let mut object = ObjectWriter::new(&mut out);
        match &change.digest {
            Some(digest) => object.string("digest", digest),
            None => object.key("digest").push_str("null"),
        }
        object.string("id", &change.id.to_string());
        object.string("table", &change.table);
        object
            .key("version")
            .push_str(itoa::Buffer::new().format(change.version));
        object.end();
    }
    out.push(']');
    out
}

/// Reads a list of changes.
pub fn parse_changes(text: &str) -> Result<Vec<ChangeRecord>, serde_json::Error> {
    serde_json::from_str(text)
}

/// SHA-256 of the list of changes.
pub fn changes_digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_text_is_canonical_and_reads_back() {
        let changes = vec![
            ChangeRecord {
                digest: Some("ab".repeat(32)),
                id: Uuid::from_u128(1),
                table: "users".into(),
                version: 1,
            },
            ChangeRecord {
                digest: None,
                id: Uuid::from_u128(2),
                table: "api_keys".into(),
                version: 9,
            },
        ];
        let text = changes_text(&changes);
        let value: json::Strict = serde_json::from_str(&text).unwrap();
        assert_eq!(json::canonical(&value.0), text);
        assert_eq!(parse_changes(&text).unwrap(), changes);
    }

    #[test]
    fn salt_changes_the_commitment() {
        // SHA-256 of sixteen zero bytes and "abc", by `printf '\0…abc' | sha256sum`.
        let digest = commit(&Salt([0; 16]), b"abc");
        assert_eq!(
            digest,
            <[u8; 32]>::from(Sha256::digest([&[0u8; 16][..], b"abc"].concat()))
        );
        assert_ne!(digest, commit(&Salt([1; 16]), b"abc"));
        assert_eq!(Salt::from_hex(&Salt([0xfe; 16]).to_hex()), Some(Salt([0xfe; 16])));
    }
}
