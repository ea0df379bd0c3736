//! Request bodies: bounded, in time, and JSON read straight into its type.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use domain::code::Code;
use domain::code::check_count;
use evidence::json::{Object, located};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body::Body as _;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::listed::{
    BODY_INCOMPLETE, BODY_TIMEOUT, BODY_TOO_LARGE, INVALID_FIELD, MALFORMED_JSON, UNSUPPORTED_ENCODING,
    UNSUPPORTED_MEDIA_TYPE,
};
use crate::problem::Problem;
use crate::settings::Settings;

/// The JSON body of a request, as bytes; none where there is none, whatever its type is said to be.
pub(crate) async fn given(parts: &Parts, body: Body, settings: &Settings) -> Result<Option<Bytes>, Problem> {
    if body.is_end_stream() {
        return Ok(None);
    }
    let bytes = read(parts, body, settings).await?;
    Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
}

/// Reads a body that may be absent where all its members may.
pub(crate) fn object_or_absent<T: DeserializeOwned>(
    headers: &HeaderMap,
    bytes: Option<&Bytes>,
) -> Result<T, Problem> {
    let Some(bytes) = bytes else {
        return serde_json::from_slice(ABSENT).or_else(|_| {
            check_type(headers)?;
            json(b"")
        });
    };
    object(bytes)
}

/// A member that is there, be it null: for one that left out means something else.
#[expect(clippy::option_option, reason = "left out, null and a value are three things")]
pub(crate) fn given_member<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// An array of one to so many objects. Beyond the bound they are counted, but not kept: a small body could hold very many.
pub(crate) struct Bounded<T, const MAX: usize> {
    items: Vec<T>,
    length: usize,
}

impl<T: JsonSchema, const MAX: usize> Bounded<T, MAX> {
    /// Its schema.
    pub fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = generator.subschema_for::<T>();
        json_schema!({"type": "array", "minItems": 1, "maxItems": MAX, "items": items})
    }

    /// All of them, of which there must be some and not too many; the array is at `path`.
    pub fn within_bounds(self, code: &'static Code, many: &str, path: &str) -> Result<Vec<T>, Problem> {
        check_count(code, many, self.length, MAX, path).map_err(engine::Error::from)?;
        Ok(self.items)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Items<T, MAX> {
            type Value = Bounded<T, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < MAX
                    && let Some(Object(item)) = access.next_element()?
                {
                    items.push(item);
                }
                let mut length = items.len();
                while length >= MAX && access.next_element::<IgnoredAny>()?.is_some() {
                    length += 1;
                }
                Ok(Bounded { items, length })
            }
        }
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

/// What stands for a body that is absent.
pub(crate) const ABSENT: &[u8] = b"{}";

/// Refuses what was sent to an endpoint that takes nothing: it would be passed over in silence.
pub(crate) async fn refuse(parts: &Parts, body: Body, settings: &Settings) -> Result<(), Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    match given(parts, body, settings).await? {
        Some(bytes) => object::<Nothing>(&bytes).map(drop),
        None => Ok(()),
    }
}

/// The JSON body of a request, as bytes.
pub(crate) async fn read(parts: &Parts, body: Body, settings: &Settings) -> Result<Bytes, Problem> {
    read_at_most(parts, body, settings, settings.body_bytes_max).await
}

/// The same of at most so many bytes.
pub(crate) async fn read_at_most(
    parts: &Parts,
    body: Body,
    settings: &Settings,
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    check_type(&parts.headers)?;
    read_any(parts, body, settings, bytes_max).await
}

/// What a form of a page sends, as bytes.
pub(crate) async fn read_form(parts: &Parts, body: Body, settings: &Settings) -> Result<Bytes, Problem> {
    check_is(&parts.headers, FORM)?;
    read_any(parts, body, settings, settings.body_bytes_max).await
}

async fn read_any(
    parts: &Parts,
    body: Body,
    settings: &Settings,
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > bytes_max)) {
        return Err(too_large(bytes_max));
    }
    let collected = tokio::time::timeout(settings.body_timeout, collect(body, bytes_max)).await;
    collected.unwrap_or_else(|_| {
        let detail = format!(
            "the body did not arrive within {} s",
            settings.body_timeout.as_secs()
        );
        Err(Problem::of(BODY_TIMEOUT, detail))
    })
}

/// What JSON is sent as, and what forms are.
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    check_is(headers, JSON)
}

fn check_is(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(wanted) {
        let detail = format!("send the body as Content-Type: {wanted}");
        return Err(Problem::of(UNSUPPORTED_MEDIA_TYPE, detail));
    }
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|value| value != "identity")
    {
        return Err(Problem::of(
            UNSUPPORTED_ENCODING,
            "send the body without Content-Encoding",
        ));
    }
    Ok(())
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::of(
        BODY_TOO_LARGE,
        format!("the body is larger than {bytes_max} bytes, the most that is taken"),
    )
}

