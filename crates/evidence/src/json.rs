//! JSON in the canonical form of RFC 8785 (JCS), and the stricter reading that makes it safe to hash.
//!
//! What is hashed must have one meaning. So reading ([`Strict`]) refuses what JSON allows but readers disagree
//! on: an object that names a member twice, a number that would be another one in canonical form ([`number`]),
//! nesting deeper than [`DEPTH_MAX`].

pub mod number;
mod object;
mod strict;

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

pub use object::{Object, object, object_or_null, objects_or_null};
pub(crate) use strict::unique_members;
pub use strict::{Strict, StrictObject, Unique, located};

/// Deepest nesting of arrays and objects that is accepted.
pub const DEPTH_MAX: usize = 32;

/// Appends `value` in canonical form.
pub fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => write_map(members, out),
    }
}

/// The canonical form of `value`.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

/// Appends an object in canonical form.
pub fn write_map(members: &Map<String, Value>, out: &mut String) {
    out.push('{');
    let mut separator = "";
    let mut write_member = |key: &String, value: &Value| {
        out.push_str(separator);
        separator = ",";
        write_string(key, out);
        out.push(':');
        write_value(value, out);
    };
    // serde_json's map is sorted by bytes, which is RFC 8785's order by UTF-16 units unless some key holds a character
    // outside ASCII. In a program where some crate has it keep the order of insertion (`preserve_order`), it is not.
    if members.keys().all(|key| key.is_ascii()) && members.keys().is_sorted() {
        members.iter().for_each(|(key, value)| write_member(key, value));
    } else {
        let mut sorted: Vec<_> = members.iter().collect();
        sorted.sort_by(|(a, _), (b, _)| utf16_order(a, b));
        for (key, value) in sorted {
            write_member(key, value);
        }
    }
    out.push('}');
}

fn utf16_order(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// Appends `text` as a JSON string, escaped as RFC 8785 section 3.2.2.2 says.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let bytes = text.as_bytes();
    let is_escaped = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // All bytes, without a way out on the way: so many are looked at at once. Most texts have nothing to escape.
    if !bytes.iter().fold(false, |any, &byte| any | is_escaped(byte)) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut clean_from = 0;
    for (position, &byte) in bytes.iter().enumerate() {
        if !is_escaped(byte) {
            continue;
        }
        // Only ASCII bytes get here, so both slices end on character boundaries.
        out.push_str(&text[clean_from..position]);
        clean_from = position + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            0x09 => out.push_str("\\t"),
            0x0A => out.push_str("\\n"),
            0x0C => out.push_str("\\f"),
            0x0D => out.push_str("\\r"),
            other => {
                out.push_str("\\u00");
                write_hex(&[other], out);
            }
        }
    }
    out.push_str(&text[clean_from..]);
    out.push('"');
}

/// Appends `bytes` in lower-case hex, without quotes.
pub fn write_hex(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for part in bytes.chunks(32) {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(part) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        // Digits are ASCII; an empty text would only show a bug.
        out.push_str(std::str::from_utf8(&digits[..2 * part.len()]).unwrap_or_default());
    }
}

/// Lower-case hex of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    write_hex(bytes, &mut out);
    out
}

/// The bytes that a hex text of exactly `N` bytes stands for; lower case only, so that equal bytes have one text.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (target, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *target = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// The same for any number of bytes.
pub fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair| from_hex::<1>(str::from_utf8(pair).ok()?).map(|[byte]| byte);
    text.as_bytes().chunks(2).map(pair).collect()
}

fn write_number(number: &Number, out: &mut String) {
    if let Some(unsigned) = number.as_u64() {
        out.push_str(itoa::Buffer::new().format(unsigned));
    } else if let Some(signed) = number.as_i64() {
        out.push_str(itoa::Buffer::new().format(signed));
    } else {
        out.push_str(ryu_js::Buffer::new().format(number.as_f64().unwrap_or(0.0)));
    }
}

/// Writes one JSON object whose members the caller gives in canonical order.
pub struct ObjectWriter<'a> {
    out: &'a mut String,
    first: bool,
    #[cfg(debug_assertions)]
    last_key: &'static str,
}

impl<'a> ObjectWriter<'a> {
    /// Opens the object.
    pub fn new(out: &'a mut String) -> Self {
        out.push('{');
        ObjectWriter {
            out,
            first: true,
            #[cfg(debug_assertions)]
            last_key: "",
        }
    }

    /// Writes the key (plain ASCII, after every earlier key) and returns where its value goes.
    pub fn key(&mut self, key: &'static str) -> &mut String {
        #[cfg(debug_assertions)]
        {
            debug_assert!(self.last_key < key, "{key} after {}", self.last_key);
            self.last_key = key;
        }
        self.out.push_str(if self.first { "\"" } else { ",\"" });
        self.first = false;
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    /// A string member.
    pub fn string(&mut self, key: &'static str, value: &str) {
        write_string(value, self.key(key));
    }

    /// A string member, left out when there is none.
    pub fn optional(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(key, value);
        }
    }

    /// Closes the object.
    pub fn end(self) {
        self.out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strict(text: &str) -> Result<Value, String> {
        serde_json::from_str::<Strict>(text)
            .map(|strict| strict.0)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn example_of_rfc_8785_section_3_2_4() {
        let input = r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        // Not read strictly: 333333333.33333329 is not the number that its canonical form says.
        let value: Value = serde_json::from_str(input).unwrap();
        assert_eq!(canonical(&value), expected);
    }

    #[test]
    fn keys_sort_by_utf16_units() {
        // RFC 8785 section 3.2.3: the emoji sorts before U+FB33 although its code point is larger.
        let input = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        let value = strict(input).unwrap();
        let canonical = canonical(&value);
        assert_eq!(
            canonical,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn refused() {
        for (text, reason) in [
            (r#"{"a":1,"a":2}"#, "given twice"),
            (r#"{"a":[{"b":1,"b":1}]}"#, "given twice"),
            ("9007199254740993", "not exact"),
            ("-9007199254740993", "not exact"),
            ("18446744073709551615", "not exact"),
            (&format!("{}{}", "[".repeat(33), "]".repeat(33)), "deeper than 32"),
            // More than a parser that calls itself would take.
            (
                &format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)),
                "deeper than 32",
            ),
            (r#"{"a":[0,1e400]}"#, "`a[1]`: number 1e400 is not exact"),
            ("9007199254740993.0", "not exact"),
        ] {
            let error = strict(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(strict(&format!("{}{}", "[".repeat(32), "]".repeat(32))).is_ok());
        assert!(strict("9007199254740992").is_ok());
        assert!(strict("100000000000000000").is_ok());
    }

    #[test]
    fn hex_is_strict() {
        assert_eq!(from_hex::<2>("0aff"), Some([10, 255]));
        for text in ["0aFF", "0af", "0aff0", "zzzz", ""] {
            assert_eq!(from_hex::<2>(text), None, "{text}");
            assert_eq!(bytes_of_hex(text), text.is_empty().then(Vec::new), "{text}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>()
                .prop_filter("finite", |f| f.is_finite())
                .prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_form_is_a_fixed_point(value in any_value()) {
            let once = canonical(&value);
            let read = strict(&once).unwrap();
            prop_assert_eq!(canonical(&read), once);
        }
    }
}
