//! Signed notes and keys, against the tests of golang.org/x/mod/sumdb/note and the examples of C2SP signed-note.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use std::slice;
use tlog::note::MAX_SIGNATURES;
use tlog::{CosigningKey, Error, KeyKind, Note, Signature, SigningKey, VerifierKey};

const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_LINE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn key(vkey: &str) -> VerifierKey {
    VerifierKey::parse(vkey).unwrap()
}

/// Every proper substring, and the text with any one byte raised by one.
fn manglings(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for start in 0..text.len() {
        for end in start..=text.len() {
            if end - start < text.len() {
                all.push(text[start..end].to_owned());
            }
        }
        let mut bytes = text.as_bytes().to_vec();
        bytes[start] += 1;
        all.push(String::from_utf8(bytes).unwrap());
    }
    all
}

#[test]
fn keys_of_the_reference_implementation() {
    let peter = key(PETER);
    assert_eq!(
        (peter.name(), peter.key_id(), peter.kind()),
        ("PeterNeumann", 0xc74f_20a3, KeyKind::Ed25519)
    );
    assert_eq!(peter.to_string(), PETER);
    let secret = SigningKey::decode(PETER_SECRET).unwrap();
    assert_eq!(secret.encode(), PETER_SECRET);
    assert_eq!(secret.verifier(), peter);
    assert_eq!((secret.name(), secret.key_id()), ("PeterNeumann", 0xc74f_20a3));
    assert_eq!(format!("{secret:?}"), format!("SigningKey({PETER})"));

    for bad in manglings(PETER) {
        assert!(VerifierKey::parse(&bad).is_err(), "{bad}");
    }
    for bad in manglings(PETER_SECRET) {
        assert!(SigningKey::decode(&bad).is_err(), "{bad}");
    }
    // A key too long and an unknown type, each with the key ID that belongs to it.
    let long = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
    let unknown = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(VerifierKey::parse(long), Err(Error::VerifierKeyFormat));
    assert_eq!(VerifierKey::parse(unknown), Err(Error::UnsupportedKeyType(0x65)));
    assert_eq!(
        VerifierKey::parse(&PETER.replace("c74f20a3", "C74F20A3")),
        Err(Error::VerifierKeyFormat)
    );
    assert_eq!(
        VerifierKey::parse(&PETER.replace("c74f20a3", "c74f20a4")),
        Err(Error::KeyIdMismatch)
    );
    let wrong_id = PETER_SECRET.replace("c74f20a3", "c74f20a4");
    assert_eq!(SigningKey::decode(&wrong_id).unwrap_err(), Error::KeyIdMismatch);
}

#[test]
fn a_witness_key_has_its_own_type() {
    let vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    assert_eq!(key(vkey).kind(), KeyKind::Cosignature);
    assert_eq!(key(vkey).to_string(), vkey);

    let (log, witness) = (
        SigningKey::from_seed("same", &[1; 32]).unwrap(),
        CosigningKey::from_seed("same", &[1; 32]).unwrap(),
    );
    assert_ne!(log.key_id(), witness.key_id());
    assert_eq!(log.verifier().public_key(), witness.verifier().public_key());
    assert_eq!(
        CosigningKey::decode(&witness.encode()).unwrap().verifier(),
        witness.verifier()
    );
    assert_eq!(CosigningKey::decode(&log.encode()).unwrap_err(), Error::KeyKind);
    assert_eq!(SigningKey::decode(&witness.encode()).unwrap_err(), Error::KeyKind);
}

#[test]
fn key_names_follow_the_specification() {
    for bad in ["", "a b", "a+b", "a\nb", "a\u{2003}b", "a\u{1}b"] {
        assert_eq!(
            SigningKey::from_seed(bad, &[0; 32]).unwrap_err(),
            Error::KeyName,
            "{bad:?}"
        );
        assert_eq!(
            CosigningKey::from_seed(bad, &[0; 32]).unwrap_err(),
            Error::KeyName,
            "{bad:?}"
        );
    }
    let key = SigningKey::from_seed("exämple.org/–", &[0; 32]).unwrap();
    assert_eq!(
        VerifierKey::parse(&key.verifier().to_string()),
        Ok(key.verifier())
    );
}

