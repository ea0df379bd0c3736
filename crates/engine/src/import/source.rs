//! One source of a mapping: a pointer or a constant, read as a value, a text or a time.

use std::borrow::Cow;
use std::fmt;

use evidence::time::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// The names on the way to it, unescaped.
    Pointer(Vec<String>),
    /// The same on every line.
    Constant(String),
    /// The first of these that finds something.
    First(Vec<Source>),
}

impl Source {
    /// Reads `=constant` or a JSON pointer (RFC 6901).
    pub(super) fn parse(text: &str) -> Result<Source, String> {
        if let Some(constant) = text.strip_prefix('=') {
            return Ok(Source::Constant(constant.to_owned()));
        }
        let Some(path) = text.strip_prefix('/') else {
            return Err(format!(
                "{text:?} is neither a JSON pointer such as \"/user/id\" nor a constant such as \"=user\""
            ));
        };
        path.split('/')
            .map(unescape)
            .collect::<Option<_>>()
            .map(Source::Pointer)
            .ok_or_else(|| format!("{text:?} is not a JSON pointer: after '~' stands 0 or 1"))
    }

    /// What it finds; nothing for null.
    pub(super) fn value<'a>(&'a self, line: &'a Map<String, Value>) -> Option<Cow<'a, Value>> {
        match self {
            Source::Constant(text) => Some(Cow::Owned(Value::String(text.clone()))),
            Source::First(sources) => sources.iter().find_map(|source| source.value(line)),
            Source::Pointer(path) => {
                let (first, rest) = path.split_first()?;
                let found = rest
                    .iter()
                    .try_fold(line.get(first)?, |value, name| match value {
                        Value::Object(members) => members.get(name),
                        Value::Array(items) => items.get(position(name)?),
                        _ => None,
                    })?;
                (!found.is_null()).then_some(Cow::Borrowed(found))
            }
        }
    }

    /// What it finds as text; nothing for null or an empty text.
    pub(super) fn text<'a>(&'a self, line: &'a Map<String, Value>) -> Result<Option<Cow<'a, str>>, String> {
        match self {
            Source::Constant(text) => return Ok((!text.is_empty()).then_some(Cow::Borrowed(text))),
            Source::First(sources) => {
                let mut found = sources.iter().map(|source| source.text(line));
                return found.find_map(Result::transpose).transpose();
            }
            Source::Pointer(_) => {}
        }
        let text = match self.value(line) {
            None => return Ok(None),
            Some(Cow::Borrowed(Value::String(text))) => Cow::Borrowed(text.as_str()),
            Some(value) if value.is_array() || value.is_object() => {
                return Err("must be a text, number or truth value, not an array or object".to_owned());
            }
            Some(value) => Cow::Owned(evidence::json::canonical(&value)),
        };
        Ok((!text.is_empty()).then_some(text))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Constant(text) => write!(f, "={text}"),
            Source::First(sources) => {
                let texts: Vec<String> = sources.iter().map(Source::to_string).collect();
                f.write_str(&texts.join(", or else "))
            }
            Source::Pointer(path) => path
                .iter()
                .try_for_each(|name| write!(f, "/{}", name.replace('~', "~0").replace('/', "~1"))),
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "a text, or a list of texts of which the first counts that finds something"
        )]
        enum Given {
            One(String),
            First(Vec<String>),
        }
        match Given::deserialize(deserializer)? {
            Given::One(text) => Source::parse(&text),
            Given::First(texts) => {
                let sources: Result<_, _> = texts.iter().map(|text| Source::parse(text)).collect();
                sources.map(Source::First)
            }
        }
        .map_err(serde::de::Error::custom)
    }
}

fn unescape(name: &str) -> Option<String> {
    let mut parts = name.split('~');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        out.push(match part.as_bytes().first()? {
            b'0' => '~',
            b'1' => '/',
            _ => return None,
        });
        out.push_str(&part[1..]);
    }
    Some(out)
}

/// A position in an array, which RFC 6901 section 4 writes without leading zeros.
fn position(name: &str) -> Option<usize> {
    let plain = name == "0" || (!name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| name.parse().ok()).flatten()
}

/// How a log writes its times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TimeFormat {
    /// RFC 3339, such as `2026-11-21T08:30:00Z`.
    #[default]
    Rfc3339,
    /// The same, and where it has no offset it is in UTC, such as `2026-11-21 08:30:00.5`.
    #[serde(rename = "iso_8601_utc")]
    Iso8601Utc,
    /// Seconds since 1970, also with a fraction.
    UnixS,
    /// Milliseconds since 1970, also with a fraction.
    UnixMs,
    /// Microseconds since 1970.
    UnixUs,
}

