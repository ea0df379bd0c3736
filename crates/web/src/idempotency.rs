//! `Idempotency-Key` and `dry_run`: sending a request again without doing it again, and asking what would come of it.

use axum::body::Body;
use domain::{Command, FieldError, Refusal, Reply, code};
use engine::Error;
use engine::custody::OperationId;
use http::{HeaderValue, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::body;
use crate::call::{Answer, Call, json};
use crate::id::Id;
use crate::listed::MALFORMED_KEY;
use crate::openapi::Parameter;
use crate::problem::{Problem, REPLAYED};
use crate::query::Query;

/// Most characters of a key.
const KEY_LEN_MAX: usize = 255;
const NAME: &str = "Idempotency-Key";

/// The header of every request of custody that makes something.
pub(crate) const HEADER: &[Parameter] = &[Parameter::header(
    NAME,
    "Names the request: the same again is answered as the first time, with the header `Idempotent-Replayed`, also where \
     it was refused for a reason of state. A member that is null, or is what goes without saying, is the same as one \
     left out. Keys of different callers and of different paths are different keys.",
    r#"{"type":"string","minLength":1,"maxLength":255,"pattern":"^[ -~]+$","examples":["order-4711"]}"#,
)];

/// The parameter of every request of custody that changes something.
pub(crate) const DRY_RUN: &[Parameter] = &[Parameter::query(
    "dry_run",
    "`true`: says what would come of it now, and does nothing.",
    r#"{"enum":["true","false"],"default":"false"}"#,
)];

/// The header of an answer that was given before.
pub(crate) const REPLAYED_HEADER: (&str, &str) = (
    "Idempotent-Replayed",
    "`true` where it had been done before, and nothing was done now.",
);

/// What `Idempotency-Key` says.
fn key(call: &Call) -> Result<Option<&str>, Problem> {
    let mut values = call.parts.headers.get_all(NAME).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|text| {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        printable && (1..=KEY_LEN_MAX).contains(&text.len())
    });
    let malformed = || {
        let detail =
            format!("Idempotency-Key must be 1 to {KEY_LEN_MAX} printable ASCII characters, given once");
        Problem::of(MALFORMED_KEY, detail)
    };
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(malformed()),
    }
}

/// The key of a request with this body, where it brought one.
pub(crate) fn of(call: &Call, body: &[u8]) -> Result<Option<OperationId>, Problem> {
    let Some(key) = key(call)? else { return Ok(None) };
    named(call, key, &asked(body)?).map(Some)
}

/// Whether the request brought a key.
pub(crate) fn given(call: &Call) -> Result<bool, Problem> {
    key(call).map(|key| key.is_some())
}

/// The key of a request that asks for this, where it brought one.
pub(crate) fn of_asked(call: &Call, asked: &Value) -> Result<Option<OperationId>, Problem> {
    key(call)?.map(|key| named(call, key, asked)).transpose()
}

fn named(call: &Call, key: &str, asked: &Value) -> Result<OperationId, Problem> {
    let caller = call.identity()?.user.id.to_string();
    Ok(OperationId::new(caller, call.template(), key, asked))
}

/// What a body asks for: null is the same as a member left out, in the object or in each of a list.
pub(crate) fn asked(body: &[u8]) -> Result<Value, Problem> {
    let mut body: Value = body::json(body)?;
    objects_of(&mut body).for_each(|members| members.retain(|_, value| !value.is_null()));
    Ok(body)
}

/// The object that a body is, or those of its list.
pub(crate) fn objects_of(body: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let all = match body {
        Value::Array(items) => items.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    all.iter_mut().filter_map(Value::as_object_mut)
}

/// The id of what is made: the caller's own, or the one that follows from the key.
pub(crate) fn id(own: Option<Id>, key: Option<&OperationId>) -> Result<Option<Uuid>, Problem> {
    match (own, key) {
        (Some(_), Some(_)) => Err(both("id")),
        (own, key) => Ok(own.map(|id| id.0).or_else(|| key.map(|key| key.id(0)))),
    }
}

/// The problem of a body that names ids although there is a key.
pub(crate) fn both(field: impl Into<String>) -> Problem {
    let message = "an id follows from the Idempotency-Key: give one or the other";
    FieldError::new(field, message).into()
}

/// The problem of a request that came with a key: an id that is taken is the key's.
pub(crate) fn problem(error: Error, key: Option<&OperationId>) -> Problem {
    match error {
        Error::Refused { refusal, entry } if key.is_some() && refusal.code == code::ID_CONFLICT.name => {
            let message =
                "this Idempotency-Key came with another request before; use a new key for a new request";
            let reused = Refusal {
                field: refusal.field,
                ..code::IDEMPOTENCY_KEY_REUSED.because(message)
            };
            let error = Error::Refused {
                refusal: reused,
                entry,
            };
            error.into()
        }
        error => error.into(),
    }
}

/// The same answer, marked where it had been given before.
pub(crate) fn replayed(mut response: Response<Body>, replayed: bool) -> Response<Body> {
    if replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// Whether nothing is to be done.
pub(crate) fn dry_run(query: &Query) -> Result<bool, Problem> {
    let asked = query.read("dry_run", "true or false", |text| text.parse().ok())?;
    Ok(asked.unwrap_or(false))
}

/// What a command would be answered now.
pub(crate) async fn try_one(
    call: &Call,
    command: Command,
    key: Option<&OperationId>,
) -> Result<Reply, Problem> {
    let engine = &call.app.engine;
    let answers = engine
        .dry_run(call.caller()?, &call.origin(), vec![Ok(command)])
        .await?;
    let answer = answers
        .into_iter()
        .next()
        .ok_or_else(|| Problem::internal(&"a dry run was not answered"))?;
    answer.map_err(|error| problem(error, key))
}

/// What would be there: the same object with `dry_run`, and without the id that it does not have.
pub(crate) fn dry(value: &impl Serialize) -> Answer {
    let mut value = serde_json::to_value(value).map_err(|error| Problem::internal(&error))?;
    if let Value::Object(members) = &mut value {
        members.remove("id");
        members.insert("dry_run".to_owned(), true.into());
    }
    json(&value)
}
