//! A file as it is stored: any bytes are refused, or are a backup that reads again to the same.
#![no_main]

use std::io::Cursor;

use backup::{Contents, Part, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // That is another program's to read.
    if data.starts_with(b"age-encryption.org/") {
        return;
    }
    let tried = || -> Option<(Contents, u64, u64)> {
        let (mut entries, mut rows) = (0, 0);
        let contents = read(Box::new(Cursor::new(data.to_vec())), None, None, &mut |part| {
            match part {
                Part::Entries(list, _) => entries += list.len() as u64,
                Part::Rows(_, list) => rows += list.len() as u64,
                Part::Marks(list) => rows += list.len() as u64,
                Part::Manifest(_) => {}
            }
            Ok(())
        });
        Some((contents.ok()?, entries, rows))
    };
    if let Some((contents, entries, rows)) = tried() {
        assert_eq!(contents.end.entries, entries);
        assert_eq!(contents.end.tables.values().sum::<u64>(), rows);
        assert_eq!(contents.bytes, data.len() as u64);
        assert_eq!(tried(), Some((contents, entries, rows)));
    }
});
