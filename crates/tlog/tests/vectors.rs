//! Known answers: the proof vectors of transparency-dev/merkle and the reference tree of RFC 6962.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Tree;
use serde_json::Value;
use tlog::{Error, Hash, verify_consistency, verify_inclusion};

const VECTORS: &str = include_str!("fixtures/merkle-proof-vectors.jsonl");

/// A hash of a vector. Some bad vectors hold strings that are not 32 bytes long, of which no `Hash` can be made:
/// any other hash stands for them, so that the check itself has to refuse.
fn hash(text: &Value, malformed: &mut u32) -> Hash {
    let text = text.as_str().unwrap();
    Hash::from_base64(text).unwrap_or_else(|| {
        *malformed += 1;
        Hash::leaf(format!("instead of {text:?}").as_bytes())
    })
}

fn check(vector: &Value, malformed: &mut u32) -> Result<(), Error> {
    let number = |field: &str| vector[field].as_u64().unwrap();
    // No proof at all is written as null.
    let proof = vector["proof"].as_array().map(Vec::as_slice).unwrap_or_default();
    let proof: Vec<Hash> = proof.iter().map(|text| hash(text, malformed)).collect();
    let mut hash = |field: &str| hash(&vector[field], malformed);
    match vector["kind"].as_str().unwrap() {
        "inclusion" => {
            let (leaf, root) = (hash("leafHash"), hash("root"));
            verify_inclusion(number("leafIdx"), number("treeSize"), &leaf, &proof, &root)
        }
        "consistency" => {
            let (old, new) = (hash("root1"), hash("root2"));
            verify_consistency(number("size1"), number("size2"), &old, &new, &proof)
        }
        other => panic!("unknown kind {other}"),
    }
}

#[test]
fn every_vector_has_the_verdict_it_asks_for() {
    let (mut lines, mut good, mut malformed) = (0, 0, 0);
    for line in VECTORS.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let wanted = !vector["wantErr"].as_bool().unwrap();
        let verdict = check(&vector, &mut malformed);
        assert_eq!(
            verdict.is_ok(),
            wanted,
            "{}: {}: {verdict:?}",
            vector["name"],
            vector["desc"]
        );
        lines += 1;
        good += u32::from(wanted);
    }
    assert_eq!((lines, good, malformed), (105, 7, 32));
}

#[test]
fn the_reference_tree_has_its_roots() {
    let leaves: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
        ],
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let tree = Tree::of(&leaves);
    let found: Vec<String> = tree.roots.iter().map(Hash::to_string).collect();
    assert_eq!(found, roots);
    assert_eq!(tree.roots[0], Hash::EMPTY);
}

#[test]
fn a_hash_has_one_base64_spelling() {
    let hash = Hash::leaf(b"entry");
    let text = hash.to_base64();
    assert_eq!(Hash::from_base64(&text), Some(hash));
    assert_eq!(Hash::from_slice(hash.as_bytes()), Some(hash));
    assert_eq!(Hash::from_slice(&hash.0[1..]), None);

    let zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(Hash::from_base64(zero), Some(Hash([0; 32])));
    // Unused bits set, padding left out, line break, too long.
    assert_eq!(Hash::from_base64(&zero.replace("A=", "B=")), None);
    assert_eq!(Hash::from_base64(zero.trim_end_matches('=')), None);
    assert_eq!(Hash::from_base64(&format!("{zero}\n")), None);
    assert_eq!(Hash::from_base64(&format!("AAAA{zero}")), None);
    assert_eq!(Hash::from_base64(&zero.replace("AA=", "AAA")), None);
}
