//! Lone surrogates: JSON may name half a character (`\ud83d`), which no UTF-8 text can hold.

use std::borrow::Cow;

/// The text with each lone surrogate replaced by U+FFFD, and how many there were.
pub(super) fn replaced(text: &str) -> (Cow<'_, str>, u64) {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at, mut count) = (0, 0, 0);
    // A backslash stands in strings alone, or the text is no JSON.
    while let Some(found) = bytes[at..].iter().position(|&byte| byte == b'\\') {
        at += found;
        let Some(unit) = unit(&bytes[at..]) else {
            // Another escape, of two bytes: the second may be a backslash.
            at = (at + 2).min(bytes.len());
            continue;
        };
        let second = self::unit(&bytes[at + 6..]);
        match unit {
            0xD800..0xDC00 if second.is_some_and(|unit| (0xDC00..0xE000).contains(&unit)) => at += 12,
            0xD800..0xE000 => {
                out.push_str(&text[copied..at]);
                out.push_str("\\ufffd");
                at += 6;
                copied = at;
                count += 1;
            }
            _ => at += 6,
        }
    }
    if count == 0 {
        return (Cow::Borrowed(text), 0);
    }
    out.push_str(&text[copied..]);
    (Cow::Owned(out), count)
}

/// The UTF-16 unit that `\u` and four hex digits name.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lone_ones_are_replaced() {
        for (text, expected, count) in [
            (r#"{"a":"\ud83d\ude00 \u00e9 \\ud83d é"}"#, None, 0),
            (r#""\ud83d""#, Some(r#""\ufffd""#), 1),
            (
                r#""\ude00\ud83d\ud83d\ude00""#,
                Some(r#""\ufffd\ufffd\ud83d\ude00""#),
                2,
            ),
            (r#""\\\ud83d\n""#, Some(r#""\\\ufffd\n""#), 1),
            (r#""\ud83dé\uD83Dx""#, Some(r#""\ufffdé\ufffdx""#), 2),
            (r#""\ud8"#, None, 0),
            (r"\", None, 0),
            (r"\ué123", None, 0),
        ] {
            let (found, found_count) = replaced(text);
            assert_eq!(
                (found.as_ref(), found_count),
                (expected.unwrap_or(text), count),
                "{text}"
            );
        }
    }
}
