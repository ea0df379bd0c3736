//! Ids that callers bring: what is none, and what is told of one that is taken.

use std::borrow::Cow;

use crate::code;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::refusal::{FieldError, Refusal};

/// Refuses the two UUIDs that are no ids (RFC 9562 sections 5.9 and 5.10).
pub fn check(field: &str, id: Option<Uuid>) -> Result<(), FieldError> {
    if id.is_some_and(|id| id.is_nil() || id.is_max()) {
        return Err(FieldError::new(field, MUST));
    }
    Ok(())
}

/// What an id must be.
pub const MUST: &str =
    "must be a UUID such as 01970000-0000-7000-8000-0000000000ab, neither the nil nor the max one";

/// The id that a text is; none for another text, and for the two UUIDs that are no ids.
pub fn parse(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text)
        .ok()
        .filter(|id| !id.is_nil() && !id.is_max())
}

/// The id that a text is, in the form of a reader of JSON.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom(MUST))
}

/// The same where it may be left out, and is checked later.
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    let text = Option::<Cow<'_, str>>::deserialize(deserializer)?;
    let id = text.map(|text| Uuid::try_parse(&text).map_err(|_| D::Error::custom(MUST)));
    id.transpose()
}

/// The refusal of an id that is taken by something of other content: which field differs.
pub(crate) fn conflict(noun: &str, id: Uuid, field: &str) -> Refusal {
    let message = format!("{noun} {id} is there already with another {field}");
    code::ID_CONFLICT.because(message).field(field)
}

/// The same for callers who may not read what is there: they learn nothing but that the id is taken.
pub(crate) fn taken(id: Uuid) -> Refusal {
    let message = format!("the id {id} is taken: use another one");
    code::ID_CONFLICT.because(message).field("id")
}

/// Refuses a key that came with more or fewer before. `next` is the id of one more; of `sent` so many were there before.
pub(crate) fn check_key(
    next: Option<Uuid>,
    is_there: impl Fn(&Uuid) -> bool,
    (before, sent): (usize, usize),
) -> Result<(), Refusal> {
    match next {
        Some(next) if is_there(&next) || (before > 0 && before < sent) => {
            Err(taken(next).field("Idempotency-Key"))
        }
        _ => Ok(()),
    }
}

/// One or the other.
pub(crate) fn conflict_seen(may_read: bool, noun: &str, id: Uuid, field: &str) -> Refusal {
    if may_read {
        conflict(noun, id, field)
    } else {
        taken(id)
    }
}

/// An id that follows from what it is the id of: a UUIDv8 (RFC 9562 section 5.8) of 122 bits of SHA-256 over the
/// parts, each with its length.
pub fn derived_id(purpose: &str, parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