impl TimeFormat {
    /// The time that the source finds; what is finer than a microsecond is cut off.
    pub(super) fn read(
        self,
        source: &Source,
        line: &Map<String, Value>,
    ) -> Result<Option<Timestamp>, String> {
        let Some(text) = source.text(line)? else {
            return Ok(None);
        };
        let (digits, unit) = match self {
            TimeFormat::Rfc3339 => {
                return text
                    .parse()
                    .map(Some)
                    .map_err(|error| format!("{:?} is {error}", super::fit::cut(&text, 64)));
            }
            TimeFormat::Iso8601Utc => {
                let zoned = text
                    .parse()
                    .or_else(|_| format!("{}Z", text.replacen(' ', "T", 1)).parse());
                return zoned
                    .map(Some)
                    .map_err(|error| format!("{:?} is {error}", super::fit::cut(&text, 64)));
            }
            TimeFormat::UnixS => (6, "seconds"),
            TimeFormat::UnixMs => (3, "milliseconds"),
            TimeFormat::UnixUs => (0, "microseconds"),
        };
        let time = micros(&text, digits).and_then(Timestamp::from_micros);
        time.map(Some).ok_or_else(|| {
            format!(
                "{:?} is not a time in {unit} since 1970, between the years 0001 and 9999",
                super::fit::cut(&text, 64)
            )
        })
    }
}

/// A decimal number times ten to the power of `digits`, rounded towards zero, without the error of a double.
fn micros(text: &str, digits: usize) -> Option<i64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let kept = &fraction[..fraction.len().min(digits)];
    let number: i64 = format!("{whole}{kept:0<digits$}").parse().ok()?;
    Some(if unsigned.len() == text.len() {
        number
    } else {
        -number
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::json::read_object;

    #[test]
    fn pointers_of_rfc_6901_section_5() {
        let line = read_object(r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2," ":7,"m~n":8}"#).unwrap();
        for (pointer, expected) in [
            ("/foo/0", Some("bar")),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/c%d", Some("2")),
            ("/ ", Some("7")),
            ("/m~0n", Some("8")),
            ("/foo/00", None),
            ("/foo/-", None),
            ("/foo/2", None),
            ("/nothing/here", None),
            ("=", None),
            ("=/x", Some("/x")),
        ] {
            let source = Source::parse(pointer).unwrap();
            assert_eq!(source.text(&line).unwrap().as_deref(), expected, "{pointer}");
        }
        let first = |pointers: &[&str]| {
            let sources = pointers.iter().map(|pointer| Source::parse(pointer).unwrap());
            Source::First(sources.collect())
        };
        for (pointers, expected) in [
            (&["/none", "/m~0n", "/a~1b"][..], Some("8")),
            (&["/none", "=", "=x"], Some("x")),
            (&["/none", "/gone"], None),
        ] {
            assert_eq!(
                first(pointers).text(&line).unwrap().as_deref(),
                expected,
                "{pointers:?}"
            );
        }
        assert_eq!(first(&["/none", "/foo"]).value(&line).unwrap()[1], "baz");
        assert!(
            first(&["/foo", "/"]).text(&line).is_err(),
            "what is there must fit"
        );
        assert!(Source::parse("/foo").unwrap().text(&line).is_err());
        assert!(Source::parse("foo").is_err());
        assert!(Source::parse("/a~2").is_err());
        assert!(Source::parse("/a~").is_err());
    }

    #[test]
    fn times() {
        let read = |format: TimeFormat, json: &str| {
            let line = read_object(&format!("{{\"t\":{json}}}")).unwrap();
            format
                .read(&Source::parse("/t").unwrap(), &line)
                .map(|time| time.map(|time| time.to_string()))
        };
        let at = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(
            read(TimeFormat::UnixS, "1464307123"),
            at("2016-05-26T23:58:43.000000Z")
        );
        assert_eq!(
            read(TimeFormat::UnixS, "\"1464307123.1234567\""),
            at("2016-05-26T23:58:43.123456Z")
        );
        assert_eq!(
            read(TimeFormat::UnixS, "1464307123.5"),
            at("2016-05-26T23:58:43.500000Z")
        );
        assert_eq!(
            read(TimeFormat::UnixMs, "1464307123001.25"),
            at("2016-05-26T23:58:43.001250Z")
        );
        assert_eq!(
            read(TimeFormat::UnixUs, "1464307123000001"),
            at("2016-05-26T23:58:43.000001Z")
        );
        assert_eq!(read(TimeFormat::UnixS, "-1"), at("1969-12-31T23:59:59.000000Z"));
        assert_eq!(
            read(TimeFormat::Rfc3339, "\"2016-05-26T23:58:43Z\""),
            at("2016-05-26T23:58:43.000000Z")
        );
        assert_eq!(read(TimeFormat::Rfc3339, "null"), Ok(None));
        for text in [
            "2016-05-26T23:58:43.5",
            "2016-05-26 23:58:43.5",
            "2016-05-27T01:58:43.5+02:00",
        ] {
            let json = format!("{text:?}");
            assert_eq!(
                read(TimeFormat::Iso8601Utc, &json),
                at("2016-05-26T23:58:43.500000Z"),
                "{text}"
            );
        }
        for (format, json) in [
            (TimeFormat::Rfc3339, "\"26/May/2016\""),
            (TimeFormat::Rfc3339, "\"2016-05-26T23:58:43\""),
            (TimeFormat::Iso8601Utc, "\"2016-05-26\""),
            (TimeFormat::UnixS, "\"1e9\""),
            (TimeFormat::UnixS, "\"\\u0661\""),
            (TimeFormat::UnixS, "999999999999999"),
            (TimeFormat::UnixUs, "\".5\""),
            (TimeFormat::UnixMs, "[]"),
        ] {
            assert!(read(format, json).is_err(), "{json}");
        }
    }
}
