//! Ids for lines that bring none, so that a second import of the same file adds nothing.

use std::collections::HashMap;

use domain::context::uuid_v7;
use evidence::time::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Gives ids to lines: UUIDv7 (RFC 9562 section 5.7) of the time that the line tells of, filled up with a hash
/// of the line and of how many identical lines came before it in the same file.
///
/// Remembers 16 bytes of hash and a count for each distinct line: about 40 bytes a line, 400 MB for ten million.
#[derive(Default)]
pub(super) struct Identifier {
    seen: HashMap<[u8; 16], u64>,
}

impl Identifier {
    /// The id of a line in canonical JSON; the epoch stands in for an unknown time. Two files with the same line
    /// give it the same id, whatever the order of its members and its white space.
    pub(super) fn id(&mut self, format: &str, at: Option<Timestamp>, line: &str) -> Uuid {
        let whole = Sha256::digest(line.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&whole[..16]);
        let count = self.seen.entry(key).or_default();
        let occurrence = *count;
        *count += 1;
        let hash = Sha256::new()
            .chain_update(b"probity/import/v1")
            .chain_update(format.as_bytes())
            .chain_update([0])
            .chain_update(line.as_bytes())
            .chain_update([0])
            .chain_update(occurrence.to_be_bytes())
            .finalize();
        let mut random = [0; 10];
        random.copy_from_slice(&hash[..10]);
        uuid_v7(at.unwrap_or(Timestamp::EPOCH), random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::json::{line_text, read_object};

    #[test]
    fn same_line_same_id_and_repeats_differ() {
        let at = Some("2023-07-10T11:42:18Z".parse().unwrap());
        let line = line_text(&read_object(r#"{"a":1,"b":"x"}"#).unwrap());
        let same = line_text(&read_object(r#" { "b" : "\u0078", "a" : 1.0 }"#).unwrap());
        let mut first = Identifier::default();
        let ids = [
            first.id("jsonl", at, &line),
            first.id("jsonl", at, &same),
            first.id("jsonl", at, &line),
        ];
        assert_eq!(ids[0].get_version_num(), 7);
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
        let mut second = Identifier::default();
        assert_eq!([(); 3].map(|()| second.id("jsonl", at, &line)), ids);
        assert_ne!(Identifier::default().id("cloudtrail", at, &line), ids[0]);
        // The id is part of the format: a change of the rule would import everything again.
        assert_eq!(ids[0].to_string(), "01893f9c-0990-7de4-89a6-40262d5d76bc");
    }
}
