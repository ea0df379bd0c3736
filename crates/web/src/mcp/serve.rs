//! Answers requests of MCP.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::Response;
use http::header::COOKIE;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::carry_out::carry_out;
use super::message::{self, Fault, INVALID_PARAMS, METHOD_NOT_FOUND, Message};
use super::reply;
use super::revision::{CALL, INITIALIZE, Revision};
use crate::app::App;
use crate::body;
use crate::call::{self, Answer, Call, Route};
use crate::endpoint::{Access, Verb};
use crate::inside::Api;
use crate::listed::MALFORMED_CREDENTIAL;
use crate::openapi::{Content, Doc};
use crate::problem::Problem;

/// Longest body, in bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// How long a client may keep the list of tools, in milliseconds: as long as the server runs, and it does not say for how long.
const KEPT_MS: u64 = 300_000;

/// What a client may tell its model about the whole.
const INSTRUCTIONS: &str = "Probity records what agents do, and has people decide what they may do. Before an action that \
    needs a yes: propose_action, approval_status until it is granted, approval_use, the action with exactly those arguments, \
    approval_outcome. For a task: execution_start, execution_step, execution_finish.";

/// The endpoint. It is not in the OpenAPI document: what it takes and gives, MCP says.
pub(crate) static ROUTE: Route = Route {
    verb: Verb::Post,
    path: "/mcp",
    access: Access::Caller,
    handler: |call| Box::pin(handle(call)),
    doc: || {
        static DOC: LazyLock<Doc> = LazyLock::new(|| Doc {
            body: Some(Content::json(r#"{"type":"object"}"#, &[])),
            ..Doc::EMPTY
        });
        &DOC
    },
    page: None,
};

/// Answers a request. `api` answers what its tools send on. Cookies do not count: a browser sends them whoever asks.
pub(crate) async fn answer(
    app: Arc<App>,
    number: usize,
    mut request: Request,
    api: Router,
) -> Response<Body> {
    request.headers_mut().remove(COOKIE);
    request.extensions_mut().insert(Api(api));
    call::answer(app, number, &ROUTE, request).await
}

async fn handle(mut call: Call) -> Answer {
    call.documented()?;
    let settings = &call.app.settings;
    settings.hosts.check(&call.parts, &settings.public_url)?;
    if call.identity()?.api_key.is_none() {
        let detail = "MCP takes an API key: Authorization: Bearer prb_…";
        return Err(Problem::of(MALFORMED_CREDENTIAL, detail));
    }
    let sent = call.take_body();
    let settings = &call.app.settings;
    let bytes_max = BODY_BYTES_MAX.min(settings.body_bytes_max);
    let bytes = body::read_at_most(&call.parts, sent, settings, bytes_max).await?;
    let headers = &call.parts.headers;
    match message::read(&bytes) {
        Err((id, fault)) => reply::fault(id, fault),
        Ok(Message::Notification) => match Revision::of_notification(headers) {
            Ok(()) => Ok(reply::accepted()),
            Err(fault) => reply::fault(None, fault),
        },
        Ok(Message::Request(request)) => match Revision::of(headers, &request) {
            Ok(revision) => answered(&call, revision, &request).await,
            Err(fault) => reply::fault(Some(request.id), fault),
        },
    }
}

async fn answered(call: &Call, revision: Revision, request: &message::Request<'_>) -> Answer {
    let made = match (request.method.as_str(), revision.is_stateless()) {
        (CALL, _) => match carry_out(call, request).await {
            Ok(given) => return reply::result(request.id, &Whole::of(revision, given)),
            Err(fault) => Err(fault),
        },
        (INITIALIZE, false) => initialized(request),
        ("ping", false) => Ok(json!({})),
        ("server/discover", true) => Ok(json!({
            "supportedVersions": Revision::names(),
            "capabilities": capabilities(),
            "instructions": INSTRUCTIONS,
            "ttlMs": KEPT_MS,
            "cacheScope": "public",
        })),
        ("tools/list", _) => listed(call, revision, request),
        _ => Err(unknown(revision, &request.method)),
    };
    match made {
        Ok(made) => reply::result(request.id, &Whole::of(revision, made)),
        Err(fault) => reply::fault(Some(request.id), fault),
    }
}

/// A result, with what each result of its revision has.
#[derive(Serialize)]
struct Whole<T> {
    #[serde(flatten)]
    common: Map<String, Value>,
    #[serde(flatten)]
    own: T,
}

impl<T> Whole<T> {
    fn of(revision: Revision, own: T) -> Whole<T> {
        let mut common = Map::new();
        if revision.is_stateless() {
            common.insert("resultType".to_owned(), "complete".into());
            let about = json!({"io.modelcontextprotocol/serverInfo": server()});
            common.insert("_meta".to_owned(), about);
        }
        Whole { common, own }
    }
}

fn server() -> Value {
    json!({"name": "probity", "title": "Probity", "version": env!("CARGO_PKG_VERSION")})
}

fn capabilities() -> Value {
    json!({"tools": {}})
}

fn initialized(request: &message::Request<'_>) -> Result<Value, Fault> {
    let Some(wanted) = request.params.text("protocolVersion") else {
        let message = format!(
            "`protocolVersion` must be a text, such as {}",
            Revision::agreed("").as_str()
        );
        return Err(Fault::new(INVALID_PARAMS, message));
    };
    Ok(json!({
        "protocolVersion": Revision::agreed(&wanted).as_str(),
        "capabilities": capabilities(),
        "serverInfo": server(),
        "instructions": INSTRUCTIONS,
    }))
}

fn listed(call: &Call, revision: Revision, request: &message::Request<'_>) -> Result<Value, Fault> {
    if request.params.get("cursor").is_some() {
        let message = "there is no such cursor: all tools are on one page";
        return Err(Fault::new(INVALID_PARAMS, message).understood());
    }
    let mut result = json!({"tools": call.app.mcp.tools});
    if revision.is_stateless() {
        result["ttlMs"] = KEPT_MS.into();
        result["cacheScope"] = "public".into();
    }
    Ok(result)
}

/// A method that there is not. Clients of the stateless revision learn it from the status, too; for those of earlier ones that
/// status would say that their session has ended.
fn unknown(revision: Revision, method: &str) -> Fault {
    let message = format!("there is no method {method:?} here");
    let fault = Fault::new(METHOD_NOT_FOUND, message);
    if revision.is_stateless() {
        Fault {
            status: http::StatusCode::NOT_FOUND,
            ..fault
        }
    } else {
        fault.understood()
    }
}
