//! Numbers as text: whether what the digits say is what every reader of the canonical form gets.
//!
//! Once a parser has made a double of a number, nobody can tell what it was. So this looks at the text.

use std::ops::Range;

/// Longest part of a number that an error repeats, in characters.
const SHOWN_MAX: usize = 60;

/// A number that would be another one in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("number {number} is not exact as a JSON number; send it as a string")]
pub struct Inexact {
    /// Where it is, such as `a.b[2]`; empty for a text that is nothing but the number.
    pub path: String,
    /// The number as it was written; a very long one is cut.
    pub number: String,
}

/// Refuses a JSON text that holds a number which is not exact.
pub fn check_exact(text: &str) -> Result<(), Inexact> {
    refuse(text, |number| !is_exact(number))
}

/// The same, but takes whole numbers of 64 bits as well: rows of the program's own hold them, and reading keeps them.
pub(crate) fn check_kept(text: &str) -> Result<(), Inexact> {
    refuse(text, |number| {
        number.parse::<u64>().is_err() && number.parse::<i64>().is_err() && !is_exact(number)
    })
}

fn refuse(text: &str, bad: impl Fn(&str) -> bool) -> Result<(), Inexact> {
    match numbers(text).find(|range| bad(&text[range.clone()])) {
        None => Ok(()),
        Some(range) => Err(Inexact {
            path: path_at(text, range.start),
            number: shown(&text[range]),
        }),
    }
}

fn shown(number: &str) -> String {
    match number.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &number[..end]),
        None => number.to_owned(),
    }
}

/// Whether the canonical form (RFC 8785) of `number`, a number of JSON, has the same decimal value.
///
/// So `0.1`, `1.0` and `-0` are exact, and `9007199254740993` is not. A double holds 2^64, but its canonical form is
/// `18446744073709552000`, which is another number: it is not exact either.
pub fn is_exact(number: &str) -> bool {
    // Up to 15 digits always come back the same (IEEE 754 binary64).
    if number.len() <= 15 && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return true;
    }
    match number.parse::<f64>() {
        // Not as Rust prints it: where two shortest decimals are equally near, RFC 8785 wants the even one.
        Ok(double) if double.is_finite() => decimal(number) == decimal(ryu_js::Buffer::new().format(double)),
        _ => false,
    }
}

/// Sign, significant digits, and the power of ten of the last one; no digits for zero. `None` for an absurd exponent.
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

/// Where the numbers of a JSON text are. What is no number of JSON is passed over, and so is one in the place of a
/// member's name: a parser refuses both.
pub fn numbers(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'"' => at = string_end(bytes, at),
                b'-' | b'0'..=b'9' => {
                    let start = at;
                    at += bytes[at..]
                        .iter()
                        .take_while(|byte| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                        .count();
                    let name = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                    if !name && is_number(&bytes[start..at]) {
                        return Some(start..at);
                    }
                }
                _ => at += 1,
            }
        }
        None
    })
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

/// A step from a value to one within it.
enum Step<'a> {
    /// The text of the member's name, quotes and escapes and all.
    Member(&'a str),
    Item(usize),
}

/// The path of what stands at `offset` of a JSON text, such as `a.b[2]`.
fn path_at(text: &str, offset: usize) -> String {
    let bytes = text.as_bytes();
    let mut steps: Vec<Step> = Vec::new();
    let mut at = 0;
    while at < offset {
        match bytes[at] {
            b'"' => {
                let end = string_end(bytes, at);
                // The last string before a value is its name; one that was a value itself is replaced by the next name.
                if let Some(Step::Member(name)) = steps.last_mut() {
                    *name = &text[at..end];
                }
                at = end;
                continue;
            }
            b'{' => steps.push(Step::Member("")),
            b'[' => steps.push(Step::Item(0)),
            b'}' | b']' => drop(steps.pop()),
            b',' => {
                if let Some(Step::Item(position)) = steps.last_mut() {
                    *position += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Member(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&serde_json::from_str::<String>(name).unwrap_or_default());
            }
            Step::Item(position) => {
                path.push('[');
                path.push_str(&position.to_string());
                path.push(']');
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_exact() {
        for number in [
            "0",
            "-0",
            "-0.0",
            "0e9999999999999999999999",
            "0.1",
            "1.0",
            "1.50",
            "1e3",
            "2E-3",
            "1e+30",
            "100",
            "9007199254740991",
            "9007199254740992",
            "-9007199254740992",
            "9007199254740992.0",
            "0.1e1",
            "100000000000000000000000",
            "1.7976931348623157e308",
            "5e-324",
            "123456789012345.6",
            // Halfway between two decimals that both read back: the even one is canonical.
            "923969731962505.2",
        ] {
            assert!(is_exact(number), "{number}");
        }
        for number in [
            "9007199254740993",
            "-9007199254740993",
            "9007199254740993.0",
            "900719925474099.3e1",
            "18446744073709551615",
            // 2^64 and 2^64 + 1.
            "18446744073709551616",
            "18446744073709551617",
            "1e-400",
            "1E400",
            "-1e400",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0.1000000000000000055511151231257827",
            "1.00000000000000000001",
            "923969731962505.3",
        ] {
            assert!(!is_exact(number), "{number}");
        }
    }

    #[test]
    fn the_path_leads_to_the_number() {
        for (text, path, number) in [
            ("1e400", "", "1e400"),
            ("[1, 2, 1e400]", "[2]", "1e400"),
            (r#"{"a":1e400}"#, "a", "1e400"),
            (
                r#"{"a":{"x":[1,{"y":"z"}]},"b":[0,[],{"c":"1e400","d":[[1e-400]]}]}"#,
                "b[2].d[0][0]",
                "1e-400",
            ),
            (r#"{"\"}{é\u0041":-1e400}"#, "\"}{éA", "-1e400"),
            (
                r#"{"a 1e400 \" ":"1e400","b" : 9007199254740993 }"#,
                "b",
                "9007199254740993",
            ),
        ] {
            let expected = Inexact {
                path: path.into(),
                number: number.into(),
            };
            assert_eq!(check_exact(text), Err(expected), "{text}");
        }
        for text in [
            r#"{"a":"1e400"}"#,
            "{1e400 :1}",
            "[09007199254740993]",
            "[9007199254740993.]",
            "",
            "\"\\",
        ] {
            assert_eq!(check_exact(text), Ok(()), "{text}");
        }
        let long = "9".repeat(100_000);
        assert!(check_exact(&long).unwrap_err().number.len() < 100);
    }

    proptest! {
        #[test]
        fn every_double_is_exact_as_it_is_printed(double in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let mut buffer = ryu_js::Buffer::new();
            let canonical = buffer.format(double);
            prop_assert!(is_exact(canonical));
            // Rust may print the other one of two decimals that are equally near.
            let scientific = format!("{double:e}");
            prop_assert_eq!(is_exact(&scientific), decimal(&scientific) == decimal(canonical));
        }

        #[test]
        fn an_integer_is_exact_as_its_canonical_form_says(integer: u64) {
            #[expect(clippy::cast_precision_loss, reason = "the loss is what is tested for")]
            let same = ryu_js::Buffer::new().format(integer as f64) == integer.to_string();
            prop_assert_eq!(is_exact(&integer.to_string()), same);
        }
    }
}
