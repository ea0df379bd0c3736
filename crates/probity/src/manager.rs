//! What a service manager (systemd) is told: that the server is ready, that it lives, that it stops. Without one it is told to
//! nobody.

use engine::Engine;
use sd_notify::NotifyState;
use tokio::task::JoinHandle;

/// Into how many parts the time is cut within which the manager wants to hear something.
const PARTS: u32 = 3;

/// Whether there is a manager that listens.
pub fn is_there() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager cannot be told how the server is");
    }
}

/// The server listens.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Once this is done the manager hears that the server stops.
pub async fn told_of(stop: impl Future<Output = ()>) {
    stop.await;
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("finishing what is in flight"),
    ]);
}

/// Says again and again that the server lives, as long as its Writer does, where the manager wants to hear it. A server that
/// says nothing is ended and started anew: so nothing is said where the Writer's thread has ended, or hangs.
pub fn watch(engine: &Engine) -> Option<JoinHandle<()>> {
    let within = sd_notify::watchdog_enabled().filter(|within| !within.is_zero())?;
    let mut often = tokio::time::interval(within / PARTS);
    let engine = engine.clone();
    Some(tokio::spawn(async move {
        loop {
            often.tick().await;
            if !engine.writer_lives().await {
                tracing::error!("the Writer has ended: nothing is written until the server is started anew");
                return;
            }
            tell(&[NotifyState::Watchdog]);
        }
    }))
}
