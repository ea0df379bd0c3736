//! A note, a signature line or a key that parses is printed back byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{Cosignature, CosigningKey, Note, Signature, SigningKey, VerifierKey};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        assert!(Note::parse_bytes(data).is_err());
        return;
    };
    if let Ok(note) = Note::parse_bytes(data) {
        assert_eq!(note.to_string(), text);
        let log = SigningKey::from_seed("example.com/log", &[1; 32]).unwrap();
        let witness = CosigningKey::from_seed("witness.example.com/w1", &[2; 32]).unwrap();
        // No input carries a signature by these keys.
        assert!(note.verify(&[log.verifier(), witness.verifier()]).is_err());
        assert!(Cosignature::verify(&note, &witness.verifier()).is_err());
    }
    if let Ok(signature) = Signature::parse(text) {
        assert_eq!(signature.to_string(), text);
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = SigningKey::decode(text) {
        assert_eq!(key.encode(), text);
    }
});
