//! Making an object fit an entry: what is too large or too deep is replaced by its size and SHA-256.
//!
//! `{"_omitted_bytes":512345,"_omitted_sha256":"…"}` stands for a value: the size and the hash are those of its
//! canonical JSON (RFC 8785). As little as possible is replaced: the deepest values, then the smallest that makes the
//! rest fit. A value that was too large or too deep to be read has `_omitted_text_sha256` instead, the hash of its
//! text as it stands in the file.

use std::fmt::Write as _;

use domain::audit::event::DETAILS_BYTES_MAX;
use evidence::json::{self, DEPTH_MAX, StrictObject};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const BYTES: &str = "_omitted_bytes";
const HASH: &str = "_omitted_sha256";
const TEXT_HASH: &str = "_omitted_text_sha256";
/// Longest canonical text of a placeholder, rounded up.
const PLACEHOLDER_BYTES: usize = 128;

/// Something of an event that is not in its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omitted {
    /// The entry's field and the JSON pointer in it.
    pub at: String,
    /// How large it was, in bytes of JSON.
    pub bytes: u64,
    /// Hex SHA-256 of the JSON.
    pub sha256: String,
}

/// The bounds of an object, and what was replaced to keep them.
struct Shrinker<'a> {
    omitted: &'a mut Vec<Omitted>,
}

/// Writes the placeholder of a value that is known as a text only.
pub(super) fn placeholder_of_text(bytes: u64, hash: &[u8; 32], out: &mut String) {
    let hash = json::hex(hash);
    // Writing to a string does not fail.
    let _ = write!(out, "{{\"{BYTES}\":{bytes},\"{TEXT_HASH}\":\"{hash}\"}}");
}

/// `members` as an object of the entry's field `field`, which bounds it.
pub(super) fn object(field: &str, members: Map<String, Value>, omitted: &mut Vec<Omitted>) -> StrictObject {
    part(field, members, 1, omitted)
}

/// The same for an object that stands `level` levels deep in its field.
pub(super) fn part(
    field: &str,
    members: Map<String, Value>,
    level: usize,
    omitted: &mut Vec<Omitted>,
) -> StrictObject {
    let mut value = Value::Object(members);
    let mut shrinker = Shrinker { omitted };
    shrinker.flatten(&mut value, level, field);
    let size = json::canonical(&value).len();
    if let Some(excess) = size.checked_sub(DETAILS_BYTES_MAX).filter(|excess| *excess > 0) {
        shrinker.cut(&mut value, size, excess, level, field);
    }
    match value {
        Value::Object(members) => StrictObject(members),
        other => StrictObject(Map::from_iter([("value".to_owned(), other)])),
    }
}

/// Tells of what was replaced while the event was read.
pub(super) fn told(members: &Map<String, Value>, at: &str, omitted: &mut Vec<Omitted>) {
    if let (Some(bytes), Some(hash)) = (
        members.get(BYTES).and_then(Value::as_u64),
        members.get(TEXT_HASH).and_then(Value::as_str),
    ) {
        omitted.push(Omitted {
            at: at.to_owned(),
            bytes,
            sha256: hash.to_owned(),
        });
    }
    for (name, value) in members {
        told_of(value, at, name, omitted);
    }
}

fn told_of(value: &Value, at: &str, name: &str, omitted: &mut Vec<Omitted>) {
    match value {
        Value::Object(members) => told(members, &below(at, name), omitted),
        Value::Array(items) => {
            let at = below(at, name);
            for (position, item) in items.iter().enumerate() {
                told_of(item, &at, &position.to_string(), omitted);
            }
        }
        _ => {}
    }
}

/// A JSON pointer (RFC 6901) one step further.
fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// What a value holds, with the last step of the pointer to each.
fn children(value: &mut Value) -> Vec<(String, &mut Value)> {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .enumerate()
            .map(|(position, item)| (position.to_string(), item))
            .collect(),
        Value::Object(members) => members
            .iter_mut()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        _ => Vec::new(),
    }
}

impl Shrinker<'_> {
    /// Replaces what reaches deeper than an entry may.
    fn flatten(&mut self, value: &mut Value, level: usize, at: &str) {
        let deepest = depth(value);
        if level + deepest <= DEPTH_MAX + 1 {
            return;
        }
        if level >= DEPTH_MAX {
            self.replace(value, at);
            return;
        }
        for (name, child) in children(value) {
            self.flatten(child, level + 1, &below(at, &name));
        }
    }

    /// Replaces parts of a value of `size` bytes, or all of it, so that it is at least `excess` bytes smaller;
    /// returns by how much.
    fn cut(&mut self, value: &mut Value, size: usize, excess: usize, level: usize, at: &str) -> usize {
        let mut sized: Vec<(usize, String, &mut Value)> = children(value)
            .into_iter()
            .map(|(name, child)| (json::canonical(child).len(), name, child))
            .filter(|(size, _, _)| *size > 2 * PLACEHOLDER_BYTES)
            .collect();
        let possible: usize = sized.iter().map(|(size, _, _)| size - PLACEHOLDER_BYTES).sum();
        // A placeholder is an object, so it takes a level itself.
        if possible < excess || level >= DEPTH_MAX {
            return size.saturating_sub(self.replace(value, at));
        }
        sized.sort_by_key(|(size, _, _)| *size);
        // One that is just large enough, so that the most is kept; or else the largest ones.
        let mut saved = 0;
        while saved < excess {
            let left = excess - saved;
            let enough = sized
                .iter()
                .position(|(size, _, _)| size - PLACEHOLDER_BYTES >= left);
            let Some((size, name, child)) = enough.map(|at| sized.remove(at)).or_else(|| sized.pop()) else {
                break;
            };
            saved += self.cut(
                child,
                size,
                left.min(size - PLACEHOLDER_BYTES),
                level + 1,
                &below(at, &name),
            );
        }
        saved
    }

    /// Puts a placeholder in the place of a value; returns the placeholder's size.
    fn replace(&mut self, value: &mut Value, at: &str) -> usize {
        let text = json::canonical(value);
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let sha256 = json::hex(&hash);
        self.omitted.push(Omitted {
            at: at.to_owned(),
            bytes: text.len() as u64,
            sha256: sha256.clone(),
        });
        *value = Value::Object(Map::from_iter([
            (BYTES.to_owned(), Value::from(text.len())),
            (HASH.to_owned(), Value::from(sha256)),
        ]));
        json::canonical(value).len()
    }
}

#[cfg(test)]
#[path = "shrink_tests.rs"]
mod tests;
