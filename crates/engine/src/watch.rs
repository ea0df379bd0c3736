//! Watching the log: other processes' commits become visible to those who wait, and the guard is refreshed.

use std::time::Duration;

use store::Head;

use crate::engine::Shared;
use crate::guard;

/// How often the head is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// Runs until the engine is shut down.
pub(crate) async fn run(shared: std::sync::Weak<Shared>) {
    let mut guarded = String::new();
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(shared) = shared.upgrade() else { return };
        match look(&shared).await {
            Ok(head) => {
                shared.size.send_if_modified(|size| {
                    let grown = head.edge.size() > *size;
                    *size = head.edge.size().max(*size);
                    grown
                });
                if shared.options.guard && head.checkpoint != guarded {
                    remember(&shared, &head.checkpoint).await;
                    guarded = head.checkpoint;
                }
            }
            Err(error) => tracing::warn!(%error, "the log's head cannot be read"),
        }
    }
}

async fn look(shared: &Shared) -> Result<Head, store::Error> {
    let mut conn = shared.db.reader().await?;
    Head::load(&mut conn)
        .await?
        .ok_or_else(|| store::Error::data("there is no head row"))
}

/// Writes the guard's file, away from the threads that serve.
pub(crate) async fn remember(shared: &Shared, checkpoint: &str) {
    let (data_dir, checkpoint) = (shared.options.data_dir.clone(), checkpoint.to_owned());
    let written = tokio::task::spawn_blocking(move || guard::write(&data_dir, &checkpoint)).await;
    if let Ok(Err(error)) = written {
        tracing::warn!(%error, "the rollback guard cannot be written");
    }
}
