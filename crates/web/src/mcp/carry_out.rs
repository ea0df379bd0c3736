//! Calls of tools: arguments become a request of an endpoint, its answer the tool's.

use axum::body::{Body, to_bytes};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Request, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::members::Members;
use super::message::{Fault, INVALID_PARAMS};
use super::schema::RECEIPT;
use super::tools::{OUTCOME, To, Tool, WAIT};
use super::{message, next};
use crate::call::Call;
use crate::endpoint::Verb;
use crate::inside::{self, BYTES_MAX};
use crate::listed::{ANSWER_TOO_LARGE, INVALID_FIELD};
use crate::origin;
use crate::problem::Problem;

/// The member of `_meta` that says which trace a call belongs to (W3C Trace Context), and the header that it becomes.
static TRACE: HeaderName = HeaderName::from_static("traceparent");

/// What a tool answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answered {
    content: [Text; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<Box<RawValue>>,
    is_error: bool,
}

#[derive(Serialize)]
struct Text {
    #[serde(rename = "type")]
    kind: &'static str,
    text: String,
}

impl Answered {
    fn new(text: String, structured_content: Option<Box<RawValue>>) -> Answered {
        Answered {
            is_error: structured_content.is_none(),
            content: [Text { kind: "text", text }],
            structured_content,
        }
    }

    /// A problem, with what to do next.
    fn refused(mut problem: Value, status: StatusCode, retry_after: Option<&str>) -> Answered {
        let code = problem["code"].as_str().unwrap_or_default();
        problem["next"] = next::of(code, status.as_u16()).into();
        if let Some(seconds) = retry_after.and_then(|text| text.parse::<u32>().ok()) {
            problem["retry_after_s"] = seconds.into();
        }
        Answered::new(problem.to_string(), None)
    }
}

impl From<Problem> for Answered {
    fn from(problem: Problem) -> Answered {
        let retry_after = problem.retry_after.map(|seconds| seconds.to_string());
        Answered::refused(problem.members(), problem.status, retry_after.as_deref())
    }
}

/// Calls the tool that a request names. What the tool refuses is an answer of it; what names no tool is a fault.
pub(super) async fn carry_out(call: &Call, request: &message::Request<'_>) -> Result<Answered, Fault> {
    let invalid = |message: String| Fault::new(INVALID_PARAMS, message).understood();
    let Some(name) = request.params.text("name") else {
        return Err(invalid("`name` must be the name of a tool".to_owned()));
    };
    let Some((tool, known)) = call.app.mcp.find(&name) else {
        return Err(invalid(format!(
            "there is no tool {name:?}; tools/list says which there are"
        )));
    };
    let given = request.params.get("arguments").map_or("{}", RawValue::get);
    if !given.starts_with('{') {
        return Err(invalid("`arguments` must be an object".to_owned()));
    }
    let arguments = serde_json::from_str(given);
    let arguments = arguments.map_err(|error| Problem::of(INVALID_FIELD, error.to_string()));
    let answered = match arguments.and_then(|arguments| asked(tool, known, &arguments)) {
        Ok(asked) => send(call, &asked, request.meta.text(TRACE.as_str())).await,
        Err(problem) => Err(problem),
    };
    Ok(answered.unwrap_or_else(Answered::from))
}

/// The request that a call of a tool becomes.
#[derive(Debug)]
struct Asked {
    verb: Verb,
    target: String,
    /// What it takes beside its path; none where it reads.
    body: Option<String>,
}

fn asked(tool: &Tool, known: &[String], arguments: &Members<'_>) -> Result<Asked, Problem> {
    let mut left = Vec::new();
    for (name, value) in &arguments.0 {
        if !known.contains(name) {
            let there = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            return Err(Problem::field(
                name,
                format!("there is no such argument here; there are: {there}"),
            ));
        }
        left.push((name.as_str(), *value));
    }
    let (verb, path) = endpoint(tool, &mut left)?;
    let mut target = String::new();
    for part in path.split('/').skip(1) {
        target.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(variable) => {
                let value = taken(&mut left, variable).and_then(|value| text(variable, value).transpose());
                let value = value.ok_or_else(|| Problem::field(variable, "is missing"))??;
                if value.is_empty() {
                    return Err(Problem::field(variable, "must not be empty"));
                }
                target.extend(utf8_percent_encode(&value, NON_ALPHANUMERIC));
            }
            None => target.push_str(part),
        }
    }
    if verb == Verb::Get {
        let mut before = '?';
        for (name, value) in left {
            let Some(value) = text(name, value)? else { continue };
            let name = if name == WAIT.0 { waits(&value)? } else { name };
            target.push(before);
            target.push_str(name);
            target.push('=');
            target.extend(utf8_percent_encode(&value, NON_ALPHANUMERIC));
            before = '&';
        }
        let body = None;
        return Ok(Asked { verb, target, body });
    }
    let members: Vec<String> = left
        .iter()
        .map(|(name, value)| format!("{}:{}", json!(name), value.get()))
        .collect();
    let body = Some(format!("{{{}}}", members.join(",")));
    Ok(Asked { verb, target, body })
}

