//! Whether what is written to can be written to, and trying it again while batches fail.
//!
//! A batch that fails for want of space, or in a way that only the operator can mend, makes the service not ready. It is
//! ready again as soon as a batch is written, or a trial shows that one could be: a service that is not ready is
//! sent no requests, so it must not wait for one.

use std::sync::Weak;
use std::time::Duration;

use store::ErrorKind;

use crate::engine::{Engine, Shared};
use crate::health::{Health, HealthCheck, STORAGE};
use crate::writes::Failing;

/// How often it is tried again while batches fail.
const EVERY: Duration = Duration::from_secs(1);

impl Engine {
    /// Why batches fail now, where they do.
    pub fn failing(&self) -> Option<Failing> {
        self.shared().writes.failing()
    }

    /// Whether the service can do its work, tried by writing something that is rolled back.
    pub async fn check_up(&self) -> Health {
        let mut health = self.health().await;
        if self.failing().is_none() {
            let tried = store::trial::run(self.db()).await;
            health.checks.retain(|check| check.name != STORAGE);
            health.checks.push(tried_check(tried));
            health.ready = health.checks.iter().all(|check| check.ok);
        }
        health
    }

    /// The check of what is written to; while batches fail it is tried whether they still do.
    pub(crate) async fn storage_check(&self) -> HealthCheck {
        let shared = self.shared();
        if shared.writes.failing().is_some() {
            try_again(shared).await;
        }
        match shared.writes.failing() {
            None => well("batches are written"),
            Some(failing) => {
                let detail = format!(
                    "since {} batches fail ({} so far): {}",
                    failing.since, failing.batches, failing.message
                );
                unwell(failing.code, detail)
            }
        }
    }
}

fn well(detail: &str) -> HealthCheck {
    HealthCheck::new(STORAGE, true, detail)
}

fn unwell(code: &'static str, detail: String) -> HealthCheck {
    HealthCheck {
        code: Some(code),
        ..HealthCheck::new(STORAGE, false, detail)
    }
}

/// What a trial says of the storage.
fn tried_check(tried: Result<(), store::Error>) -> HealthCheck {
    let Err(error) = tried else {
        return well("a trial could write");
    };
    if error.kind == ErrorKind::Retry {
        return well("another process is writing");
    }
    let code = if error.kind == ErrorKind::Full {
        "storage_full"
    } else {
        "write_failed"
    };
    unwell(code, error.to_string())
}

async fn try_again(shared: &Shared) {
    let Ok(_alone) = shared.writes.trying.try_lock() else {
        return;
    };
    if store::trial::run(&shared.db).await.is_ok() {
        shared.writes.well();
    }
}

/// Tries again every second while batches fail, until the engine is gone.
pub(crate) async fn run(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(shared) = shared.upgrade() else { return };
        if shared.writes.failing().is_some() {
            try_again(&shared).await;
        }
    }
}
