//! Tile paths, and trees read back from their tiles alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Tree;
use proptest::prelude::*;
use tlog::edge::root_of;
use tlog::{EntryBundle, Error, Hash, Plan, Tile, verify_inclusion};

fn tile(level: u8, index: u64, width: u16) -> Tile {
    Tile { level, index, width }
}

#[test]
fn paths_are_those_of_the_specification() {
    let cases = [
        (tile(0, 0, 256), "tile/0/000"),
        (tile(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (tile(0, 1_234, 5), "tile/0/x001/234.p/5"),
        (tile(63, 999, 255), "tile/63/999.p/255"),
        (tile(1, 1_000, 1), "tile/1/x001/000.p/1"),
        (tile(7, u64::MAX, 256), "tile/7/x018/x446/x744/x073/x709/x551/615"),
    ];
    for (tile, path) in cases {
        assert_eq!(tile.path(), path);
        assert_eq!(Tile::parse(path), Ok(tile));
    }
    let bundle = EntryBundle {
        index: 1_234_067,
        width: 112,
    };
    assert_eq!(bundle.path(), "tile/entries/x001/x234/067.p/112");
    assert_eq!(EntryBundle::parse(&bundle.path()), Ok(bundle));
}

#[test]
fn other_spellings_are_refused() {
    let cases = [
        ("", Error::TilePath),
        ("tile", Error::TilePath),
        ("tile/0", Error::TilePath),
        ("/tile/0/000", Error::TilePath),
        ("tile//000", Error::TilePath),
        ("tile/00/000", Error::TilePath),
        ("tile/01/000", Error::TilePath),
        ("tile/+1/000", Error::TilePath),
        ("tile/-1/000", Error::TilePath),
        ("tile/entries/000", Error::TilePath),
        ("tile/64/000", Error::TileLevel(64)),
        ("tile/256/000", Error::TileLevel(256)),
        ("tile/0/", Error::TileIndex),
        ("tile/0/0", Error::TileIndex),
        ("tile/0/1234", Error::TileIndex),
        ("tile/0/x000/001", Error::TileIndex),
        ("tile/0/x000/x001/001", Error::TileIndex),
        ("tile/0/001/001", Error::TileIndex),
        ("tile/0/x001", Error::TileIndex),
        ("tile/0/x001/x001", Error::TileIndex),
        ("tile/0/X001/001", Error::TileIndex),
        ("tile/0/x001//001", Error::TileIndex),
        ("tile/0/+01", Error::TileIndex),
        ("tile/0/٠٠٠", Error::TileIndex),
        ("tile/0/000/", Error::TileIndex),
        ("tile/0/x018/x446/x744/x073/x709/x551/616", Error::TileIndex),
        ("tile/0/x001/x018/x446/x744/x073/x709/x551/615", Error::TileIndex),
        ("tile/0/000.p", Error::TileIndex),
        ("tile/0/000.p/", Error::TileWidth),
        ("tile/0/000.p/0", Error::TileWidth),
        ("tile/0/000.p/05", Error::TileWidth),
        ("tile/0/000.p/256", Error::TileWidth),
        ("tile/0/000.p/5/", Error::TileWidth),
        ("tile/0/000.p/5.p/5", Error::TileWidth),
        ("tile/0/000.p/99999999999999999999", Error::TileWidth),
    ];
    for (path, error) in cases {
        assert_eq!(Tile::parse(path), Err(error), "{path}");
    }
    assert_eq!(EntryBundle::parse("tile/0/000"), Err(Error::TilePath));
    assert_eq!(EntryBundle::parse("tile/entries/000.p/0"), Err(Error::TileWidth));
}

/// The tiles of a level, in order.
fn level(level: u8, size: u64) -> Vec<Tile> {
    (0..)
        .map_while(|index| Tile::in_tree(level, index, size))
        .collect()
}

#[test]
fn a_tree_has_the_tiles_of_the_specification() {
    let counts = |size| {
        (0..=63)
            .map(|at| level(at, size))
            .filter(|tiles| !tiles.is_empty())
            .map(|tiles| {
                let full = tiles.iter().filter(|tile| tile.width == Tile::FULL).count();
                (
                    full,
                    tiles
                        .last()
                        .map(|tile| tile.width)
                        .filter(|width| *width < Tile::FULL),
                )
            })
            .collect::<Vec<_>>()
    };
    // The two examples in the section on partial tiles.
    assert_eq!(counts(70_000), [(273, Some(112)), (1, Some(17)), (0, Some(1))]);
    assert_eq!(counts(256), [(1, None), (0, Some(1))]);
    assert_eq!(counts(0), []);
    assert_eq!(Tile::in_tree(7, 0, u64::MAX), Some(tile(7, 0, 255)));
    assert_eq!(Tile::in_tree(8, 0, u64::MAX), None);
    assert_eq!(Tile::in_tree(0, u64::MAX, u64::MAX), None);
    assert_eq!(
        EntryBundle::in_tree(273, 70_000),
        Some(EntryBundle {
            index: 273,
            width: 112
        })
    );
}

#[test]
fn proofs_can_be_read_from_tiles_alone() {
    let size = 70_000;
    let tree = Tree::numbered(size);
    let hashes = |tile: Tile| -> Vec<Hash> { (0..tile.width).map(|at| tree.nodes[&tile.node(at)]).collect() };
    for index in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, size - 1] {
        let proof = Plan::inclusion(index, size).unwrap().resolve(|node| {
            let (tile, positions) = Tile::covering(node, size)?;
            let hashes = hashes(tile);
            Some(root_of(
                hashes[usize::from(positions.start)..usize::from(positions.end)]
                    .iter()
                    .copied(),
            ))
        });
        assert_eq!(
            verify_inclusion(index, size, &tree.leaf(index), &proof.unwrap(), &tree.edge.root()),
            Ok(())
        );
    }
    assert_eq!(
        Tile::covering(
            tlog::Node {
                height: 1,
                index: size / 2
            },
            size
        ),
        None
    );
}

#[test]
fn bundles_hold_entries_of_up_to_65535_bytes() {
    let longest = vec![7; EntryBundle::MAX_ENTRY];
    let entries: [&[u8]; 3] = [b"one", b"", &longest];
    let bytes = EntryBundle::encode(&entries).unwrap();
    assert_eq!(bytes[..7], *b"\x00\x03one\x00\x00");
    let bundle = |width| EntryBundle { index: 0, width };
    assert_eq!(bundle(3).decode(&bytes).unwrap(), entries);
    assert_eq!(bundle(4).decode(&bytes), Err(Error::BundleTruncated));
    assert_eq!(
        bundle(3).decode(&bytes[..bytes.len() - 1]),
        Err(Error::BundleTruncated)
    );
    assert_eq!(bundle(2).decode(&bytes), Err(Error::BundleTrailing(65_537)));
    assert_eq!(bundle(0).decode(b""), Err(Error::BundleWidth(0)));
    assert_eq!(bundle(257).decode(b""), Err(Error::BundleWidth(257)));
    assert_eq!(
        EntryBundle::encode(&[vec![0; 65_536]]),
        Err(Error::EntryTooLong(65_536))
    );
    assert_eq!(EntryBundle::encode::<&[u8]>(&[]), Err(Error::BundleWidth(0)));
    assert_eq!(EntryBundle::encode(&[b""; 257]), Err(Error::BundleWidth(257)));
    assert_eq!(EntryBundle::encode(&[b""; 256]).unwrap(), [0; 512]);
}

proptest! {
    #[test]
    fn every_tile_has_one_path(level in 0..=63_u8, index in any::<u64>(), width in 1..=256_u16) {
        let tile = tile(level, index, width);
        prop_assert_eq!(Tile::parse(&tile.path()), Ok(tile));
        let bundle = EntryBundle { index, width };
        prop_assert_eq!(EntryBundle::parse(&bundle.path()), Ok(bundle));
        // Whatever the tile, naming its nodes does not overflow.
        let node = tile.node(width - 1);
        prop_assert!(!node.is_complete(u64::MAX) || Tile::covering(node, u64::MAX).is_some());
    }

    #[test]
    fn no_path_panics(path in "(tile/)?[0-9e]{0,3}/?(x[0-9]{3}/){0,8}[0-9]{0,4}(\\.p/[0-9]{0,4})?") {
        if let Ok(tile) = Tile::parse(&path) {
            prop_assert_eq!(tile.path(), path);
        }
    }

    #[test]
    fn bundles_come_back(entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 1..=256)) {
        let bytes = EntryBundle::encode(&entries).unwrap();
        let bundle = EntryBundle { index: 0, width: u16::try_from(entries.len()).unwrap() };
        prop_assert_eq!(bundle.decode(&bytes).unwrap(), entries);
    }

    #[test]
    fn no_bundle_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600), width in any::<u16>()) {
        if let Ok(entries) = (EntryBundle { index: 0, width }).decode(&bytes) {
            prop_assert_eq!(EntryBundle::encode(&entries).unwrap(), bytes);
        }
    }
}
