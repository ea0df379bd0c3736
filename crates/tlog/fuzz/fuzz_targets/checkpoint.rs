//! A checkpoint body that parses is printed back byte for byte, and survives signing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{Checkpoint, SigningKey};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text(), text);
        // Not every origin can be the name of a key.
        if let Ok(key) = SigningKey::from_seed(&checkpoint.origin, &[1; 32]) {
            let note = checkpoint.sign(&key).unwrap();
            assert_eq!(Checkpoint::open(&note, &key.verifier()), Ok(checkpoint));
        }
    }
});
