//! The seeds of the fuzz targets are golden files too: what earlier versions wrote must hold for ever.

use std::fs;
use std::path::PathBuf;

use evidence::{Leaf, Payload, entry};

use crate::cli::{run, vkey};

fn seeds(target: &str) -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn kept_entries_still_check() {
    let seeds = seeds("entry");
    assert_eq!(seeds.len(), 5);
    for (path, text) in seeds {
        assert_eq!(entry::parse(&text).unwrap().check(), Ok(()), "{}", path.display());
    }
}

#[test]
fn kept_leaves_and_payloads_are_still_canonical() {
    let (leaves, payloads) = (seeds("leaf"), seeds("payload"));
    assert_eq!((leaves.len(), payloads.len()), (4, 4));
    for (path, text) in leaves {
        assert_eq!(Leaf::parse(&text).unwrap().to_text(), text, "{}", path.display());
    }
    for (path, text) in payloads {
        assert_eq!(
            Payload::parse(&text).unwrap().to_text(),
            text,
            "{}",
            path.display()
        );
    }
}

#[test]
fn kept_bundles_still_hold() {
    let seeds = seeds("bundle");
    assert_eq!(seeds.len(), 3);
    for (path, _) in seeds {
        run(&["bundle", path.to_str().unwrap(), "--key", &vkey()]).holds();
    }
}
