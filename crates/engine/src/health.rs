//! Whether the service can do its work.

use std::time::Duration;

use tlog::Checkpoint;

use crate::clock;
use crate::engine::Engine;
use crate::error::Error;

/// How long the database may take for a check: whoever asks whether the service is ready does not wait for long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// The check of what is written to.
pub(crate) const STORAGE: &str = "storage";

/// One check of the service's health.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct HealthCheck {
    /// What is checked.
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// Why it is not, as errors say it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What was found.
    pub detail: String,
}

impl HealthCheck {
    pub(crate) fn new(name: &'static str, ok: bool, detail: impl Into<String>) -> HealthCheck {
        HealthCheck {
            name,
            ok,
            code: None,
            detail: detail.into(),
        }
    }

    fn of<E: std::fmt::Display>(name: &'static str, found: Result<String, E>) -> HealthCheck {
        match found {
            Ok(detail) => HealthCheck::new(name, true, detail),
            Err(error) => HealthCheck::new(name, false, error.to_string()),
        }
    }
}

/// A check that asks the database; one that takes too long is not well.
fn soon(name: &'static str, check: impl Future<Output = HealthCheck>) -> impl Future<Output = HealthCheck> {
    let check = tokio::time::timeout(PATIENCE, Box::pin(check));
    let late = move |_| HealthCheck::new(name, false, format!("no answer within {PATIENCE:?}"));
    async move { check.await.unwrap_or_else(late) }
}

/// The service's health.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// Whether it can serve: every check is well, but for the clock's.
    pub ready: bool,
    /// The checks.
    pub checks: Vec<HealthCheck>,
}

impl Engine {
    /// Whether the service can do its work.
    pub async fn health(&self) -> Health {
        // All at once: where the database hangs, each of them waits for as long as it may.
        let (database, log, storage) = tokio::join!(
            soon("database", async {
                HealthCheck::of("database", self.db().version().await)
            }),
            soon("log", self.log_check()),
            soon(STORAGE, self.storage_check()),
        );
        let mut checks = vec![database, log, self.writer_check(), storage];
        let ready = checks.iter().all(|check| check.ok);
        // The log does not depend on a clock that jumped: the operator has to act, not those who send requests.
        checks.push(self.clock_check());
        Health { ready, checks }
    }

    async fn log_check(&self) -> HealthCheck {
        if let Some(halt) = self.halt() {
            let code = Some(halt.fault.code());
            let detail = format!("{} (since {})", halt.reason, halt.since);
            return HealthCheck {
                code,
                ..HealthCheck::new("log", false, detail)
            };
        }
        HealthCheck::of("log", self.signed_size().await)
    }

    async fn signed_size(&self) -> Result<String, Error> {
        let note = self.checkpoint().await?;
        let checkpoint = Checkpoint::open(&note, self.verifier_key())
            .map_err(|error| store::Error::data(error.to_string()))?;
        Ok(format!("{} entries", checkpoint.size))
    }

    fn clock_check(&self) -> HealthCheck {
        let own = self.clock().alarm().map(|alarm| alarm.to_string());
        let told = || clock::watch::told(&self.options().data_dir);
        match own.or_else(told) {
            Some(alarm) => HealthCheck::new("clock", false, alarm),
            None => HealthCheck::new(
                "clock",
                true,
                "goes with the steady clock, and is not behind the log",
            ),
        }
    }

    fn writer_check(&self) -> HealthCheck {
        let metrics = self.metrics();
        let mode = if metrics.shared { "shared" } else { "alone" };
        let detail = format!(
            "{mode}, {} of {} entries wait",
            metrics.queue_length, metrics.queue_max
        );
        HealthCheck::new("writer", metrics.queue_length < metrics.queue_max, detail)
    }
}
