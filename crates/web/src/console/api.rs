//! The API's own endpoints, called in this process by the pages' forms: the request goes the way that one from outside goes,
//! with the reader's cookie, address and program.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, EXPECT, HeaderMap, HeaderName, LOCATION,
    TRANSFER_ENCODING,
};
use http::{HeaderValue, Request, StatusCode};
use serde_json::Value;
use tower_service::Service as _;

use crate::call::Call;
use crate::console::place::place;
use crate::endpoint::Verb;
use crate::origin::Peer;
use crate::problem::Problem;

/// What answers the API's requests.
#[derive(Clone)]
pub(crate) struct Api(pub Router);

/// Most bytes of an answer.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Headers of a page's request that are not those of the one that it makes.
const OWN: [HeaderName; 6] = [
    ACCEPT,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    TRANSFER_ENCODING,
];

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

    /// What is said of a problem: its code, its words, its field and the entry that records it.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.body[name].as_str()
    }
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
    let api = call.parts.extensions.get::<Api>();
    let Api(mut router) = api.cloned().ok_or_else(|| internal(&"a page without the API"))?;
    let text = body.map_or_else(String::new, Value::to_string);
    let mut request = Request::builder()
        .method(verb.as_str())
        .uri(path)
        .body(Body::from(text))
        .map_err(|error| internal(&error))?;
    let headers = request.headers_mut();
    for (name, value) in &call.parts.headers {
        if !OWN.contains(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in more {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name.clone(), value);
        }
    }
    if let Some(peer) = call.parts.extensions.get::<Peer>() {
        request.extensions_mut().insert(*peer);
    }
    let response = router.call(request).await.map_err(|error| internal(&error))?;
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
