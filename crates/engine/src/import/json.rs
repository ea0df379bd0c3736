//! Reading JSON from outside without losing anything: numbers that a double does not hold become strings.

use std::borrow::Cow;

use evidence::json::{Unique, number};
use serde_json::{Map, Value};

/// Reads one JSON object, in which no member is named twice. A number whose decimal value is not exactly the one
/// that every reader gets back from a double is kept as a string of its own digits.
pub(super) fn read_object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str::<Unique>(&quote_inexact(text)) {
        Ok(Unique(Value::Object(members))) => Ok(members),
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

/// Puts quotes around every number that is not exact as a double. Text that is not JSON stays that way.
fn quote_inexact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for range in number::numbers(text).filter(|range| !number::is_exact(&text[range.clone()])) {
        out.push_str(&text[copied..range.start]);
        out.push('"');
        out.push_str(&text[range.clone()]);
        out.push('"');
        copied = range.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
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
        for (text, reason) in [
            ("[1]", "not a JSON object"),
            (r#"{"a":1,"a":2}"#, "given twice"),
            (r#"{"a":{"b":1,"b":9007199254740993}}"#, "given twice"),
            (r#"{"a":1"#, "EOF"),
            (r#"{"a":9007199254740993.}"#, "not valid JSON"),
            ("{9007199254740993:1}", "not valid JSON"),
            ("", "not valid JSON"),
        ] {
            let error = read_object(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        // How deep a line may be is for what is kept of it to say.
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(99), "]".repeat(99));
        assert!(read_object(&deep).is_ok());
    }

    proptest! {
        #[test]
        fn every_integer_is_kept(integer: u64) {
            let members = read_object(&format!("{{\"n\":{integer}}}")).unwrap();
            let read = match &members["n"] {
                Value::String(text) => text.clone(),
                number => evidence::json::canonical(number),
            };
            prop_assert_eq!(read, integer.to_string());
        }
    }
}
