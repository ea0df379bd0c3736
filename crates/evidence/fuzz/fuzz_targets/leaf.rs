//! A leaf that parses is printed back byte for byte.
#![no_main]

use evidence::Leaf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(leaf) = Leaf::parse(text) {
        assert_eq!(leaf.to_text(), text);
    }
    if let Ok(leaf) = Leaf::parse_lenient(text) {
        let canonical = leaf.to_text();
        assert_eq!(Leaf::parse(&canonical).unwrap(), leaf);
    }
});
