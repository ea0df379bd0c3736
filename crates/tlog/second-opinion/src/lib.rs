//! A second opinion on roots, proofs, tiles, checkpoints and signed notes: `tlog_tiles` and `signed_note`, which Cloudflare
//! ported from Go's `sumdb` for a certificate log, and which share no code with `tlog`.
//!
//! `./test --full` runs it; by hand: `cargo test --manifest-path crates/tlog/second-opinion/Cargo.toml`.

#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::Tree;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog::{Checkpoint, Hash, Note, SigningKey, Tile, VerifierKey, verify_consistency, verify_inclusion};
use tlog_tiles::{Error, HashReader, TileHashReader, TileReader};

/// Height of a tile, which C2SP fixes and leaves out of paths.
const HEIGHT: u8 = 8;

fn theirs(hash: Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(hash.0)
}

fn all_theirs(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().copied().map(theirs).collect()
}

/// What they keep of a tree: hashes in an order of their own.
#[derive(Default)]
struct Stored {
    hashes: Vec<tlog_tiles::Hash>,
    size: u64,
}

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        Ok(indexes
            .iter()
            .map(|index| self.hashes[usize::try_from(*index).unwrap()])
            .collect())
    }
}

impl Stored {
    fn of<E: AsRef<[u8]>>(entries: &[E]) -> Self {
        let mut stored = Self::default();
        for entry in entries {
            let new = tlog_tiles::stored_hashes(stored.size, entry.as_ref(), &stored).unwrap();
            stored.hashes.extend(new);
            stored.size += 1;
        }
        stored
    }
}

/// Serves our tiles to their client.
struct Served<'a>(&'a Tree);

impl TileReader for Served<'_> {
    fn height(&self) -> u8 {
        HEIGHT
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, Error> {
        Ok(tiles
            .iter()
            .map(|tile| {
                let path = tile.path().replacen("tile/8/", "tile/", 1);
                let tile = Tile::parse(&path).unwrap();
                bytes(self.0, tile)
            })
            .collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

fn bytes(tree: &Tree, tile: Tile) -> Vec<u8> {
    let hashes = (0..tile.width).map(|at| tree.nodes[&tile.node(at)].0);
    hashes.flatten().collect()
}

/// Every proof of a tree, theirs against ours, and each taken by the other.
fn proofs_agree(entries: &[Vec<u8>], index: u64, from: u64) {
    let (tree, stored) = (Tree::of(entries), Stored::of(entries));
    let (size, root) = (tree.edge.size(), tree.edge.root());
    assert_eq!(tlog_tiles::tree_hash(size, &stored).unwrap(), theirs(root));
    let leaf = tree.leaf(index);
    assert_eq!(
        tlog_tiles::record_hash(&entries[usize::try_from(index).unwrap()]),
        theirs(leaf)
    );

    let ours = tree.inclusion(index, size);
    let proof = tlog_tiles::prove_record(size, index, &stored).unwrap();
    assert_eq!(all_theirs(&ours), proof, "inclusion of {index} in {size}");
    tlog_tiles::check_record(&proof, size, theirs(root), index, theirs(leaf)).unwrap();
    assert_eq!(verify_inclusion(index, size, &leaf, &ours, &root), Ok(()));

    let ours = tree.consistency(from, size);
    let proof = tlog_tiles::prove_tree(size, from, &stored).unwrap();
    assert_eq!(all_theirs(&ours), proof, "consistency of {from} with {size}");
    let old = tree.root(from);
    tlog_tiles::check_tree(&proof, size, theirs(root), from, theirs(old)).unwrap();
    assert_eq!(verify_consistency(from, size, &old, &root, &ours), Ok(()));
}

#[test]
fn every_proof_of_every_small_tree_agrees() {
    for size in 1..=40_u64 {
        let entries: Vec<_> = (0..size).map(|n| n.to_be_bytes().to_vec()).collect();
        for at in 0..size {
            proofs_agree(&entries, at, at + 1);
        }
    }
}

/// Their client finds the hashes of proofs in our tiles, and checks all of them against the root.
#[test]
fn their_client_reads_our_tiles() {
    for size in [1, 255, 256, 257, 511, 65_536, 70_000] {
        let tree = Tree::numbered(size);
        let (served, root) = (Served(&tree), tree.edge.root());
        let reader = TileHashReader::new(size, theirs(root), &served);
        for index in [0, size / 3, size / 2, size - 1] {
            let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
            assert_eq!(
                proof,
                all_theirs(&tree.inclusion(index, size)),
                "{index} in {size}"
            );
            let proof = tlog_tiles::prove_tree(size, index + 1, &reader).unwrap();
            assert_eq!(proof, all_theirs(&tree.consistency(index + 1, size)));
        }
        let wrong = TileHashReader::new(size, theirs(Hash::leaf(b"another")), &served);
        assert!(tlog_tiles::prove_record(size, 0, &wrong).is_err() || size == 1);
    }
}

/// The tiles of a tree that was empty before, and what they hold.
#[test]
fn a_tree_has_the_tiles_that_they_would_publish() {
    for size in [1, 2, 255, 256, 257, 1_000] {
        let entries: Vec<_> = (0..size).map(|n: u64| n.to_be_bytes()).collect();
        let (tree, stored) = (Tree::of(&entries), Stored::of(&entries));
        let mut published: Vec<String> = Vec::new();
        for tile in tlog_tiles::Tile::new_tiles(HEIGHT, 0, size) {
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            let ours = Tile::parse(&path).unwrap();
            assert_eq!(ours.path(), path);
            assert_eq!(bytes(&tree, ours), tile.read_data(&stored).unwrap(), "{path}");
            published.push(path);
        }
        let of_level = |level| (0..).map_while(move |index| Tile::in_tree(level, index, size));
        let mut ours: Vec<String> = (0..=63).flat_map(of_level).map(|tile| tile.path()).collect();
        ours.sort();
        published.sort();
        assert_eq!(ours, published, "{size}");
    }
}

fn key(seed: [u8; 32]) -> SigningKey {
    SigningKey::from_seed("example.com/log", &seed).unwrap()
}

/// Whether they take a note as signed by a key.
fn they_verify(note: &str, vkey: &str) -> bool {
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(vkey).unwrap())]);
    signed_note::Note::from_bytes(note.as_bytes()).is_ok_and(|note| note.verify(&known).is_ok())
}

