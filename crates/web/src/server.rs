//! The server: HTTP/1.1 over TCP or TLS, until it is told to stop.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::connection;
use crate::router;
use crate::settings::Settings;

/// Pause after the system could not give us a connection, for instance because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the API until `shutdown` is done; then accepts nothing more, ends event streams, and lets what is under
/// way finish within [`Settings::shutdown_grace`].
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(settings.connections_max));
    let app = router::app(engine, settings);
    let router = router::build(&app);
    // Not `pipeline_flush`: it holds answers back while anything more was received, and buffers without a bound.
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Who has sent a whole request and then says that nothing more comes (`nc -N`) is waiting for the answer.
        .half_close(true)
        .header_read_timeout(app.settings.header_timeout);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok(accepted) => {
                let (builder, router) = (builder.clone(), router.clone());
                let served = connection::serve(builder, accepted, router, Arc::clone(&app));
                connections.spawn(async move {
                    served.await;
                    drop(permit);
                });
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!("no connection can be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    app.close();
    let grace = app.settings.shutdown_grace;
    let finished =
        tokio::time::timeout(grace, async { while connections.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        tracing::warn!(
            "{} connections were cut after {} s",
            connections.len(),
            grace.as_secs()
        );
        connections.shutdown().await;
    }
    Ok(())
}

/// The other end gave up before we took the connection: nothing is wrong here.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
