//! Roots and proofs agree with an independent implementation, and altered proofs are refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Tree;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sha2::{Digest, Sha256};
use tlog::{Error, Hash, Plan, verify_consistency, verify_inclusion};

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

fn oracle(entries: &[Vec<u8>]) -> Oracle {
    let mut oracle = Oracle::new();
    for entry in entries {
        oracle.push(entry.clone());
    }
    oracle
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

fn root(oracle: &Oracle) -> Hash {
    Hash::from_slice(oracle.root().as_bytes()).unwrap()
}

/// Compares the inclusion proof of `index` in the whole tree.
fn inclusion_agrees(tree: &Tree, oracle: &Oracle, index: u64) -> Vec<Hash> {
    let size = tree.edge.size();
    let proof = tree.inclusion(index, size);
    let at = usize::try_from(index).unwrap();
    assert_eq!(
        bytes(&proof),
        oracle.prove_inclusion(at).as_bytes(),
        "inclusion {index}/{size}"
    );
    assert_eq!(
        verify_inclusion(index, size, &tree.leaf(index), &proof, &tree.edge.root()),
        Ok(())
    );
    proof
}

/// Compares the consistency proof from `from` to the whole tree.
fn consistency_agrees(tree: &Tree, oracle: &Oracle, from: u64) -> Vec<Hash> {
    let size = tree.edge.size();
    let proof = tree.consistency(from, size);
    let additions = usize::try_from(size - from).unwrap();
    assert_eq!(
        bytes(&proof),
        oracle.prove_consistency(additions).as_bytes(),
        "consistency {from}/{size}"
    );
    assert_eq!(
        verify_consistency(from, size, &tree.root(from), &tree.edge.root(), &proof),
        Ok(())
    );
    proof
}

#[test]
fn every_proof_of_every_small_tree_agrees() {
    for size in 1..=70_u64 {
        let entries: Vec<Vec<u8>> = (0..size).map(|n| n.to_be_bytes().to_vec()).collect();
        let (tree, oracle) = (Tree::of(&entries), oracle(&entries));
        assert_eq!(tree.edge.root(), root(&oracle));
        for index in 0..size {
            inclusion_agrees(&tree, &oracle, index);
        }
        for from in 1..size {
            consistency_agrees(&tree, &oracle, from);
        }
        assert_eq!(tree.consistency(0, size), []);
        assert_eq!(tree.consistency(size, size), []);
    }
}

/// A way to spoil a proof.
#[derive(Clone, Debug)]
enum Spoil {
    FlipBit(Index, u8),
    Drop(Index),
    Append([u8; 32]),
    Repeat(Index),
    Swap(Index, Index),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, bit)| Spoil::FlipBit(at, bit)),
        any::<Index>().prop_map(Spoil::Drop),
        any::<[u8; 32]>().prop_map(Spoil::Append),
        any::<Index>().prop_map(Spoil::Repeat),
        any::<(Index, Index)>().prop_map(|(a, b)| Spoil::Swap(a, b)),
    ]
}

