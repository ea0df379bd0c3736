//! A tile or bundle path that parses is printed back byte for byte; any bytes can be read as a bundle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{EntryBundle, Tile};

fuzz_target!(|data: &[u8]| {
    if let Ok(path) = std::str::from_utf8(data) {
        if let Ok(tile) = Tile::parse(path) {
            assert_eq!(tile.path(), path);
            assert!((1..=Tile::FULL).contains(&tile.width));
            let node = tile.node(tile.width - 1);
            assert!(!node.is_complete(u64::MAX) || Tile::covering(node, u64::MAX).is_some());
        }
        if let Ok(bundle) = EntryBundle::parse(path) {
            assert_eq!(bundle.path(), path);
            assert!((1..=Tile::FULL).contains(&bundle.width));
        }
    }
    if let Some((width, bytes)) = data.split_first() {
        let bundle = EntryBundle {
            index: 0,
            width: u16::from(*width),
        };
        if let Ok(entries) = bundle.decode(bytes) {
            assert_eq!(EntryBundle::encode(&entries).unwrap(), bytes);
        }
    }
});
