//! One request on its way: authenticated as its route says, handled, counted, and its answer made safe.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request};
use domain::identity::Permission;
use domain::{Caller, Origin, own_id};
use engine::Identity;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde::de::DeserializeOwned;
use uuid::Uuid;
use views::Filter;

use crate::admit::{Door, Known, SCOPE_MISSING};
use crate::app::App;
use crate::endpoint::{Access, Verb};
use crate::limit::QuotaLeft;
use crate::listed::{MALFORMED_IF_MATCH, NO_IF_MATCH};
use crate::openapi::Doc;
use crate::problem::Problem;
use crate::query::{Fields, Query};
use crate::request_log::{Line, Told};
use crate::{body, credential, origin};

/// What a handler gives back.
pub(crate) type Answer = Result<Response<Body>, Problem>;
/// A handler as the table of routes holds it.
pub(crate) type Handler = fn(Call) -> BoxFuture<'static, Answer>;

/// One endpoint, a row of the table of routes.
pub(crate) struct Route {
    pub verb: Verb,
    pub path: &'static str,
    pub access: Access,
    pub handler: Handler,
    pub doc: fn() -> &'static Doc,
    /// How people see it, where it shows a noun.
    pub page: Option<Page>,
}

/// How people see what an endpoint shows: a page of the console.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    /// The key of the noun's list.
    pub key: &'static str,
    /// One of them, and several, for people.
    pub names: (&'static str, &'static str),
    /// What the list can be narrowed down by.
    pub filters: &'static [Filter],
    /// Whether it shows one of them, by what the path ends with.
    pub one: bool,
    pub handler: Handler,
}

impl Route {
    /// Its method and path.
    fn named(&self) -> (&'static str, &'static str) {
        (self.verb.as_str(), self.path)
    }
}

/// A request whose caller may make it.
pub(crate) struct Call {
    /// What all requests share.
    pub app: Arc<App>,
    /// Method, path and headers.
    pub parts: Parts,
    route: &'static Route,
    caller: Option<Known>,
    address: Option<IpAddr>,
    /// Locked only so that a call can be shared between threads, which a body cannot.
    body: Mutex<Body>,
}

