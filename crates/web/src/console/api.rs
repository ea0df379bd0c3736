//! The API's own endpoints, called by the pages' forms.

use axum::body::{Body, to_bytes};
use http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LOCATION};
use http::{HeaderValue, Request, StatusCode};
use serde_json::Value;

use crate::call::Call;
use crate::console::place::place;
use crate::endpoint::Verb;
use crate::inside::{self, BYTES_MAX};
use crate::problem::Problem;

/// Members that are names, of one thing or another.
const NAMES: [&str; 6] = ["username", "name", "workflow", "action", "title", "code"];

/// What an endpoint answered.
pub(crate) struct Answered {
    pub status: StatusCode,
    /// The body; null where there is none.
    pub body: Value,
    headers: HeaderMap,
}

impl Answered {
    fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The version of what it shows, for `If-Match`.
    pub fn tag(&self) -> Option<&str> {
        self.text(&ETAG)
    }

    /// Where the page of what was made is.
    pub fn location(&self) -> Option<String> {
        self.text(&LOCATION).map(place)
    }

    /// What is wrong, without where in what was sent: that says nothing to who filled in a form.
    pub fn detail(&self) -> &str {
        let detail = self.said("detail").unwrap_or("it was refused");
        detail.split(" at line ").next().unwrap_or(detail)
    }

    /// The name that people gave to what it shows.
    pub fn name(&self) -> Option<&str> {
        let members = self.body.as_object()?;
        let given = |name: &&str| {
            let within = members.values().filter_map(|inner| inner.get(name));
            members
                .get(*name)
                .into_iter()
                .chain(within)
                .find_map(Value::as_str)
        };
        NAMES.iter().find_map(given)
    }

    /// What is said of a problem: its code, its words, its field and the entry that records it.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.body[name].as_str()
    }
}

/// Asks for one of a list.
pub(crate) async fn one(call: &Call, list: &str, name: &str) -> Result<Answered, Problem> {
    let path = format!("{list}/{}", console::encoded(name));
    self::call(call, Verb::Get, &path, &[], None).await
}

/// Calls an endpoint as the one who asked for this page.
pub(crate) async fn call(
    call: &Call,
    verb: Verb,
    path: &str,
    more: &[(HeaderName, &str)],
    body: Option<&Value>,
) -> Result<Answered, Problem> {
    let internal = |error: &dyn std::fmt::Display| Problem::internal(error);
    let text = body.map_or_else(String::new, Value::to_string);
    let mut request = Request::builder()
        .method(verb.as_str())
        .uri(path)
        .body(Body::from(text))
        .map_err(|error| internal(&error))?;
    let headers = request.headers_mut();
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in more {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name.clone(), value);
        }
    }
    let response = inside::send(call, request).await?;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, BYTES_MAX)
        .await
        .map_err(|error| internal(&error))?;
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).map_err(|error| internal(&error))?
    };
    Ok(Answered {
        status: parts.status,
        body,
        headers: parts.headers,
    })
}
