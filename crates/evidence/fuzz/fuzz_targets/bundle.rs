//! The bundle checker takes any lines; what it accepts it counts rightly.
#![no_main]

use evidence::bundle::{BundleChecker, BundleLine};
use libfuzzer_sys::fuzz_target;
use tlog::SigningKey;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // The key of the seeds in the corpus: without a header that it signed, nothing else would be reached.
    let key = SigningKey::from_seed("example.com/log", &[7; 32])
        .unwrap()
        .verifier();
    let mut checker = BundleChecker::new(key);
    let mut entries = 0;
    let mut failed = None;
    for line in text.split_terminator('\n') {
        match checker.line(line) {
            Ok(BundleLine::Entry(entry)) => {
                assert_eq!(entry.check(), Ok(()));
                entries += 1;
            }
            Ok(BundleLine::Header(_) | BundleLine::Trailer) => {}
            Err(error) => {
                assert_eq!(*failed.get_or_insert_with(|| error.clone()), error);
            }
        }
    }
    match checker.finish() {
        Ok(summary) => {
            assert!(failed.is_none());
            assert_eq!(summary.entries, entries);
            assert!(summary.erased <= entries && entries <= summary.size);
        }
        Err(error) => assert!(failed.is_none_or(|first| first == error)),
    }
});
