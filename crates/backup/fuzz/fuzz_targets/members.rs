//! The members of a backup as text, each after a line `== NAME`: packed with digests that fit, so that what reads lines and rows is
//! reached. Whatever they hold is refused, or is what the last member says.
#![no_main]

use std::io::Cursor;

use backup::format::{END, End};
use backup::read;
use evidence::json;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

/// Makes the digests of the last member fit the others.
fn fitting(end: &str, members: &[(&str, String)]) -> Option<String> {
    let mut end: End = serde_json::from_str(end).ok()?;
    for (name, text) in members {
        if let Some(member) = end.members.get_mut(*name) {
            member.bytes = text.len() as u64;
            member.sha256 = json::hex(&Sha256::digest(text));
        }
    }
    serde_json::to_string(&end).ok()
}

fn packed(members: &[(&str, String)]) -> Option<Vec<u8>> {
    let mut tar = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).ok()?);
    for (name, text) in members {
        let fitted = (*name == END).then(|| fitting(text, members)).flatten();
        let text = fitted.as_deref().unwrap_or(text);
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, name, text.as_bytes()).ok()?;
    }
    tar.into_inner().ok()?.finish().ok()
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut members: Vec<(&str, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("== "), members.last_mut()) {
            (Some(name), _) => members.push((name.trim_end(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => return,
        }
    }
    let Some(file) = packed(&members) else { return };
    if let Ok(contents) = read(Box::new(Cursor::new(file)), None, None, &mut |_| Ok(())) {
        assert_eq!(contents.edge.size(), contents.end.entries);
        assert_eq!(contents.key.name(), contents.manifest.origin);
        assert_eq!(contents.end.members.len() + 1, members.len());
    }
});