#[test]
fn a_key_that_verifies_anything_is_refused() {
    // The neutral element, and a point that is on no curve.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert_eq!(
        VerifierKey::from_public_key("x", KeyKind::Ed25519, &neutral),
        Err(Error::PublicKey)
    );
    assert_eq!(
        VerifierKey::from_public_key("x", KeyKind::Ed25519, &[2; 32]),
        Err(Error::PublicKey)
    );
}

#[test]
fn signing_gives_the_bytes_of_the_reference_implementation() {
    let secret = SigningKey::decode(PETER_SECRET).unwrap();
    let mut note = Note::sign(TEXT, &secret).unwrap();
    assert_eq!(note.to_string(), format!("{TEXT}\n{PETER_LINE}"));
    // Signing again replaces.
    note.signatures[0].bytes = vec![1];
    note.add_signature(&secret);
    assert_eq!(note.to_string(), format!("{TEXT}\n{PETER_LINE}"));

    assert_eq!(Note::sign("abc", &secret), Err(Error::NoFinalNewline));
    assert_eq!(Note::sign("", &secret), Err(Error::NoFinalNewline));
    assert_eq!(Note::sign("a\tb\n", &secret), Err(Error::ControlCharacter(9)));
}

#[test]
fn verifying_follows_the_specification() {
    let (peter, enoch) = (key(PETER), key(ENOCH));
    let both = Note::parse(&format!("{TEXT}\n{PETER_LINE}{ENOCH_LINE}")).unwrap();
    assert_eq!(both.text, TEXT);
    assert_eq!(both.verify(slice::from_ref(&peter)), Ok(vec![peter.clone()]));
    assert_eq!(
        both.verify(&[enoch.clone(), peter.clone()]),
        Ok(vec![peter.clone(), enoch.clone()])
    );
    assert_eq!(
        both.verify(&[enoch.clone(), enoch.clone()]),
        Ok(vec![enoch.clone()])
    );
    assert_eq!(both.verify(&[]), Err(Error::NoKnownSignature));
    assert_eq!(
        both.verify(&[SigningKey::from_seed("PeterNeumann", &[1; 32])
            .unwrap()
            .verifier()]),
        Err(Error::NoKnownSignature)
    );

    // A bad signature by a known key spoils the note, one by an unknown key does not.
    let mut bad = both.clone();
    bad.signatures[1].bytes[10] ^= 1;
    assert_eq!(bad.verify(slice::from_ref(&peter)), Ok(vec![peter.clone()]));
    assert_eq!(
        bad.verify(&[peter.clone(), enoch]),
        Err(Error::BadSignature("EnochRoot".to_owned()))
    );
    let mut altered = both.clone();
    altered.text.insert(0, ' ');
    assert_eq!(
        altered.verify(slice::from_ref(&peter)),
        Err(Error::BadSignature("PeterNeumann".to_owned()))
    );

    // Every signature that claims a known key counts, not the first alone; a good one twice is one signer.
    let twice = Note::parse(&format!("{TEXT}\n{PETER_LINE}{PETER_LINE}")).unwrap();
    assert_eq!(twice.verify(slice::from_ref(&peter)), Ok(vec![peter.clone()]));
    let mut second = twice;
    second.signatures[1].bytes.push(0);
    assert_eq!(
        second.verify(&[peter]),
        Err(Error::BadSignature("PeterNeumann".to_owned()))
    );
}

