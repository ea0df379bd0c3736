//! One request on its way: authenticated as its route says, handled, counted, and its answer made safe.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request};
use domain::identity::Permission;
use domain::{Caller, Origin};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use crate::app::App;
use crate::body;
use crate::openapi::Doc;
use crate::origin;
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::{Access, Route};

/// What a handler gives back.
pub(crate) type Answer = Result<Response<Body>, Problem>;
/// A handler as the table of routes holds it.
pub(crate) type Handler = fn(Call) -> BoxFuture<'static, Answer>;

/// A request whose caller may make it.
pub(crate) struct Call {
    /// What all requests share.
    pub app: Arc<App>,
    /// Method, path and headers.
    pub parts: Parts,
    caller: Option<Caller>,
    body: Body,
}

impl Call {
    /// Who calls; routes that are open to everyone have no caller.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(no_credential)
    }

    /// Where the request came from.
    pub fn origin(&self) -> Origin {
        origin::of(&self.parts, self.app.settings.trusted_proxy)
    }

    /// The query parameters, which must all be documented.
    pub fn query(&self, doc: &Doc) -> Result<Query, Problem> {
        Query::parse(self.parts.uri.query(), doc.parameters)
    }

    /// The variable part of the path.
    pub async fn path(&mut self) -> Result<String, Problem> {
        let path = Path::<String>::from_request_parts(&mut self.parts, &()).await;
        path.map(|Path(text)| text).map_err(|_| Problem::unknown_path())
    }

    /// The body, which must be JSON.
    pub async fn body(&mut self) -> Result<bytes::Bytes, Problem> {
        body::read(&self.parts, std::mem::take(&mut self.body), &self.app.settings).await
    }
}

/// Answers a request of this row of the table.
pub(crate) async fn answer(
    app: Arc<App>,
    number: usize,
    route: &'static Route,
    request: Request,
) -> Response<Body> {
    let started = Instant::now();
    let requests = Arc::clone(&app);
    let attempt = AssertUnwindSafe(attempt(app, route, request))
        .catch_unwind()
        .await;
    let result = attempt.unwrap_or_else(|_| Err(Problem::internal(&format_args!("{} panicked", route.path))));
    let mut response = result.unwrap_or_else(Problem::into_response);
    secure(&mut response, route.path);
    requests
        .requests
        .record(number, response.status(), started.elapsed());
    response
}

async fn attempt(app: Arc<App>, route: &'static Route, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let public = app.settings.public_entries;
    // None: no caller; Some(None): any caller.
    let needed = match route.access {
        Access::Open => None,
        Access::Key | Access::Command(_) => Some(None),
        Access::ReadUnlessPublic(_) if public => None,
        Access::Read(permission) | Access::ReadUnlessPublic(permission) => Some(Some(permission)),
    };
    let caller = match needed {
        None => None,
        Some(permission) => Some(authenticated(&app, &parts, permission).await?),
    };
    (route.handler)(Call {
        app,
        parts,
        caller,
        body,
    })
    .await
}

/// The caller behind the credential, who holds the permission if one is asked for.
async fn authenticated(app: &App, parts: &Parts, permission: Option<Permission>) -> Result<Caller, Problem> {
    let token = bearer(parts)?;
    let caller = app.engine.authenticate(token).await?;
    if let Some(permission) = permission {
        app.engine.authorise(&caller, permission).await?;
    }
    Ok(caller)
}

fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(no_credential)?;
    let malformed = || {
        let detail = "the header must be one Authorization: Bearer prb_… with an API key";
        Problem::new(StatusCode::UNAUTHORIZED, "malformed_credential", detail)
    };
    if values.next().is_some() {
        return Err(malformed());
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(malformed)?;
    // RFC 9110 section 11.1: the scheme's case does not matter.
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(malformed())
    }
}

fn no_credential() -> Problem {
    let detail = "this needs an API key: Authorization: Bearer prb_…";
    Problem::new(StatusCode::UNAUTHORIZED, "no_credential", detail)
}

/// Headers that every answer has: a browser shall neither guess its type, nor run anything in it, nor keep it.
pub(crate) fn secure(response: &mut Response<Body>, path: &str) {
    let public = path.starts_with("/log/");
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    if !public || !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// An answer of this type.
pub(crate) fn with_type(media: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// A value as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Answer {
    let bytes = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    Ok(with_type("application/json", bytes))
}
