//! Ids for lines that bring none, so that a second import of the same file adds nothing.

use std::collections::HashMap;
use std::io;

use domain::context::uuid_v7;
use evidence::time::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::input::Again;
use super::scan::Item;

/// What the id of a line is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The line's own UUID.
    Own,
    /// What the line says, and its time or its own id that is no UUID: the same in every file.
    Content,
    /// The file and the line's place in it, because the line has neither an id nor a time.
    Place,
}

impl Identity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Identity::Own => "own",
            Identity::Content => "content",
            Identity::Place => "place",
        }
    }
}

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
        uuid(at.unwrap_or(Timestamp::EPOCH), &hash.into())
    }
}

fn uuid(at: Timestamp, hash: &[u8; 32]) -> Uuid {
    let mut random = [0; 10];
    random.copy_from_slice(&hash[..10]);
    uuid_v7(at, random)
}

/// The id of a line that only its place tells from others.
pub(super) fn id_of_place(place: &[u8; 32]) -> Uuid {
    uuid(Timestamp::EPOCH, place)
}

/// Tells places in files apart.
///
/// Of a file it is the whole file's SHA-256 and the place: the same file again gives the same ids, another file, be it
/// a longer version, gives others. A stream has no end to wait for: there it is the SHA-256 of all its events so far,
/// so that the same stream from its beginning gives the same ids, however far it goes.
pub(super) struct Places {
    again: Again,
    /// Of a file, once it is needed.
    digest: Option<[u8; 32]>,
    /// Of a stream.
    so_far: Sha256,
}

impl Places {
    /// `always` where every line will need its place.
    pub(super) fn new(again: Again, always: bool) -> io::Result<Places> {
        let digest = if always { again.digest()? } else { None };
        Ok(Places {
            again,
            digest,
            so_far: Sha256::new(),
        })
    }

    /// Takes note of an event of a stream.
    pub(super) fn pass(&mut self, item: &Item) {
        if !self.again.is_file() {
            self.so_far.update(&item.bytes);
            self.so_far.update(b"\n");
        }
    }

    /// The place of the event that was passed last.
    pub(super) fn of(&mut self, item: &Item) -> io::Result<[u8; 32]> {
        if self.digest.is_none() {
            self.digest = self.again.digest()?;
        }
        Ok(self.hash(item))
    }

    /// The same, where it takes no reading of the whole file.
    pub(super) fn known(&self, item: &Item) -> Option<[u8; 32]> {
        (self.digest.is_some() || !self.again.is_file()).then(|| self.hash(item))
    }

    /// The file's digest, where it was needed.
    pub(super) fn digest(&self) -> Option<[u8; 32]> {
        self.digest
    }

    fn hash(&self, item: &Item) -> [u8; 32] {
        let hasher = Sha256::new().chain_update(b"probity/import/place/v1");
        match &self.digest {
            Some(digest) => hasher
                .chain_update(b"file")
                .chain_update(digest)
                .chain_update(item.ordinal.to_be_bytes()),
            None => hasher
                .chain_update(b"stream")
                .chain_update(self.so_far.clone().finalize()),
        }
        .finalize()
        .into()
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
