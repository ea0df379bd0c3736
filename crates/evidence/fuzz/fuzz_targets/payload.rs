//! The canonical form of a payload is a fixed point of reading and writing, and is what RFC 8785 makes of it.
#![no_main]

use evidence::Payload;
use evidence::json::{Strict, canonical};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(payload) = Payload::parse(text) {
        let once = payload.to_text();
        assert_eq!(Payload::parse(&once).unwrap().to_text(), once);
        // Row images may be deeper and hold larger numbers than the strict reader takes.
        if let Ok(strict) = serde_json::from_str::<Strict>(&once) {
            assert_eq!(canonical(&strict.0), once);
        }
    }
    if let Ok(strict) = serde_json::from_str::<Strict>(text) {
        let once = canonical(&strict.0);
        let again: Strict = serde_json::from_str(&once).unwrap();
        assert_eq!(canonical(&again.0), once);
    }
});
