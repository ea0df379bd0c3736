//! The examples printed in the C2SP specifications (see fixtures/README.md).

use tlog::{Checkpoint, Error, Hash, Note, TlogProof, VerifierKey};

const SIGNED_NOTE: &str = include_str!("fixtures/c2sp/signed-note.txt");
const VKEY_NOTE: &str = include_str!("fixtures/c2sp/signed-note-vkey.txt");
const VKEY: &str = include_str!("fixtures/c2sp/signed-note.vkey");
const CHECKPOINT: &str = include_str!("fixtures/c2sp/checkpoint.txt");
const COSIGNED: &str = include_str!("fixtures/c2sp/cosigned-checkpoint.txt");
const COSIGNED_MESSAGE: &str = include_str!("fixtures/c2sp/cosigned-message.txt");
const PROOF: &str = include_str!("fixtures/c2sp/tlog-proof.txt");

#[test]
fn signed_note() {
    let note = Note::parse(SIGNED_NOTE).unwrap();
    assert_eq!(note.to_string(), SIGNED_NOTE);
    assert!(note.text.ends_with("sole:\n\ned è subito sera.\n"));
    assert_eq!(note.signatures.len(), 1);
    let signature = &note.signatures[0];
    assert_eq!(
        (signature.name.as_str(), signature.key_id),
        ("quasimodo.example/salvatore", 0x367b_a04b)
    );
    assert_eq!(signature.bytes.len(), 64);
}

#[test]
fn signed_note_verifier_key() {
    let key = VerifierKey::parse(VKEY.trim_end()).unwrap();
    assert_eq!((key.name(), key.key_id()), ("example.com/foo", 0x530d_903a));
    assert_eq!(key.to_string(), VKEY.trim_end());
    let note = Note::parse(VKEY_NOTE).unwrap();
    assert_eq!(note.to_string(), VKEY_NOTE);
    assert_eq!(note.verify(std::slice::from_ref(&key)), Ok(vec![key.clone()]));
    let altered = Note::parse(&VKEY_NOTE.replace("an example", "no example")).unwrap();
    assert_eq!(
        altered.verify(&[key]),
        Err(Error::BadSignature("example.com/foo".to_owned()))
    );
}

#[test]
fn checkpoint() {
    let note = Note::parse(CHECKPOINT).unwrap();
    assert_eq!(note.to_string(), CHECKPOINT);
    let checkpoint = Checkpoint::parse(&note.text).unwrap();
    let root = Hash::from_base64("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=").unwrap();
    assert_eq!(
        checkpoint,
        Checkpoint::new("example.com/behind-the-sofa", 20_852_163, root)
    );
    assert_eq!(checkpoint.to_text(), note.text);
}

#[test]
fn cosigned_checkpoint() {
    let note = Note::parse(COSIGNED).unwrap();
    assert_eq!(note.to_string(), COSIGNED);
    let cosignature = &note.signatures[1];
    assert_eq!(
        (cosignature.name.as_str(), cosignature.bytes.len()),
        ("witness.example.com/w1", 8 + 64)
    );
    // The time in the signature is that of the message which the specification says was signed.
    let time = u64::from_be_bytes(cosignature.bytes[..8].try_into().unwrap());
    assert_eq!(
        COSIGNED_MESSAGE,
        format!("cosignature/v1\ntime {time}\n{}", note.text)
    );
}

#[test]
fn tlog_proof() {
    // As printed its signatures are abbreviated, which is not base64.
    assert_eq!(TlogProof::parse(PROOF), Err(Error::SignatureLine));
    // Put back any bytes for those that the specification leaves out.
    let whole: String = PROOF
        .lines()
        .map(|line| match line.rsplit_once(' ') {
            Some((head, tail)) if tail.contains("[...]") => format!("{head} AAAAAAA=\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let proof = TlogProof::parse(&whole).unwrap();
    assert_eq!(proof.to_text(), whole);
    assert_eq!((proof.index, proof.path.len()), (73_894, 5));
    assert!(
        proof
            .extra
            .as_ref()
            .unwrap()
            .starts_with(b"age-v1.2.1-darwin-arm64.tar.gz")
    );
    let note = Note::parse(&proof.checkpoint).unwrap();
    assert_eq!(note.signatures.len(), 4);
    assert_eq!(Checkpoint::parse(&note.text).unwrap().size, 109_482);
}
