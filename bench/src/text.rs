//! Numbers and ids written straight into a byte buffer, and simple looks into bodies.

use jiff::Timestamp;
use memchr::{memchr, memmem};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends a decimal number.
pub fn number(out: &mut Vec<u8>, number: u64) {
    let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
    padded(out, number, digits);
}

/// Appends the last `width` decimal digits of a number, with leading zeros.
pub fn padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for digit in out[start..].iter_mut().rev() {
        *digit = HEX[(number % 10) as usize];
        number /= 10;
    }
}

/// Appends the lowest `digits` hexadecimal digits of a number.
pub fn hex(out: &mut Vec<u8>, number: u64, digits: u32) {
    for place in (0..digits).rev() {
        out.push(HEX[(number >> (4 * place) & 0xF) as usize]);
    }
}

/// Appends a version 7 UUID (RFC 9562): Unix milliseconds, 12 bits that order within one, 62 random bits.
pub fn uuid_v7(out: &mut Vec<u8>, ms: u64, order: u64, random: u64) {
    hex(out, ms >> 16, 8);
    out.push(b'-');
    hex(out, ms, 4);
    out.extend_from_slice(b"-7");
    hex(out, order, 3);
    out.push(b'-');
    hex(out, 0x8000 | (random >> 48 & 0x3FFF), 4);
    out.push(b'-');
    hex(out, random, 12);
}

/// `YYYY-MM-DDTHH:MM:SS.` in UTC for Unix seconds.
pub fn utc_second(unix: u64) -> String {
    let moment = i64::try_from(unix)
        .ok()
        .and_then(|unix| Timestamp::from_second(unix).ok());
    moment
        .unwrap_or_default()
        .strftime("%Y-%m-%dT%H:%M:%S.")
        .to_string()
}

/// How often `needle` occurs; `needle` may not be empty.
pub fn count(haystack: &[u8], needle: &[u8]) -> usize {
    memmem::find_iter(haystack, needle).count()
}

/// The characters after `prefix` up to the next quotation mark.
pub fn json_string_after<'a>(body: &'a [u8], prefix: &[u8]) -> Option<&'a str> {
    let rest = &body[memmem::find(body, prefix)? + prefix.len()..];
    std::str::from_utf8(&rest[..memchr(b'"', rest)?]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for value in [0, 1, 9, 10, 99, 100, 65_635, 1_000_000, u64::MAX] {
            let mut out = b"x".to_vec();
            number(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), format!("x{value}"));
        }
        let mut out = Vec::new();
        padded(&mut out, 123, 6);
        hex(&mut out, 0xAB_CDEF, 4);
        assert_eq!(out, b"000123cdef");
    }

    #[test]
    fn ids() {
        let mut out = Vec::new();
        uuid_v7(&mut out, 0x0197_3400_1234, 0xABC, u64::MAX);
        assert_eq!(out, b"01973400-1234-7abc-bfff-ffffffffffff");
    }

    #[test]
    fn dates() {
        let cases = [
            (0, "1970-01-01T00:00:00."),
            (951_782_399, "2000-02-28T23:59:59."),
            (951_782_400, "2000-02-29T00:00:00."),
            (1_795_249_800, "2026-11-21T08:30:00."),
            (4_107_542_400, "2100-03-01T00:00:00."),
        ];
        for (unix, text) in cases {
            assert_eq!(utc_second(unix), text);
        }
    }

    #[test]
    fn looks() {
        assert_eq!(count(b"aXaXXa", b"X"), 3);
        assert_eq!(count(b"", b"X"), 0);
        assert_eq!(json_string_after(br#"{"id":"abc"}"#, br#""id":""#), Some("abc"));
        assert_eq!(json_string_after(br#"{"id":"abc"#, br#""id":""#), None);
    }
}
