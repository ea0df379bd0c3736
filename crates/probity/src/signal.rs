//! Being asked to stop.

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Done at SIGTERM or Ctrl-C. A second signal ends the process at once: nothing acknowledged is lost by that.
pub fn stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let failed = |error: std::io::Error| Failure::could_not_run("signal", error.to_string(), "");
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let (tell, told) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut tell = Some(tell);
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            match tell.take() {
                Some(tell) => {
                    tracing::info!("stopping: finishing what is in flight");
                    // The receiver lives as long as the work; where it is gone, the work has ended.
                    let _ = tell.send(());
                }
                None => std::process::exit(130),
            }
        }
    });
    Ok(async move { drop(told.await) })
}
