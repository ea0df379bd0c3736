//! Runs statements for callers that may or may not be inside an asynchronous runtime.

use std::error::Error as _;
use std::thread;
use std::time::Duration;

use tokio_postgres::{Config, NoTls};

use crate::Error;

/// How long one call may take in all.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a DROP waits for a lock that a forgotten transaction holds.
const LOCK_TIMEOUT: &str = "-c lock_timeout=5s";

/// Runs one statement on a connection of its own, and blocks until it is done.
///
/// On a thread of its own, since a runtime cannot be entered from inside another one.
pub(crate) fn execute(url: &str, statement: &str) -> Result<(), Error> {
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| error.to_string())?
                .block_on(async {
                    tokio::time::timeout(TIMEOUT, run(url, statement))
                        .await
                        .unwrap_or_else(|_| Err(format!("no answer in {} s", TIMEOUT.as_secs())))
                })
        });
        worker
            .join()
            .unwrap_or_else(|_| Err("the client panicked".to_owned()))
    })
    .map_err(|message| Error::Sql {
        statement: statement.to_owned(),
        message,
    })
}

async fn run(url: &str, statement: &str) -> Result<(), String> {
    let mut config: Config = url.parse().map_err(|error| with_causes(&error))?;
    config.options(LOCK_TIMEOUT).application_name("probity-testkit");
    let (client, connection) = config.connect(NoTls).await.map_err(|error| with_causes(&error))?;
    let connection = tokio::spawn(connection);
    let result = client
        .batch_execute(statement)
        .await
        .map_err(|error| with_causes(&error));
    drop(client);
    // Ends as soon as the client is gone; its errors have reached the client.
    let _ = connection.await;
    result
}

/// tokio-postgres says "db error" and keeps what the server said as the cause.
fn with_causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
