//! A backup taken apart by the libraries alone.

use std::fs::{self, DirEntry};
use std::io::{self, Read};
use std::path::Path;

use backup::format::{self, End, Manifest, Sidecar};
use backup::place::{Folder, Place};
use backup::{Error, How, To};
use engine::Options;
use engine::verify::VerifyProgress;

pub struct Opened {
    pub members: Vec<(String, String)>,
    pub manifest: Manifest,
    pub end: End,
}

impl Opened {
    pub fn read(from: impl Read) -> Opened {
        let mut tar = tar::Archive::new(zstd::Decoder::new(from).unwrap());
        let member = |entry: io::Result<tar::Entry<'_, _>>| {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mode().unwrap(), 0o600);
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            (entry.path().unwrap().to_str().unwrap().to_owned(), text)
        };
        let members: Vec<_> = tar.entries().unwrap().map(member).collect();
        Opened {
            manifest: serde_json::from_str(&members[0].1).unwrap(),
            end: serde_json::from_str(&members[members.len() - 1].1).unwrap(),
            members,
        }
    }

    pub fn lines(&self, member: &str) -> impl Iterator<Item = &str> {
        let found = self.members.iter().find(|(name, _)| name == member);
        found.unwrap().1.lines()
    }

    /// All lines of entries.
    pub fn entries(&self) -> Vec<store::StoredEntry> {
        let parts = self
            .members
            .iter()
            .filter(|(name, _)| name.starts_with("entries/"));
        parts
            .flat_map(|(_, text)| text.lines())
            .map(|line| format::read_entry(line).unwrap())
            .collect()
    }
}

/// A folder for backups within this one.
pub fn folder(within: &Path) -> Folder {
    Folder::new(&within.join("backups")).unwrap()
}

/// Names of everything in a place, also of what is not whole.
pub fn left_in(place: &Folder) -> Vec<String> {
    let name = |entry: io::Result<DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    fs::read_dir(place.folder().unwrap()).unwrap().map(name).collect()
}

pub fn how(aside: &Path) -> How<'_> {
    How {
        even_tampered: false,
        threads: 2,
        aside,
        program: "probity test",
        recipients: &[],
    }
}

/// Writes a backup, away from the runtime of the test.
pub async fn write_to<P: Place + Clone + 'static>(
    options: &Options,
    place: &P,
    even_tampered: bool,
    progress: impl Fn(VerifyProgress) + Send + Sync + 'static,
) -> Result<Sidecar, Error> {
    let (options, place) = (options.clone(), place.clone());
    let writing = tokio::task::spawn_blocking(move || {
        let how = How {
            even_tampered,
            ..how(&options.data_dir)
        };
        backup::write(&options, To::Place(&place), &how, &progress)
    });
    writing.await.unwrap()
}
