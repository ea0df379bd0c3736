//! The endpoints, and errors as their clients expect them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use domain::identity::Permission::{WorkflowsOwn, WorkflowsWrite};
use futures_util::FutureExt;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use otlp::{Encoding, Signal, answer};

use crate::app::App;
use crate::call::{Route, answer_with};
use crate::endpoint::{Access, Verb};
use crate::openapi::{Content, Doc};
use crate::problem::Problem;

use super::receive::{self, RETRY_AFTER_S, encoding};

static DOC: Doc = Doc {
    body: Some(Content::json("", &[])),
    ..Doc::EMPTY
};

const fn route(path: &'static str, handler: crate::call::Handler) -> Route {
    Route {
        verb: Verb::Post,
        path,
        access: Access::OwnOr(WorkflowsOwn, WorkflowsWrite),
        handler,
        doc: || &DOC,
        page: None,
    }
}

/// The endpoints, which stand behind those of the API.
pub(crate) static ROUTES: [Route; 3] = [
    route("/otlp/v1/traces", |call| {
        receive::handle(call, Signal::Traces).boxed()
    }),
    route("/otlp/v1/logs", |call| {
        receive::handle(call, Signal::Logs).boxed()
    }),
    route("/otlp/v1/metrics", |call| {
        receive::handle(call, Signal::Metrics).boxed()
    }),
];

/// Answers a request of this row of the table.
pub(crate) async fn respond(
    app: Arc<App>,
    number: usize,
    route: &'static Route,
    request: Request,
) -> Response<Body> {
    let encoding = encoding(request.headers()).unwrap_or(Encoding::Json);
    answer_with(app, number, route, request, async |problem| {
        refused(encoding, problem)
    })
    .await
}

/// A problem as OTLP's clients expect it: the same status and headers.
fn refused(encoding: Encoding, problem: Problem) -> Response<Body> {
    let message = match &problem.field {
        Some(field) => format!("{}: {field}: {}", problem.code, problem.detail),
        None => format!("{}: {}", problem.code, problem.detail),
    };
    let mut response = problem.into_response();
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(encoding.media()));
    if matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        headers.insert(RETRY_AFTER, RETRY_AFTER_S.into());
    }
    *response.body_mut() = Body::from(answer::error(encoding, status.as_u16(), &message));
    response
}