/// The endpoint, which an argument may name.
fn endpoint(tool: &Tool, left: &mut Vec<(&str, &RawValue)>) -> Result<(Verb, &'static str), Problem> {
    match tool.to {
        To::One(verb, path) => Ok((verb, path)),
        To::Waiting(path) => Ok((Verb::Get, path)),
        To::Outcome(ways) => {
            let outcome = taken(left, OUTCOME).and_then(|value| text(OUTCOME, value).ok().flatten());
            let way = ways.iter().find(|(known, _)| outcome.as_deref() == Some(*known));
            let words: Vec<&str> = ways.iter().map(|(known, _)| *known).collect();
            let wrong = || Problem::field(OUTCOME, format!("must be one of: {}", words.join(", ")));
            way.map(|(_, path)| (Verb::Post, *path)).ok_or_else(wrong)
        }
    }
}

/// The parameter by which an endpoint waits, where the time is not too long.
fn waits(value: &str) -> Result<&'static str, Problem> {
    let (argument, parameter, max) = WAIT;
    if value.parse::<u64>().is_ok_and(|seconds| seconds <= max) {
        return Ok(parameter);
    }
    let detail = format!("must be a whole number of seconds from 0 to {max}");
    Err(Problem::field(argument, detail))
}

/// Takes an argument out of those that are left.
fn taken<'a>(left: &mut Vec<(&str, &'a RawValue)>, name: &str) -> Option<&'a RawValue> {
    let place = left.iter().position(|(known, _)| *known == name)?;
    Some(left.remove(place).1)
}

/// An argument as a path or a query has it; none for null, which is the same as leaving it out.
fn text(name: &str, value: &RawValue) -> Result<Option<String>, Problem> {
    match value.get().as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'{' | b'[') | None => Err(Problem::field(name, "must be a text, a number, true or false")),
        Some(b'"') => serde_json::from_str(value.get())
            .map(Some)
            .map_err(|_| Problem::field(name, "is no text")),
        Some(_) => Ok(Some(value.get().to_owned())),
    }
}

/// Sends a request on, as the caller of the tool.
async fn send(call: &Call, asked: &Asked, trace: Option<String>) -> Result<Answered, Problem> {
    let mut request = Request::builder()
        .method(asked.verb.as_str())
        .uri(&asked.target)
        .body(asked.body.clone().map_or_else(Body::empty, Body::from))
        .map_err(|error| Problem::internal(&error))?;
    let headers = request.headers_mut();
    if asked.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let trace = trace.filter(|trace| origin::trace_id(trace).is_some());
    if let Some(Ok(value)) = trace.map(HeaderValue::try_from) {
        headers.insert(&TRACE, value);
    }
    request.extensions_mut().insert(call.known()?.clone());
    let (parts, body) = inside::send(call, request).await?.into_parts();
    let answer = whole(body, BYTES_MAX).await?;
    let is = |kind: &str| parts.headers.get(CONTENT_TYPE).is_some_and(|value| value == kind);
    if !parts.status.is_success() {
        let problem = serde_json::from_str(&answer).map_err(|error| Problem::internal(&error))?;
        let retry_after = parts
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        return Ok(Answered::refused(problem, parts.status, retry_after));
    }
    let answer = if is("application/json") {
        answer
    } else {
        json!({RECEIPT: answer}).to_string()
    };
    let structured = RawValue::from_string(answer.clone()).map_err(|error| Problem::internal(&error))?;
    Ok(Answered::new(answer, Some(structured)))
}

/// An answer that has at most so many bytes.
async fn whole(body: Body, bytes_max: usize) -> Result<String, Problem> {
    let bytes = to_bytes(body, bytes_max).await.map_err(|_| {
        let detail =
            format!("the answer is larger than {bytes_max} bytes: ask for less, such as a smaller `limit`");
        Problem::of(ANSWER_TOO_LARGE, detail)
    })?;
    String::from_utf8(bytes.into()).map_err(|error| Problem::internal(&error))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn an_answer_has_a_bound() {
        let text = "x".repeat(1_000);
        let in_pieces = || {
            let pieces = text.as_bytes().chunks(300).map(Bytes::copy_from_slice);
            let pieces: Vec<_> = pieces.map(Ok::<_, Infallible>).collect();
            Body::from_stream(stream::iter(pieces))
        };
        for body in [Body::from(text.clone()), in_pieces()] {
            assert_eq!(whole(body, 1_000).await.unwrap(), text);
        }
        for body in [Body::from(text.clone()), in_pieces()] {
            let answered = Answered::from(whole(body, 999).await.unwrap_err());
            assert!(answered.is_error && answered.structured_content.is_none());
            let told: Value = serde_json::from_str(&answered.content[0].text).unwrap();
            assert_eq!(
                (&told["code"], &told["status"]),
                (&json!("answer_too_large"), &json!(422))
            );
            assert!(
                told["next"].as_str().unwrap().contains("smaller `limit`"),
                "{told}"
            );
        }
    }
}