/// The spoilt proof; none when there was nothing to spoil.
fn spoilt(proof: &[Hash], spoil: &Spoil) -> Option<Vec<Hash>> {
    let mut bad = proof.to_vec();
    let at = |index: &Index| (!proof.is_empty()).then(|| index.index(proof.len()));
    match spoil {
        Spoil::FlipBit(index, bit) => bad[at(index)?].0[usize::from(bit / 8)] ^= 1 << (bit % 8),
        Spoil::Drop(index) => drop(bad.remove(at(index)?)),
        Spoil::Append(hash) => bad.push(Hash(*hash)),
        Spoil::Repeat(index) => bad.insert(at(index)?, proof[at(index)?]),
        Spoil::Swap(a, b) => bad.swap(at(a)?, at(b)?),
    }
    (bad != proof).then_some(bad)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn random_trees_agree(
        entries in vec(vec(any::<u8>(), 0..40), 1..2_000),
        picks in vec((any::<Index>(), spoil()), 24),
    ) {
        let (tree, oracle) = (Tree::of(&entries), oracle(&entries));
        let (size, root) = (tree.edge.size(), root(&oracle));
        prop_assert_eq!(tree.edge.root(), root);
        for (pick, spoil) in &picks {
            let index = pick.index(entries.len()) as u64;
            let leaf = tree.leaf(index);
            let proof = inclusion_agrees(&tree, &oracle, index);
            if let Some(bad) = spoilt(&proof, spoil) {
                prop_assert!(verify_inclusion(index, size, &leaf, &bad, &root).is_err());
            }
            let other = (index + 1) % size;
            // Equal entries side by side have equal proofs, and then the proof rightly holds for both.
            let same = entries[usize::try_from(other).unwrap()] == entries[usize::try_from(index).unwrap()];
            prop_assert!(same || verify_inclusion(other, size, &leaf, &proof, &root).is_err());
            prop_assert!(verify_inclusion(index, size, &Hash::leaf(b"other, longer than any of the entries is"), &proof, &root).is_err());
            prop_assert!(verify_inclusion(index, size, &leaf, &proof, &Hash::EMPTY).is_err());

            if index == 0 {
                continue;
            }
            let (from, old) = (index, tree.root(index));
            let proof = consistency_agrees(&tree, &oracle, from);
            if let Some(bad) = spoilt(&proof, spoil) {
                prop_assert!(verify_consistency(from, size, &old, &root, &bad).is_err());
            }
            prop_assert!(verify_consistency(from, size, &Hash::EMPTY, &root, &proof).is_err());
            prop_assert!(verify_consistency(from, size, &old, &Hash::EMPTY, &proof).is_err());
            prop_assert!(verify_consistency(from + 1, size, &old, &root, &proof).is_err());
        }
    }

    #[test]
    fn hashes_are_those_of_plain_sha256(left in any::<[u8; 32]>(), right in any::<[u8; 32]>(), data in vec(any::<u8>(), 0..200)) {
        let node: [u8; 32] = Sha256::digest([&[1][..], &left, &right].concat()).into();
        prop_assert_eq!(Hash::node(&Hash(left), &Hash(right)), Hash(node));
        let leaf: [u8; 32] = Sha256::digest([&[0][..], &data].concat()).into();
        prop_assert_eq!(Hash::leaf(&data), Hash(leaf));
    }

    #[test]
    fn no_input_panics(
        (index, size, from) in any::<(u64, u64, u64)>(),
        proof in vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
    ) {
        let root = Hash::EMPTY;
        prop_assert!(verify_inclusion(index, size, &root, &proof, &root).is_err());
        prop_assert!(from == 0 || from == size || verify_consistency(from, size, &root, &root, &proof).is_err());
        if index < size {
            // Plans of trees of any size name complete nodes, and as many hashes as the check asks for.
            let plan = Plan::inclusion(index, size).unwrap();
            prop_assert!(plan.nodes().iter().all(|node| node.is_complete(size)));
            let proof = plan.resolve(|_| Some(root)).unwrap();
            prop_assert_eq!(verify_inclusion(index, size, &root, &proof, &root), Err(Error::RootMismatch));
        }
        if 0 < from && from < size {
            let plan = Plan::consistency(from, size).unwrap();
            prop_assert!(plan.nodes().iter().all(|node| node.is_complete(size)));
            let proof = plan.resolve(|_| Some(root)).unwrap();
            let refusal = verify_consistency(from, size, &root, &root, &proof);
            prop_assert!(matches!(refusal, Err(Error::OldRootMismatch | Error::RootMismatch)), "{refusal:?}");
        }
    }
}

#[test]
fn plans_refuse_what_cannot_be_proven() {
    assert_eq!(
        Plan::inclusion(3, 3),
        Err(Error::IndexOutOfRange { index: 3, size: 3 })
    );
    assert_eq!(
        Plan::inclusion(0, 0),
        Err(Error::IndexOutOfRange { index: 0, size: 0 })
    );
    assert_eq!(
        Plan::consistency(4, 3),
        Err(Error::SizeShrinks { from: 4, to: 3 })
    );
    let plan = Plan::inclusion(0, 2).unwrap();
    assert_eq!(
        plan.resolve(|_| None),
        Err(Error::MissingNode(tlog::Node::leaf(1)))
    );
    assert_eq!(Plan::inclusion(u64::MAX - 1, u64::MAX).unwrap().nodes().len(), 63);
}

#[test]
fn the_empty_tree_is_extended_by_every_tree() {
    let root = Hash::leaf(b"");
    assert_eq!(verify_consistency(0, 1, &Hash::EMPTY, &root, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 0, &Hash::EMPTY, &Hash::EMPTY, &[]), Ok(()));
    // But only by itself at size 0, with the one root that it has, and without a proof.
    assert_eq!(
        verify_consistency(0, 0, &Hash::EMPTY, &root, &[]),
        Err(Error::RootMismatch)
    );
    assert_eq!(
        verify_consistency(0, 0, &root, &root, &[]),
        Err(Error::OldRootMismatch)
    );
    assert_eq!(
        verify_consistency(0, 1, &root, &root, &[]),
        Err(Error::OldRootMismatch)
    );
    assert_eq!(
        verify_consistency(0, 1, &Hash::EMPTY, &root, &[root]),
        Err(Error::ProofLength)
    );
    assert_eq!(
        verify_consistency(1, 1, &root, &root, &[root]),
        Err(Error::ProofLength)
    );
    assert_eq!(
        verify_consistency(2, 1, &root, &root, &[]),
        Err(Error::SizeShrinks { from: 2, to: 1 })
    );
}