impl Call {
    /// Who calls; routes that are open to everyone have no caller.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        Ok(&self.known()?.caller)
    }

    /// Who calls, with what is known of it.
    pub fn identity(&self) -> Result<&Arc<Identity>, Problem> {
        Ok(&self.known()?.identity)
    }

    /// Who calls, for a request that this one makes of another endpoint.
    pub fn known(&self) -> Result<&Known, Problem> {
        self.caller.as_ref().ok_or_else(credential::missing)
    }

    /// Checks a permission that the route alone does not ask for; a refusal is recorded.
    pub async fn require(&self, permission: Permission) -> Result<(), Problem> {
        let identity = self.identity()?;
        let Err(refusal) = identity.principal.authorise(permission) else {
            return Ok(());
        };
        let engine = &self.app.engine;
        let refused = engine
            .refused_request(identity, refusal, self.route.named(), self.origin())
            .await;
        Err(refused.into())
    }

    /// Checks that the caller holds one of two permissions, the first of them for what is their own: for commands
    /// that look something up before they are decided. A refusal is recorded.
    pub async fn require_either(&self, own: Permission, all: Permission) -> Result<(), Problem> {
        match self.identity()?.principal.authorise(all) {
            Ok(_) => Ok(()),
            // The role may do it for all; it is the key that may not.
            Err(refusal) if refusal.code == SCOPE_MISSING => self.require(all).await,
            // Who may do neither is told what it takes for their own.
            Err(_) => self.require(own).await,
        }
    }

    /// Checks what the route demands, for commands that look something up before they are decided.
    pub async fn require_of_route(&self) -> Result<(), Problem> {
        match self.route.access {
            Access::Command(permission) => self.require(permission).await,
            Access::OwnOr(own, all) => self.require_either(own, all).await,
            _ => Ok(()),
        }
    }

    /// The path as the table of routes has it.
    pub fn template(&self) -> &'static str {
        self.route.path
    }

    /// Where the request came from.
    pub fn origin(&self) -> Origin {
        origin::of(&self.parts, self.address)
    }

    /// The query parameters, which must all be documented.
    pub fn query(&self, doc: &Doc) -> Result<Query, Problem> {
        Query::parse(self.parts.uri.query(), doc.parameters)
    }

    /// The query parameters, which the route's own documentation must name.
    pub fn documented(&self) -> Result<Query, Problem> {
        self.query((self.route.doc)())
    }

    /// The query parameters that are documented, and what is wrong with others.
    pub fn each(&self) -> (Query, Vec<Problem>) {
        Query::each(self.parts.uri.query(), (self.route.doc)().parameters)
    }

    /// The variable part of the path.
    pub async fn path(&mut self) -> Result<String, Problem> {
        let path = Path::<String>::from_request_parts(&mut self.parts, &()).await;
        path.map(|Path(text)| text).map_err(|_| Problem::unknown_path())
    }

    /// The variable part of the path, which must be an id.
    pub async fn id(&mut self) -> Result<Uuid, Problem> {
        id_of("id", &self.path().await?)
    }

    /// The body as it comes in, which nobody has after that.
    pub fn take_body(&mut self) -> Body {
        std::mem::take(self.body.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// The fields of a form.
    pub async fn form(&mut self) -> Result<Fields, Problem> {
        let body = self.take_body();
        let bytes = body::read_form(&self.parts, body, &self.app.settings).await?;
        Fields::parse(std::str::from_utf8(&bytes).unwrap_or_default())
    }

    /// The body, which must be JSON.
    pub async fn body(&mut self) -> Result<bytes::Bytes, Problem> {
        let body = self.take_body();
        body::read(&self.parts, body, &self.app.settings).await
    }

    /// The body, an object, read into its type; it may be absent where all its members may.
    pub async fn input<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        self.input_and_bytes().await.map(|(input, _)| input)
    }

    /// The same, with the bytes that it was read from.
    pub async fn input_and_bytes<T: DeserializeOwned>(&mut self) -> Result<(T, bytes::Bytes), Problem> {
        let body = self.take_body();
        let bytes = body::given(&self.parts, body, &self.app.settings).await?;
        let input = body::object_or_absent(&self.parts.headers, bytes.as_ref())?;
        Ok((input, bytes.unwrap_or(bytes::Bytes::from_static(body::ABSENT))))
    }
}

/// The id that a part of a path is.
pub(crate) fn id_of(field: &str, text: &str) -> Result<Uuid, Problem> {
    own_id::parse(text).ok_or_else(|| Problem::field(field, own_id::MUST))
}

/// Answers a request of this row of the table.
pub(crate) async fn answer(
    app: Arc<App>,
    number: usize,
    route: &'static Route,
    request: Request,
) -> Response<Body> {
    answer_with(app, number, route, request, async |problem| {
        problem.into_response()
    })
    .await
}

/// The same with other words for problems.
pub(crate) async fn answer_with(
    app: Arc<App>,
    number: usize,
    route: &'static Route,
    request: Request,
    refused: impl AsyncFnOnce(Problem) -> Response<Body>,
) -> Response<Body> {
    let started = Instant::now();
    let line = Line::of(&request);
    let requests = Arc::clone(&app);
    let mut quota = None;
    let attempt = AssertUnwindSafe(attempt(app, route, request, &mut quota)).catch_unwind();
    let (attempt, recorded) = if line.is_some() {
        Box::pin(engine::noting(attempt)).await
    } else {
        (attempt.await, None)
    };
    let result = attempt.unwrap_or_else(|_| Err(Problem::internal(&format_args!("{} panicked", route.path))));
    let mut response = match result {
        Ok(response) => response,
        Err(mut problem) => {
            let (code, entry) = (problem.code, problem.recorded());
            if route.access == Access::Credentials {
                // Refusals of a known user's have an entry of another kind: nobody unknown shall learn which was met.
                problem.entry = None;
            }
            let mut response = refused(problem).await;
            response.extensions_mut().insert(Told { code, entry });
            response
        }
    };
    secure(&mut response, route.path);
    if let Some(quota) = quota {
        quota.write(response.headers_mut());
    }
    requests
        .requests
        .record(number, response.status(), started.elapsed());
    if let Some(line) = line {
        line.write(&response, recorded);
    }
    response
}

