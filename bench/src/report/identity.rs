//! Rows and tables of what `identity` finds beside its loads.

use serde::Serialize;

use super::{decimals, table};
use crate::hashing::Hashing;

/// Logins beside the hashes that they consist of.
#[derive(Debug, Clone, Serialize)]
pub struct Logins {
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// Logins a second.
    pub logins_per_second: f64,
    /// The same by the processors that there are.
    pub logins_per_second_and_core: f64,
    /// Processor seconds of a login in the server.
    pub server_cpu_seconds_each: f64,
    /// Processor seconds of a login in PostgreSQL.
    pub postgres_cpu_seconds_each: f64,
    /// Logins a second / bare hashes a second on all processors.
    pub of_hashes: f64,
}

/// How long one kind of refused login took.
#[derive(Debug, Clone, Serialize)]
pub struct Timing {
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// Why it was refused.
    pub kind: String,
    /// How many there were.
    pub attempts: usize,
    /// 5th percentile in microseconds.
    pub p5_us: f64,
    /// Median.
    pub p50_us: f64,
    /// 95th percentile.
    pub p95_us: f64,
    /// Kolmogorov-Smirnov distance from the times of a wrong password; `None` for these themselves.
    pub distance: Option<f64>,
    /// The distance that samples of one kind exceed once in 20 times.
    pub distance_critical: Option<f64>,
}

pub(super) fn hashing_text(hashing: &[Hashing]) -> String {
    let row = |hashing: &Hashing| {
        vec![
            hashing.threads.to_string(),
            hashing.hashes.to_string(),
            decimals(hashing.hashes_per_second),
            decimals(hashing.cpu_seconds_each * 1e3),
        ]
    };
    let headers = ["threads", "hashes", "hashes/s", "CPU ms each"];
    "\nArgon2id by itself (19,456 KiB, 2 passes, 1 lane, memory reused)\n".to_owned()
        + &table(&headers, &hashing.iter().map(row).collect::<Vec<_>>(), 0)
}

pub(super) fn logins_text(logins: &[Logins]) -> String {
    let row = |logins: &Logins| {
        vec![
            logins.engine.clone(),
            decimals(logins.logins_per_second),
            decimals(logins.logins_per_second_and_core),
            decimals(logins.server_cpu_seconds_each * 1e3),
            decimals(logins.postgres_cpu_seconds_each * 1e3),
            format!("{:.2}", logins.of_hashes),
        ]
    };
    let headers = ["engine", "logins/s", "a core", "server", "pg", "logins/hashes"];
    "\nLogins (CPU ms each by process; rate / that of bare hashes on all processors)\n".to_owned()
        + &table(&headers, &logins.iter().map(row).collect::<Vec<_>>(), 1)
}

pub(super) fn timings_text(timings: &[Timing]) -> String {
    let share = |distance: Option<f64>| distance.map_or("-".to_owned(), |value| format!("{value:.3}"));
    let row = |timing: &Timing| {
        let mut row = vec![
            timing.engine.clone(),
            timing.kind.clone(),
            timing.attempts.to_string(),
        ];
        row.extend([timing.p5_us, timing.p50_us, timing.p95_us].map(|us| format!("{:.2}", us / 1e3)));
        row.extend([timing.distance, timing.distance_critical].map(share));
        row
    };
    let headers = ["engine", "refused for", "count", "p5", "p50", "p95", "KS", "5 %"];
    "\nRefused logins (ms; KS: distance from a wrong password, 5 %: critical value)\n".to_owned()
        + &table(&headers, &timings.iter().map(row).collect::<Vec<_>>(), 2)
}
