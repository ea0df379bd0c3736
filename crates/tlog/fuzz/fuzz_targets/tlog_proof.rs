//! A stored proof that parses is printed back byte for byte, and proves nothing to a key that did not sign it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{Checkpoint, Hash, Note, SigningKey, TlogProof, verify_consistency, verify_inclusion};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(proof) = TlogProof::parse(text) else { return };
    assert_eq!(proof.to_text(), text);
    let checkpoint = Checkpoint::parse(&Note::parse(&proof.checkpoint).unwrap().text).unwrap();
    if let Ok(key) = SigningKey::from_seed(&checkpoint.origin, &[1; 32]) {
        assert!(proof.verify(b"entry", &key.verifier()).is_err());
    }
    // Whatever the verdict, a proof of any shape is checked without panicking.
    let (leaf, root) = (Hash::leaf(b"entry"), checkpoint.root);
    let _ = verify_inclusion(proof.index, checkpoint.size, &leaf, &proof.path, &root);
    let _ = verify_consistency(proof.index, checkpoint.size, &leaf, &root, &proof.path);
});