async fn attempt(
    app: Arc<App>,
    route: &'static Route,
    request: Request,
    quota: &mut Option<QuotaLeft>,
) -> Answer {
    let (mut parts, body) = request.into_parts();
    let address = origin::address(&parts, &app.settings.trusted_proxies, &app.unreadable);
    let public = app.settings.public_entries;
    let open = match route.access {
        Access::Open | Access::Credentials => true,
        Access::ReadUnlessPublic(_) => public,
        _ => false,
    };
    let known = parts.extensions.remove::<Known>();
    let door = Door {
        app: &app,
        parts: &parts,
        address,
        route: route.named(),
        access: route.access,
    };
    let caller = match known {
        _ if open => None,
        Some(known) => Some(door.known(known).await?),
        None => Some(door.authenticated(quota).await?),
    };
    let mut body = body;
    if route.verb != Verb::Get && (route.doc)().body.is_none() {
        body::refuse(&parts, std::mem::take(&mut body), &app.settings).await?;
    }
    (route.handler)(Call {
        app,
        parts,
        route,
        caller,
        address,
        body: Mutex::new(body),
    })
    .await
}

/// The answer to a request that no route is for: made safe, and told to the log.
pub(crate) fn answered<T>(request: &http::Request<T>, mut response: Response<Body>) -> Response<Body> {
    secure(&mut response, request.uri().path());
    if let Some(line) = Line::of(request) {
        line.write(&response, None);
    }
    response
}

/// Headers that every answer has: a browser shall neither guess its type, nor run anything in it, nor keep it. A page
/// brings its own policy.
fn secure(response: &mut Response<Body>, path: &str) {
    let public = path.starts_with("/log/") || path.starts_with("/static/");
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ));
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

/// A value as JSON, with this status.
pub(crate) fn json_with(status: StatusCode, value: &impl serde::Serialize) -> Answer {
    let mut response = json(value)?;
    *response.status_mut() = status;
    Ok(response)
}

/// An answer without a body.
pub(crate) fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The same answer with the version of what it shows, as a strong entity tag (RFC 9110 section 8.8.3).
pub(crate) fn tagged(mut response: Response<Body>, version: u64) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

/// The version that `If-Match` asks for (RFC 9110 section 13.1.1); none for `*`. It must be given: without it, who
/// comes last would undo what others changed meanwhile.
pub(crate) fn if_match(parts: &Parts) -> Result<Option<u64>, Problem> {
    if parts.headers.contains_key(IF_MATCH) {
        return if_match_given(parts);
    }
    let detail = "send If-Match with the ETag that you read, so that nobody's change is lost; * for any";
    Err(Problem::of(NO_IF_MATCH, detail))
}

/// The version that `If-Match` asks for, where it is given: for steps that depend on a state, which is checked anyway.
pub(crate) fn if_match_given(parts: &Parts) -> Result<Option<u64>, Problem> {
    let malformed = || {
        let detail = "If-Match must be one entity tag as ETag gave it, such as \"3\", or *";
        Problem::of(MALFORMED_IF_MATCH, detail)
    };
    let mut values = parts.headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(malformed());
    }
    let text = value.to_str().map_err(|_| malformed())?.trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(crate::query::decimal);
    version.map(Some).ok_or_else(malformed)
}
