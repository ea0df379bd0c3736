//! Being asked to stop, or to look again.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Done at SIGTERM or Ctrl-C. A second signal ends the process at once: nothing acknowledged is lost by that.
pub fn stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| failed(&error))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| failed(&error))?;
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

/// Does this at SIGHUP, and as often as this besides.
pub fn on_hangup(every: Duration, mut work: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| failed(&error))?;
    tokio::spawn(async move {
        loop {
            // At the end of the time nobody has asked, and it is done all the same.
            drop(tokio::time::timeout(every, hangup.recv()).await);
            work();
        }
    });
    Ok(())
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::could_not_run("signal", error.to_string(), "")
}
