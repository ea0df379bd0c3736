//! Values of attributes as JSON, and as texts and numbers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::json::{Strict, canonical};
use serde_json::{Map, Number, Value};

use crate::request::messages::common::v1::any_value::Value as Said;
use crate::request::messages::common::v1::{AnyValue, KeyValue};

/// How deep content is kept as structure. What is deeper is a text, so that every reader of canonical JSON reads it.
const DEPTH_MAX: usize = 24;

/// The largest whole number up to which each is exact as a double.
const EXACT_MAX: u64 = 1 << 53;

/// A value as JSON. What JSON has no exact number for is a text.
pub(crate) fn json(value: &AnyValue) -> Value {
    shallow(structure(value), DEPTH_MAX)
}

fn structure(value: &AnyValue) -> Value {
    match value.value.as_ref() {
        Some(Said::StringValue(text)) => Value::String(text.clone()),
        Some(Said::BoolValue(value)) => Value::Bool(*value),
        Some(Said::IntValue(number)) if number.unsigned_abs() <= EXACT_MAX => Value::from(*number),
        Some(Said::IntValue(number)) => Value::String(number.to_string()),
        Some(Said::DoubleValue(number)) => match Number::from_f64(*number) {
            Some(number) => Value::Number(number),
            None => Value::String(number.to_string()),
        },
        Some(Said::ArrayValue(array)) => Value::Array(array.values.iter().map(structure).collect()),
        Some(Said::KvlistValue(pairs)) => object(&pairs.values),
        Some(Said::BytesValue(bytes)) => Value::String(STANDARD.encode(bytes)),
        Some(Said::StringValueStrindex(_)) | None => Value::Null,
    }
}

/// Pairs as an object; of two of one name the first counts.
pub(crate) fn object(pairs: &[KeyValue]) -> Value {
    let mut members = Map::new();
    for pair in pairs {
        let value = pair.value.as_ref().map_or(Value::Null, structure);
        members.entry(pair.key.as_str()).or_insert(value);
    }
    Value::Object(members)
}

/// The same value, with a text in the place of what is deeper.
pub(crate) fn shallow(value: Value, depth: usize) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::String(canonical(&value)),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| shallow(item, depth - 1));
            Value::Array(items.collect())
        }
        Value::Object(members) => {
            let member = |(name, value)| (name, shallow(value, depth - 1));
            Value::Object(members.into_iter().map(member).collect())
        }
        other => other,
    }
}

/// The structure that a text of JSON holds; the value itself where it holds none, or one that has no single reading.
pub(crate) fn parsed(value: Value) -> Value {
    let read = match &value {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str::<Strict>(text).ok()
        }
        _ => None,
    };
    read.map_or(value, |Strict(read)| shallow(read, DEPTH_MAX))
}

/// A text or number as a text.
pub(crate) fn text(value: &AnyValue) -> Option<String> {
    match value.value.as_ref()? {
        Said::StringValue(text) => Some(text.clone()),
        Said::IntValue(number) => Some(number.to_string()),
        Said::BoolValue(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A number from 0, in whatever form.
pub(crate) fn count(value: &AnyValue) -> Option<u64> {
    match value.value.as_ref()? {
        Said::IntValue(number) => u64::try_from(*number).ok(),
        Said::StringValue(text) => text.trim().parse().ok(),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, and within the bounds"
        )]
        Said::DoubleValue(number) => {
            let within = number.fract() == 0.0 && (0.0..1e15).contains(number);
            within.then_some(*number as u64)
        }
        _ => None,
    }
}

/// A number, in whatever form.
pub(crate) fn double(value: &AnyValue) -> Option<f64> {
    let number = match value.value.as_ref()? {
        #[expect(clippy::cast_precision_loss, reason = "it is asked for as a double")]
        Said::IntValue(number) => *number as f64,
        Said::DoubleValue(number) => *number,
        Said::StringValue(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Whether a value says something.
pub(crate) fn says(value: &AnyValue) -> bool {
    match value.value.as_ref() {
        None | Some(Said::StringValueStrindex(_)) => false,
        Some(Said::StringValue(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

/// A text without what does not print, cut to so many characters; none where nothing is left.
pub(crate) fn clean(text: &str, max: usize) -> Option<String> {
    cut(text, max, |character| !character.is_control())
}

/// The same with line breaks and tabs.
pub(crate) fn clean_lines(text: &str, max: usize) -> Option<String> {
    cut(text, max, |character| {
        !character.is_control() || matches!(character, '\n' | '\r' | '\t')
    })
}

fn cut(text: &str, max: usize, good: fn(char) -> bool) -> Option<String> {
    let kept: String = text
        .chars()
        .filter(|character| good(*character))
        .take(max)
        .collect();
    Some(kept).filter(|kept| !kept.is_empty())
}

/// A text as a word, of which a metric's name is one.
pub(crate) fn word(text: &str, max: usize) -> Option<String> {
    let letter = |character: char| {
        let good = character.is_ascii_alphanumeric() || "._:/-".contains(character);
        if good { character } else { '_' }
    };
    let word: String = text.trim().chars().take(max).map(letter).collect();
    Some(word).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::messages::common::v1::ArrayValue;

    fn of(value: Said) -> AnyValue {
        AnyValue { value: Some(value) }
    }

    #[test]
    fn what_json_has_no_number_for_is_a_text() {
        for (value, expected) in [
            (Said::IntValue(9_007_199_254_740_992), "9007199254740992"),
            (Said::IntValue(9_007_199_254_740_993), "\"9007199254740993\""),
            (Said::IntValue(i64::MIN), "\"-9223372036854775808\""),
            (Said::DoubleValue(f64::NAN), "\"NaN\""),
            (Said::DoubleValue(0.5), "0.5"),
            (Said::BytesValue(vec![255]), "\"/w==\""),
            (Said::BoolValue(true), "true"),
        ] {
            assert_eq!(canonical(&json(&of(value.clone()))), expected, "{value:?}");
        }
    }

    #[test]
    fn content_is_never_deeper_than_it_can_be_read() {
        let mut value = of(Said::IntValue(1));
        for _ in 0..90 {
            value = of(Said::ArrayValue(ArrayValue { values: vec![value] }));
        }
        let text = canonical(&serde_json::json!({"messages": json(&value)}));
        assert!(serde_json::from_str::<Strict>(&text).is_ok());
        let deep = Value::String("[".repeat(31) + &"]".repeat(31));
        let text = canonical(&serde_json::json!({"messages": [parsed(deep)]}));
        assert!(serde_json::from_str::<Strict>(&text).is_ok());
    }

    #[test]
    fn a_text_of_json_is_its_structure_where_that_has_one_reading() {
        for (text, expected) in [
            (r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            ("7", r#""7""#),
            (r#"{"a":1,"a":2}"#, r#""{\"a\":1,\"a\":2}""#),
            ("[9007199254740993]", r#""[9007199254740993]""#),
            ("{not json", r#""{not json""#),
        ] {
            assert_eq!(canonical(&parsed(Value::String(text.to_owned()))), expected);
        }
    }

    #[test]
    fn words_of_names() {
        assert_eq!(
            word("Answer relevance (1-5)", 100).as_deref(),
            Some("Answer_relevance__1-5_")
        );
        assert_eq!((word(" ", 100), clean("\u{7}", 5)), (None, None));
        assert_eq!(clean("a\nbé\u{0}c", 3).as_deref(), Some("abé"));
        assert_eq!(clean_lines("a\nb", 9).as_deref(), Some("a\nb"));
    }
}