#[test]
fn malformed_notes_are_refused() {
    let note = format!("{TEXT}\n{PETER_LINE}");
    let parse = |note: &str| Note::parse(note).unwrap_err();
    assert_eq!(parse(TEXT), Error::NoSignatures);
    assert_eq!(parse(&format!("{TEXT}\n")), Error::NoSignatures);
    assert_eq!(parse(""), Error::NoFinalNewline);
    assert_eq!(parse("\n\n"), Error::NoSignatures);
    assert_eq!(parse(note.trim_end()), Error::NoFinalNewline);
    assert_eq!(parse(&format!("\u{1}{note}")), Error::ControlCharacter(1));
    assert_eq!(parse(&note.replace('\n', "\r\n")), Error::ControlCharacter(13));
    assert_eq!(parse(&format!("{note}Unexpected line.\n")), Error::SignatureLine);
    assert_eq!(parse(&note.replace("— P", "- P")), Error::SignatureLine);
    assert_eq!(
        parse(&note.replace("PeterNeumann", "Bad Name")),
        Error::SignatureLine
    );
    assert_eq!(parse(&note.replace("PeterNeumann", "Bad+Name")), Error::KeyName);
    assert_eq!(parse(&note.replace("PeterNeumann", "")), Error::KeyName);
    assert_eq!(parse(&note.replace("AM=\n", "AN=\n")), Error::SignatureLine);
    assert_eq!(parse(&note.replace("AM=\n", "AM\n")), Error::SignatureLine);
    assert_eq!(parse(&format!("{TEXT}\n— x AAAAAA==\n")), Error::SignatureLine);
    let mut bytes = note.into_bytes();
    assert!(Note::parse_bytes(&bytes).is_ok());
    bytes[0] = 0xff;
    assert_eq!(Note::parse_bytes(&bytes), Err(Error::Utf8));
}

#[test]
fn a_note_has_a_bounded_number_of_signatures() {
    let note = |count| format!("{TEXT}\n{}", PETER_LINE.repeat(count));
    assert_eq!(Note::parse(&note(MAX_SIGNATURES)).unwrap().signatures.len(), 100);
    assert_eq!(
        Note::parse(&note(MAX_SIGNATURES + 1)),
        Err(Error::TooManySignatures)
    );
}

#[test]
fn the_last_empty_line_separates() {
    let secret = SigningKey::decode(PETER_SECRET).unwrap();
    for text in ["\n", "\n\n", "a\n\nb\n", "a\n\n— x AAAAAAA=\n", "a\n\n\n"] {
        let note = Note::sign(text, &secret).unwrap();
        let parsed = Note::parse(&note.to_string()).unwrap();
        assert_eq!(parsed, note);
        assert_eq!(parsed.verify(&[key(PETER)]).unwrap().len(), 1);
    }
}

proptest! {
    #[test]
    fn signed_notes_come_back(lines in proptest::collection::vec("[^\\x00-\\x1f]{0,20}", 1..6), seed in any::<[u8; 32]>()) {
        let text = lines.join("\n") + "\n";
        let secret = SigningKey::from_seed("example.org/log", &seed).unwrap();
        let note = Note::sign(&text, &secret).unwrap();
        let parsed: Note = note.to_string().parse().unwrap();
        prop_assert_eq!(&parsed, &note);
        prop_assert_eq!(parsed.verify(&[secret.verifier()]), Ok(vec![secret.verifier()]));
        let vkey: VerifierKey = secret.verifier().to_string().parse().unwrap();
        prop_assert_eq!(vkey, secret.verifier());
        prop_assert_eq!(SigningKey::decode(&secret.encode()).unwrap().encode(), secret.encode());
    }

    #[test]
    fn no_input_panics(text in "(— ?|[a+\n =A/-]){0,40}") {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_string(), text.clone());
        }
        if let Ok(signature) = Signature::parse(&text) {
            prop_assert_eq!(signature.to_string(), text.clone());
        }
        prop_assert!(VerifierKey::parse(&text).is_err());
        prop_assert!(SigningKey::decode(&text).is_err());
    }
}
