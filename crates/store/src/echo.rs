//! The SQL echo (`log.sql`): text, time and rows of every statement.
//!
//! Values are never in it: they go as parameters, and an engine's message, which may repeat one, is left out. Both
//! drivers have one way to the database, `SqliteConn::run` and `pg::run`, and both go through here.

use std::time::Instant;

use tracing::Level;

/// Target of the echo's log lines.
pub const TARGET: &str = "sql";

/// A statement that is under way; knows its beginning only where somebody listens.
pub(crate) struct Echo(Option<Instant>);

impl Echo {
    /// A statement begins.
    pub fn start() -> Echo {
        Echo(tracing::enabled!(target: TARGET, Level::DEBUG).then(Instant::now))
    }

    /// It gave or changed so many rows; none where it failed.
    pub fn end(self, sql: &str, rows: Option<u64>) {
        let Some(started) = self.0 else { return };
        let text: Vec<&str> = sql.split_whitespace().collect();
        let text = text.join(" ");
        let ms = format!("{:.3}", started.elapsed().as_secs_f64() * 1_000.0);
        if let Some(rows) = rows {
            tracing::debug!(target: TARGET, ms, rows, "{text}");
        } else {
            tracing::debug!(target: TARGET, ms, failed = true, "{text}");
        }
    }
}
