//! The API's own endpoints, called in this process by what stands before them: the pages' forms, and the tools of MCP. The
//! request goes the way that one from outside goes, with the caller's credential, address and program.

use axum::Router;
use axum::body::Body;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, IF_MATCH, TRANSFER_ENCODING,
};
use http::{Request, Response};
use tower_service::Service as _;

use crate::call::Call;
use crate::origin::Peer;
use crate::problem::Problem;

/// What answers the API's requests.
#[derive(Clone)]
pub(crate) struct Api(pub Router);

/// Most bytes of an answer.
pub(crate) const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Headers of a request that are not those of the one that it makes.
const OWN: [HeaderName; 8] = [
    ACCEPT,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HeaderName::from_static("idempotency-key"),
    IF_MATCH,
    TRANSFER_ENCODING,
];

/// Calls an endpoint as the one who made this request. Headers that the new request has stay as they are.
pub(crate) async fn send(call: &Call, mut request: Request<Body>) -> Result<Response<Body>, Problem> {
    let api = call.parts.extensions.get::<Api>();
    let Api(mut router) = api
        .cloned()
        .ok_or_else(|| Problem::internal(&"a request without the API"))?;
    let given = std::mem::take(request.headers_mut());
    let headers = request.headers_mut();
    for (name, value) in &call.parts.headers {
        if !OWN.contains(name) && !given.contains_key(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.extend(given);
    if let Some(peer) = call.parts.extensions.get::<Peer>() {
        request.extensions_mut().insert(*peer);
    }
    match router.call(request).await {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}
