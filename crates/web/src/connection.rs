//! One connection: its requests to the router, and an end at which no answer is lost.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use http::header::{CONNECTION, EXPECT, STRICT_TRANSPORT_SECURITY};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower_service::Service as _;

use crate::app::App;
use crate::call::answered;
use crate::forwarded;
use crate::host;
use crate::leftover::Leftover;
use crate::origin::Peer;
use crate::settings::Settings;
use crate::wire::Wire;

/// Serves a connection to its end.
pub(crate) async fn serve(
    builder: http1::Builder,
    (stream, peer): (TcpStream, SocketAddr),
    router: Router,
    app: Arc<App>,
) {
    // Answers are small and whole: waiting to fill a packet only costs time.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("{peer}: {error}");
    }
    let settings = &app.settings;
    let wire = Wire::new(stream, settings.stall_timeout);
    let Some(tls) = &settings.tls else {
        if let Some((wire, more_may_come)) = converse(builder, wire, peer, router, &app).await {
            wire.end(more_may_come).await;
        }
        return;
    };
    let Some(stream) = tls.accept(wire, settings.handshake_timeout).await else {
        return;
    };
    if let Some((mut stream, more_may_come)) = converse(builder, stream, peer, router, &app).await {
        // So that the client knows that nothing was cut off.
        if stream.shutdown().await.is_ok() {
            stream.into_inner().0.end(more_may_come).await;
        }
    }
}

/// Answers what comes over a connection; then gives it back where its last answer is still on its way, and whether more of a
/// request may come.
async fn converse<T: AsyncRead + AsyncWrite + Unpin>(
    builder: http1::Builder,
    stream: T,
    peer: SocketAddr,
    router: Router,
    app: &Arc<App>,
) -> Option<(T, bool)> {
    let unread = Arc::new(AtomicBool::new(false));
    let of_requests = Arc::clone(&unread);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let strict = is_encrypted(peer, &request, &app.settings);
        let answered = answer(router.clone(), Arc::clone(&of_requests), Arc::clone(app), request);
        async move {
            let mut response = answered.await?;
            if strict {
                response
                    .headers_mut()
                    .insert(STRICT_TRANSPORT_SECURITY, ENCRYPTED_ALWAYS);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut closing = app.closing();
    let mut connection = builder.serve_connection(TokioIo::new(stream), service);
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
            return None;
        }
    }
    Some((connection.into_parts().io.into_inner(), more_may_come))
}

/// What a browser that came encrypted remembers for a year (RFC 6797). It must not be said otherwise.
const ENCRYPTED_ALWAYS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Whether the caller's connection is encrypted: ours is, or a proxy that is believed says that its is.
fn is_encrypted(peer: SocketAddr, request: &Request<Incoming>, settings: &Settings) -> bool {
    settings.tls.is_some() || forwarded::is_https(peer.ip(), request.headers(), &settings.trusted_proxies)
}

/// The answer to a request, which says so where the connection ends with it.
async fn answer(
    mut router: Router,
    unread: Arc<AtomicBool>,
    app: Arc<App>,
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
    if given_up
        || !leftover
            .read(waits_to_be_asked, app.settings.leftover_timeout)
            .await
    {
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
