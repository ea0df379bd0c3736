//! Checkpoints, cosignatures and stored proofs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Tree;
use proptest::prelude::*;
use tlog::cosignature::MAX_TIMESTAMP;
use tlog::{Checkpoint, Cosignature, CosigningKey, Error, Hash, Note, SigningKey, TlogProof};

const ORIGIN: &str = "example.com/log";

fn log() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[1; 32]).unwrap()
}

fn witness() -> CosigningKey {
    CosigningKey::from_seed("witness.example/w1", &[2; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint::new(ORIGIN, 7, Hash::leaf(b"root"))
}

fn bad(name: &str) -> Error {
    Error::BadSignature(name.to_owned())
}

#[test]
fn a_signed_checkpoint_opens() {
    let note = checkpoint().sign(&log()).unwrap();
    assert_eq!(Checkpoint::open(&note, &log().verifier()), Ok(checkpoint()));

    let other = SigningKey::from_seed(ORIGIN, &[3; 32]).unwrap();
    assert_eq!(
        Checkpoint::open(&note, &other.verifier()),
        Err(Error::NoKnownSignature)
    );
    assert_eq!(
        Checkpoint::open(&note.replace("\n7\n", "\n8\n"), &log().verifier()),
        Err(bad(ORIGIN))
    );
}

#[test]
fn the_origin_is_the_name_of_the_key() {
    let other = SigningKey::from_seed("example.com/other", &[1; 32]).unwrap();
    let mismatch = Error::OriginMismatch {
        origin: ORIGIN.to_owned(),
        key: "example.com/other".to_owned(),
    };
    assert_eq!(checkpoint().sign(&other), Err(mismatch.clone()));
    let note = Note::sign(&checkpoint().to_text(), &other).unwrap().to_string();
    assert_eq!(Checkpoint::open(&note, &other.verifier()), Err(mismatch));
}

#[test]
fn a_body_has_one_spelling() {
    let root = Hash::EMPTY.to_base64();
    let body = |origin: &str, size: &str, root: &str, rest: &str| format!("{origin}\n{size}\n{root}\n{rest}");
    let parse = |body: &str| Checkpoint::parse(body).unwrap_err();
    let full = Checkpoint::parse(&body("a b+c", "18446744073709551615", &root, "one\n two\n")).unwrap();
    assert_eq!((full.size, full.extensions.len()), (u64::MAX, 2));
    assert_eq!(
        full.to_text(),
        body("a b+c", "18446744073709551615", &root, "one\n two\n")
    );
    assert_eq!(Checkpoint::parse(&body("x", "0", &root, "")).unwrap().size, 0);

    for size in [
        "00",
        "07",
        "+7",
        "-7",
        " 7",
        "7 ",
        "0x7",
        "18446744073709551616",
        "٧",
    ] {
        assert_eq!(parse(&body("x", size, &root, "")), Error::TreeSize, "{size}");
    }
    for root in [
        "AAAA",
        &root.replace('=', ""),
        &format!("{root}="),
        &root.replace("FU=", "FV="),
    ] {
        assert_eq!(parse(&body("x", "7", root, "")), Error::RootHash, "{root}");
    }
    assert_eq!(parse(&body("", "7", &root, "")), Error::CheckpointEmptyLine);
    assert_eq!(parse(&body("x", "", &root, "")), Error::CheckpointEmptyLine);
    assert_eq!(parse(&body("x", "7", &root, "\n")), Error::CheckpointEmptyLine);
    assert_eq!(
        parse(&body("x", "7", &root, "one\n\ntwo\n")),
        Error::CheckpointEmptyLine
    );
    assert_eq!(parse("x\n7\n"), Error::CheckpointLines);
    assert_eq!(parse("\n"), Error::CheckpointEmptyLine);
    assert_eq!(parse(""), Error::NoFinalNewline);
    assert_eq!(parse(body("x", "7", &root, "").trim_end()), Error::NoFinalNewline);
    assert_eq!(parse(&body("x\r", "7", &root, "")), Error::ControlCharacter(13));
}

#[test]
fn fields_that_would_change_the_meaning_are_not_signed() {
    let with = |extension: &str| Checkpoint {
        extensions: vec![extension.to_owned()],
        ..checkpoint()
    };
    assert_eq!(with("two\nlines").sign(&log()), Err(Error::CheckpointFields));
    assert_eq!(with("").sign(&log()), Err(Error::CheckpointEmptyLine));
    assert_eq!(with("tab\t").sign(&log()), Err(Error::ControlCharacter(9)));
    let note = with("one").sign(&log()).unwrap();
    assert_eq!(Checkpoint::open(&note, &log().verifier()), Ok(with("one")));
}

#[test]
fn a_witness_cosigns() {
    let mut note = Note::parse(&checkpoint().sign(&log()).unwrap()).unwrap();
    let expect = |timestamp| Cosignature {
        witness: "witness.example/w1".to_owned(),
        timestamp,
    };
    assert_eq!(
        Cosignature::verify(&note, &witness().verifier()),
        Err(Error::NoKnownSignature)
    );

    witness().cosign(&mut note, 1_679_315_147).unwrap();
    let text = note.to_string();
    let note_again = Note::parse(&text).unwrap();
    assert_eq!(
        Cosignature::verify(&note_again, &witness().verifier()),
        Ok(expect(1_679_315_147))
    );
    assert_eq!(Checkpoint::open(&text, &log().verifier()), Ok(checkpoint()));
    let keys = [witness().verifier(), log().verifier()];
    assert_eq!(
        note_again.verify(&keys),
        Ok(vec![log().verifier(), witness().verifier()])
    );

    // Cosigning again replaces; of several cosignatures in a note, the latest counts and all must be good.
    let early = note.signatures[1].clone();
    witness().cosign(&mut note, 1_679_315_148).unwrap();
    assert_eq!(note.signatures.len(), 2);
    note.signatures.push(early);
    assert_eq!(
        Cosignature::verify(&note, &witness().verifier()),
        Ok(expect(1_679_315_148))
    );
    note.signatures[2].bytes[7] ^= 1;
    assert_eq!(
        Cosignature::verify(&note, &witness().verifier()),
        Err(bad("witness.example/w1"))
    );
}

#[test]
fn a_cosignature_is_over_the_message_of_the_specification() {
    let body = include_str!("fixtures/c2sp/cosigned-message.txt")
        .split_once('\n')
        .unwrap()
        .1;
    let body = body.split_once('\n').unwrap().1;
    let mut note = Note {
        text: body.to_owned(),
        signatures: Vec::new(),
    };
    witness().cosign(&mut note, 1_679_315_147).unwrap();
    let bytes = &note.signatures[0].bytes;
    assert_eq!(
        (bytes.len(), &bytes[..8]),
        (72, &1_679_315_147_u64.to_be_bytes()[..])
    );

    let key = ed25519_dalek::VerifyingKey::from_bytes(witness().verifier().public_key()).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&bytes[8..]).unwrap();
    let message = include_bytes!("fixtures/c2sp/cosigned-message.txt");
    key.verify_strict(message, &signature).unwrap();
}

#[test]
fn only_checkpoints_are_cosigned_and_only_by_witnesses() {
    let mut letter = Note::sign("Dear witness,\nplease sign.\n", &log()).unwrap();
    assert_eq!(witness().cosign(&mut letter, 1), Err(Error::TreeSize));
    let mut note = Note::parse(&checkpoint().sign(&log()).unwrap()).unwrap();
    assert_eq!(
        witness().cosign(&mut note, MAX_TIMESTAMP + 1),
        Err(Error::Timestamp(1 << 63))
    );
    assert_eq!(Cosignature::verify(&note, &log().verifier()), Err(Error::KeyKind));

    // A signature of the plain text by the key of a witness is not a cosignature.
    let plain = SigningKey::from_seed("witness.example/w1", &[2; 32]).unwrap();
    note.add_signature(&plain);
    note.signatures[1].key_id = witness().key_id();
    assert_eq!(
        Cosignature::verify(&note, &witness().verifier()),
        Err(bad("witness.example/w1"))
    );
    // Nor is a timestamp out of range, or one cut short.
    for bytes in [vec![0xff; 72], vec![0; 7], vec![0; 8]] {
        note.signatures[1].bytes = bytes;
        assert_eq!(
            Cosignature::verify(&note, &witness().verifier()),
            Err(bad("witness.example/w1"))
        );
    }
}

fn receipt(tree: &Tree, index: u64) -> TlogProof {
    let size = tree.edge.size();
    let checkpoint = Checkpoint::new(ORIGIN, size, tree.edge.root())
        .sign(&log())
        .unwrap();
    TlogProof {
        extra: None,
        index,
        path: tree.inclusion(index, size),
        checkpoint,
    }
}

#[test]
fn a_receipt_proves_its_entry_and_no_other() {
    let (tree, key) = (Tree::numbered(13), log().verifier());
    for index in 0..13_u64 {
        let proof = TlogProof::parse(&receipt(&tree, index).to_text()).unwrap();
        let opened = proof.verify(&index.to_be_bytes(), &key).unwrap();
        assert_eq!((opened.size, opened.root), (13, tree.edge.root()));
        assert_eq!(proof.verify_hash(&tree.leaf(index), &key), Ok(opened));

        assert_eq!(
            proof.verify(&(index + 1).to_be_bytes(), &key),
            Err(Error::RootMismatch)
        );
        let moved = TlogProof {
            index: (index + 1) % 13,
            ..proof.clone()
        };
        assert!(moved.verify(&index.to_be_bytes(), &key).is_err());
        let outside = TlogProof {
            index: 13,
            ..proof.clone()
        };
        let refusal = Err(Error::IndexOutOfRange { index: 13, size: 13 });
        assert_eq!(outside.verify(&index.to_be_bytes(), &key), refusal);
        let other = SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap().verifier();
        assert_eq!(
            proof.verify(&index.to_be_bytes(), &other),
            Err(Error::NoKnownSignature)
        );
    }
}

#[test]
fn malformed_receipts_are_refused() {
    let text = receipt(&Tree::numbered(3), 1).to_text();
    let parse = |text: &str| TlogProof::parse(text).unwrap_err();
    assert_eq!(parse(""), Error::ProofHeader);
    assert_eq!(parse(&text.replace("@v1", "@v2")), Error::ProofHeader);
    assert_eq!(parse("c2sp.org/tlog-proof@v1\n"), Error::ProofIndex);
    assert_eq!(parse(&text.replace("index 1", "index 01")), Error::ProofIndex);
    assert_eq!(parse(&text.replace("index 1", "index  1")), Error::ProofIndex);
    assert_eq!(
        parse(&text.replace("index", "extra AAAA\nextra AAAA\nindex")),
        Error::ProofIndex
    );
    assert_eq!(parse(&text.replace("index", "extra A\nindex")), Error::ProofExtra);
    assert_eq!(
        parse(&text.replace("index 1\n", "index 1\nAAAA\n")),
        Error::ProofHash
    );
    let many = format!("index 1\n{}", format!("{}\n", Hash::EMPTY.to_base64()).repeat(64));
    assert_eq!(parse(&text.replace("index 1\n", &many)), Error::ProofLength);
    assert_eq!(parse(text.split("\n\n").next().unwrap()), Error::ProofCheckpoint);
    assert_eq!(
        parse(&text[..=text.find("\n\n").unwrap()]),
        Error::ProofCheckpoint
    );
    assert_eq!(parse(text.trim_end()), Error::NoFinalNewline);
    assert_eq!(parse(&text.replace("\n3\n", "\n03\n")), Error::TreeSize);
    assert_eq!(parse(&text.replace('\n', "\r\n")), Error::ProofHeader);
}

proptest! {
    #[test]
    fn receipts_come_back(
        extra in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..50)),
        index in any::<u64>(),
        path in proptest::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..=64),
        size in any::<u64>(),
        extensions in proptest::collection::vec("[^\\x00-\\x1f]{1,20}", 0..3),
    ) {
        let checkpoint = Checkpoint { size, extensions, ..checkpoint() };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint.clone()));
        let proof = TlogProof { extra, index, path, checkpoint: checkpoint.sign(&log()).unwrap() };
        prop_assert_eq!(TlogProof::parse(&proof.to_string()), Ok(proof.clone()));
        prop_assert_eq!(proof.to_text().parse::<TlogProof>(), Ok(proof));
    }

    #[test]
    fn no_edit_of_a_receipt_panics_or_prints_differently(at in any::<proptest::sample::Index>(), with in "[\n =A+1—-]{0,3}") {
        let text = receipt(&Tree::numbered(5), 2).to_text();
        let mut at = at.index(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let (head, tail) = text.split_at(at);
        let edited = format!("{head}{with}{}", tail.chars().skip(1).collect::<String>());
        if let Ok(proof) = TlogProof::parse(&edited) {
            prop_assert_eq!(proof.to_text(), edited.clone());
            prop_assert!(edited == text || proof.verify(&2_u64.to_be_bytes(), &log().verifier()).is_err());
        }
    }
}
