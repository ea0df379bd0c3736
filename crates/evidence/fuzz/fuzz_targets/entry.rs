//! An entry that parses is written and parsed to the same, and its check does not panic and does not change with it.
#![no_main]

use evidence::entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(read) = entry::parse(text) else { return };
    let checked = read.check();
    let line = entry::to_line(&read).unwrap();
    assert!(!line.contains('\n'));
    let again = entry::parse(&line).unwrap();
    assert_eq!(again, read);
    assert_eq!(again.check(), checked);
    let _ = entry::details_text(&read);
});
