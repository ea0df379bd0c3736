//! Reading JSON from outside without losing anything: numbers that a double does not hold become strings.

use std::borrow::Cow;

use evidence::json::{DEPTH_MAX, Strict, StrictObject};
use serde_json::{Map, Value};

/// Reads one JSON object: no member named twice, no nesting beyond [`DEPTH_MAX`]. A number whose decimal value
/// is not exactly the one that every reader gets back from a double is kept as a string of its own digits.
pub(super) fn read_object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str::<Strict>(&quote_inexact(text)) {
        Ok(Strict(Value::Object(members))) => Ok(members),
        Ok(_) => Err("is not a JSON object".to_owned()),
        Err(error) => Err(format!("is not valid JSON: {error}")),
    }
}

/// The canonical text (RFC 8785) of a line.
pub(super) fn line_text(members: &Map<String, Value>) -> String {
    let mut text = String::with_capacity(1_024);
    evidence::json::write_map(members, &mut text);
    text
}

/// `members` as the details of an event; the error says that they are nested too deep for an entry.
pub(super) fn details(members: Map<String, Value>) -> Result<StrictObject, String> {
    let deepest = members.values().map(depth).max().unwrap_or(0);
    if deepest >= DEPTH_MAX {
        return Err(format!("details: would be nested deeper than {DEPTH_MAX} levels"));
    }
    Ok(StrictObject(members))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Puts quotes around every number that is not exact as a double. Text that is not JSON stays that way.
fn quote_inexact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at),
            b'-' | b'0'..=b'9' => {
                let start = at;
                while at < bytes.len() && matches!(bytes[at], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                {
                    at += 1;
                }
                // Before a colon it would be the name of a member, which must stay the error that it is.
                let name = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                if !name && is_number(&bytes[start..at]) && !is_exact(&text[start..at]) {
                    out.push_str(&text[copied..start]);
                    out.push('"');
                    out.push_str(&text[start..at]);
                    out.push('"');
                    copied = at;
                }
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// The position after the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Whether `token` is a number as RFC 8259 section 6 writes it.
fn is_number(token: &[u8]) -> bool {
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = token.strip_prefix(b"-").unwrap_or(token);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent = exponent
            .strip_prefix(b"-")
            .or_else(|| exponent.strip_prefix(b"+"))
            .unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// Whether the shortest text of the double nearest to `number` has the same decimal value.
fn is_exact(number: &str) -> bool {
    // Up to 15 digits always come back the same (IEEE 754 binary64).
    if number.len() <= 15 && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return true;
    }
    match number.parse::<f64>() {
        Ok(double) if double.is_finite() => decimal(number) == decimal(&format!("{double:e}")),
        _ => false,
    }
}

/// Significant digits and the power of ten of the last one; no digits for zero. `None` for an absurd exponent.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0').trim_end_matches('0');
    if digits.is_empty() {
        return Some((false, String::new(), 0));
    }
    let dropped = all.len() - all.trim_end_matches('0').len();
    let exponent: i64 = exponent.parse().ok()?;
    let power = exponent
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(i64::try_from(dropped).ok()?)?;
    Some((unsigned.len() != number.len(), digits.to_owned(), power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_inexact_numbers_become_strings() {
        let cases = [
            ("[1,-2,0,9007199254740991,9007199254740992]", None),
            ("[9007199254740993]", Some("[\"9007199254740993\"]")),
            ("[-9007199254740993 , 1]", Some("[\"-9007199254740993\" , 1]")),
            ("[18446744073709551615]", Some("[\"18446744073709551615\"]")),
            ("[1.50,0.1,-0.0,1e3,2E-3,1e+30]", None),
            ("[1.00000000000000000001]", Some("[\"1.00000000000000000001\"]")),
            ("[1e400,1e-400]", Some("[\"1e400\",\"1e-400\"]")),
            ("[100000000000000000000000]", None),
            (r#"{"a 9007199254740993 \" ":"9007199254740993"}"#, None),
            ("{9007199254740993 :1}", None),
            ("[09007199254740993]", None),
            ("[9007199254740993.]", None),
        ];
        for (text, expected) in cases {
            assert_eq!(quote_inexact(text), expected.unwrap_or(text));
        }
    }

    #[test]
    fn what_is_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(32), "]".repeat(32));
        for (text, reason) in [
            ("[1]", "not a JSON object"),
            (r#"{"a":1,"a":2}"#, "given twice"),
            (r#"{"a":{"b":1,"b":9007199254740993}}"#, "given twice"),
            (r#"{"a":1"#, "EOF"),
            (r#"{"a":9007199254740993.}"#, "not valid JSON"),
            ("{9007199254740993:1}", "not valid JSON"),
            (deep.as_str(), "deeper"),
            ("", "not valid JSON"),
        ] {
            let error = read_object(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn details_are_bounded_in_depth() {
        let nested = |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let with = |value| Map::from_iter([("a".to_owned(), value)]);
        assert!(details(with(nested(31))).is_ok());
        assert!(details(with(nested(32))).unwrap_err().contains("deeper than 32"));
        // The bound is the one that the payload is read back with.
        let text = serde_json::to_string(&with(nested(31))).unwrap();
        assert!(serde_json::from_str::<StrictObject>(&text).is_ok());
    }

    proptest! {
        #[test]
        fn every_double_is_exact_and_every_object_reads(double in proptest::num::f64::NORMAL, integer: u64) {
            let shortest = format!("{double:e}");
            prop_assert!(is_exact(&shortest), "{}", shortest);
            let members = read_object(&format!("{{\"n\":{integer}}}")).unwrap();
            let read = match &members["n"] {
                Value::String(text) => text.clone(),
                number => evidence::json::canonical(number),
            };
            prop_assert_eq!(read, integer.to_string());
        }
    }
}
