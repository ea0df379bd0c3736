//! Answers of JSON-RPC 2.0.

use axum::body::Body;
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::message::Fault;
use crate::call::{Answer, json_with};

#[derive(Serialize)]
struct Reply<'a, R> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

#[derive(Serialize)]
struct Failure {
    code: i32,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

/// The answer to a request.
pub(super) fn result(id: &RawValue, result: &impl Serialize) -> Answer {
    json_with(
        StatusCode::OK,
        &Reply {
            jsonrpc: "2.0",
            id: Some(id),
            result: Some(result),
            error: None,
        },
    )
}

/// The answer to what is wrong.
pub(super) fn fault(id: Option<&RawValue>, fault: Fault) -> Answer {
    json_with(
        fault.status,
        &Reply::<()> {
            jsonrpc: "2.0",
            id,
            result: None,
            error: Some(Failure {
                code: fault.code,
                message: fault.message,
                data: fault.data,
            }),
        },
    )
}

/// The answer to a notification.
pub(super) fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}