async fn collect(mut body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| Problem::of(BODY_INCOMPLETE, "the body broke off before its end"))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(joined.len()) + data.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        // Most bodies come in one piece, which is then passed on without a copy.
        if first.is_empty() && joined.is_empty() {
            first = data;
        } else {
            if joined.is_empty() {
                joined.extend_from_slice(&first);
            }
            joined.extend_from_slice(&data);
        }
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}

/// Reads a JSON object into its type. Serde alone would take an array too, its items as the members in their order.
pub(crate) fn object<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    if bytes.trim_ascii_start().starts_with(b"[") && is_json(bytes) {
        let detail = "the body must be a JSON object";
        return Err(Problem::of(INVALID_FIELD, detail));
    }
    json(bytes)
}

/// Reads JSON into its type. What does not fit is read a second time, to name the field.
pub(crate) fn json<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|_| explained::<T>(bytes))
}

fn explained<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Problem {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let (error, path) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => match reader.end() {
            Ok(()) => return Problem::internal(&"JSON that did not read at first did so the second time"),
            Err(error) => (error, String::new()),
        },
        Err(error) => {
            let path = error.path().to_string();
            (error.into_inner(), if path == "." { String::new() } else { path })
        }
    };
    let place = Some((u32_of(error.line()), u32_of(error.column())));
    let mut message = without_types(&error.to_string());
    if matches!(error.classify(), Category::Syntax | Category::Eof | Category::Io) {
        if !(message.starts_with("expected value") && is_json(bytes)) {
            let detail = format!("the body is not JSON: {message}");
            return Problem {
                place,
                ..Problem::of(MALFORMED_JSON, detail)
            };
        }
        // Where one of a few words is expected, the parser takes anything but a text for a mistake in the JSON.
        message = format!(
            "must be a text, and is something else at line {} column {}",
            error.line(),
            error.column()
        );
    }
    let (path, message) = located(&path, &message);
    let field = match (named(&message), path.as_str()) {
        (Some(name), "") => Some(name.to_owned()),
        (Some(name), path) => Some(format!("{path}.{name}")),
        (None, "") => None,
        (None, path) => Some(path.to_owned()),
    };
    Problem {
        field,
        place,
        ..Problem::of(INVALID_FIELD, message)
    }
}

/// The message where an object or a whole number is expected, which serde calls by the name that its type has in the program.
fn without_types(message: &str) -> String {
    let message = message.replace("expected u64", "expected an integer from 0");
    match message.split_once("expected struct ") {
        Some((before, rest)) => {
            let after = rest.trim_start_matches(char::is_alphanumeric);
            format!("{before}expected an object{after}")
        }
        None => message,
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// The name in serde's words for a field that is missing or given twice, which the path does not hold.
fn named(message: &str) -> Option<&str> {
    let rest = message
        .strip_prefix("missing field `")
        .or_else(|| message.strip_prefix("duplicate field `"))?;
    rest.split('`').next()
}

fn u32_of(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_the_program_is_named() {
        #[derive(Debug, Deserialize)]
        struct Inner {
            #[expect(dead_code, reason = "only its reading is tried")]
            name: String,
        }
        #[derive(Debug, Deserialize)]
        struct Outer {
            #[expect(dead_code, reason = "only its reading is tried")]
            aim: Inner,
        }
        #[derive(Debug, Deserialize)]
        struct Count {
            #[expect(dead_code, reason = "only its reading is tried")]
            tokens: u64,
        }
        let problem = object::<Outer>(br#"{"aim":7}"#).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("aim"));
        let detail = &problem.detail;
        assert!(detail.contains("integer `7`, expected an object"), "{detail}");
        assert!(!detail.contains("Inner"), "{detail}");
        let problem = object::<Count>(br#"{"tokens":-1}"#).unwrap_err();
        assert!(
            problem.detail.contains("expected an integer from 0"),
            "{}",
            problem.detail
        );
    }

    #[test]
    fn a_list_beyond_the_bound_is_counted_but_not_kept() {
        for (count, kept) in [(0, 0), (1, 1), (1_000, 1_000), (1_001, 1_000), (5_000, 1_000)] {
            let item = r#"{"actor":{"kind":"user"},"action":"a"}"#;
            let text = format!("[{}]", vec![item; count].join(","));
            let list: Bounded<domain::audit::Event, 1_000> = json(text.as_bytes()).unwrap();
            assert_eq!((list.length, list.items.len()), (count, kept));
        }
    }
}