fn we_verify(note: &str, key: &VerifierKey) -> bool {
    Note::parse(note).is_ok_and(|note| note.verify(std::slice::from_ref(key)).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn proofs_of_random_trees_agree(entries in vec(vec(any::<u8>(), 0..40), 1..600), at in any::<Index>(), from in any::<Index>()) {
        let index = at.index(entries.len()) as u64;
        proofs_agree(&entries, index, from.index(entries.len()) as u64 + 1);
    }

    /// A proof with one bit changed is refused by both.
    #[test]
    fn altered_proofs_are_refused_by_both(size in 2..300_u64, at in any::<Index>(), hash in any::<Index>(), bit in 0..256_usize) {
        let tree = Tree::numbered(size);
        let (index, root) = (at.index(usize::try_from(size).unwrap()) as u64, tree.edge.root());
        let mut proof = tree.inclusion(index, size);
        let place = hash.index(proof.len());
        proof[place].0[bit / 8] ^= 1 << (bit % 8);
        let leaf = tree.leaf(index);
        prop_assert!(verify_inclusion(index, size, &leaf, &proof, &root).is_err());
        prop_assert!(tlog_tiles::check_record(&all_theirs(&proof), size, theirs(root), index, theirs(leaf)).is_err());
    }

    /// A path that one of them takes for a tile's, the other takes for the same tile's.
    #[test]
    fn paths_agree(level in 0..=63_u8, index in any::<u64>(), width in 1..=256_u16) {
        let ours = Tile { level, index, width };
        let tile = tlog_tiles::Tile::new(HEIGHT, level, index, width.into(), false);
        prop_assert_eq!(&ours.path(), &tile.path().replacen("tile/8/", "tile/", 1));
        prop_assert_eq!(Tile::parse(&ours.path()).ok(), Some(ours));
        prop_assert_eq!(tlog_tiles::Tile::from_path(&tile.path()).ok(), Some(tile));
    }

    /// Bodies are the same, and what we read of one is what they read, however it is edited.
    #[test]
    fn checkpoints_agree(
        size in any::<u64>(), root in any::<[u8; 32]>(), extensions in vec("[ -~]{1,20}", 0..3),
        edit in any::<Index>(), with in "[\n =A0+-]{0,2}",
    ) {
        let mut ours = Checkpoint::new("example.com/log", size, Hash(root));
        ours.extensions.clone_from(&extensions);
        let lines: String = extensions.iter().map(|line| format!("{line}\n")).collect();
        let other = tlog_tiles::Checkpoint::new("example.com/log", size, tlog_tiles::Hash(root), &lines).unwrap();
        let text = ours.to_text();
        prop_assert_eq!(text.as_bytes(), other.to_bytes());

        let mut edited = text;
        let at = edit.index(edited.len());
        edited.replace_range(at..=at, &with);
        let other = tlog_tiles::Checkpoint::from_bytes(edited.as_bytes());
        match Checkpoint::parse(&edited) {
            Ok(ours) => {
                let other = other.unwrap();
                prop_assert_eq!((other.origin(), other.size()), (&*ours.origin, ours.size));
                prop_assert_eq!(*other.hash(), theirs(ours.root));
            }
            Err(error) => prop_assert!(other.is_err(), "{error}: {edited:?}"),
        }
    }

    /// The same key signs the same bytes, and a note that was signed by one is good for the other.
    #[test]
    fn signed_notes_agree(seed in any::<[u8; 32]>(), lines in vec("[ -~]{0,20}", 1..5)) {
        let (key, text) = (key(seed), lines.join("\n") + "\n");
        let ours = Note::sign(&text, &key).unwrap().to_string();
        let mut other = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        other.add_sigs(&[&StandardSigner::new(&key.encode()).unwrap()]).unwrap();
        prop_assert_eq!(ours.as_bytes(), other.to_bytes());
        prop_assert!(they_verify(&ours, &key.verifier().to_string()));
        prop_assert!(we_verify(&ours, &key.verifier()));
    }

    /// A note that was edited is good for both or for neither.
    #[test]
    fn edited_notes_are_refused_by_both(seed in any::<[u8; 32]>(), at in any::<Index>(), with in "[a\n =A0+—-]{0,2}") {
        let key = key(seed);
        let note = Note::sign("example.com/log\n7\n", &key).unwrap().to_string();
        let mut characters: Vec<String> = note.chars().map(String::from).collect();
        let place = at.index(characters.len());
        characters[place].clone_from(&with);
        let edited = characters.concat();
        let known = key.verifier().to_string();
        prop_assert_eq!(we_verify(&edited, &key.verifier()), they_verify(&edited, &known), "{:?}", edited);
    }
}
