//! Whatever is packed, and however it is cut: never more is kept than the bound, and never more asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp::body::Body;

const MAX: usize = 10_000;

fn unpacked(parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mut asked = 0;
    let room = |more| {
        asked += more;
        assert!(asked <= MAX);
        true
    };
    let mut body = Body::new(true, MAX, room);
    for part in parts {
        body.take(part).ok()?;
    }
    body.end().ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, data)) = data.split_first() else {
        return;
    };
    let (one, other) = data.split_at(usize::from(*cut).min(data.len()));
    let whole = unpacked(&[data]);
    assert!(whole.as_ref().is_none_or(|bytes| bytes.len() <= MAX));
    assert_eq!(whole, unpacked(&[one, other]));
});
