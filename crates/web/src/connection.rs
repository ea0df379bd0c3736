//! One connection: its requests to the router, and an end at which no answer is lost.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service as _;

use crate::app::Closing;
use crate::call::answered;
use crate::host;
use crate::leftover::Leftover;
use crate::origin::Peer;
use crate::wire::Wire;

/// How long a connection waits for its client.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// For a body that nobody reads.
    pub leftover: Duration,
    /// For a reader that takes nothing.
    pub stall: Duration,
}

/// Serves a connection to its end.
pub(crate) async fn serve(
    builder: http1::Builder,
    (stream, peer): (TcpStream, SocketAddr),
    router: Router,
    mut closing: Closing,
    times: Times,
) {
    // Answers are small and whole: waiting to fill a packet only costs time.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("{peer}: {error}");
    }
    let unread = Arc::new(AtomicBool::new(false));
    let of_requests = Arc::clone(&unread);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        answer(router.clone(), Arc::clone(&of_requests), times, request)
    });
    let io = TokioIo::new(Wire::new(stream, times.stall));
    let mut connection = builder.serve_connection(io, service);
    let result = tokio::select! {
        result = &mut connection => result,
        () = closing.wait() => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let mut more_may_come = unread.load(Ordering::Relaxed);
    if let Err(error) = &result {
        tracing::debug!("{peer}: {error}");
        // What cannot be parsed was answered, and what follows it was not read.
        more_may_come |= error.is_parse();
        if !error.is_parse() {
            return;
        }
    }
    connection.into_parts().io.into_inner().end(more_may_come).await;
}

/// The answer to a request, which says so where the connection ends with it.
async fn answer(
    mut router: Router,
    unread: Arc<AtomicBool>,
    times: Times,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if let Err(problem) = host::check(&request) {
        let mut response = answered(&request, problem.into_response());
        ends(&mut response, &unread);
        return Ok(response);
    }
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return router.call(Request::from_parts(parts, Body::empty())).await;
    }
    let waits_to_be_asked = parts.headers.contains_key(EXPECT);
    let leftover = Leftover::default();
    let body = Body::new(leftover.lend(body));
    let mut response = router.call(Request::from_parts(parts, body)).await?;
    // A body that was waited for in vain is not waited for again.
    let given_up = response.status() == StatusCode::REQUEST_TIMEOUT;
    if given_up || !leftover.read(waits_to_be_asked, times.leftover).await {
        ends(&mut response, &unread);
    }
    Ok(response)
}

/// The connection ends with this answer, although more of its request may come.
fn ends(response: &mut Response<Body>, unread: &AtomicBool) {
    unread.store(true, Ordering::Relaxed);
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
}
