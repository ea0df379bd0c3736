//! Results, and how they are shown: aligned tables of at most 100 columns, or JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::hashing::Hashing;
use crate::latency::Percentiles;
use crate::machine::Machine;

mod text;

/// Everything that one call of the program found.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    /// Loads put on a server.
    pub loads: Vec<Load>,
    /// Commands that went through a whole log.
    pub verifications: Vec<Verification>,
    /// Bare COPY into a table like `entries`.
    pub copies: Vec<Copied>,
    /// Password hashes without a server.
    pub hashing: Vec<Hashing>,
    /// Logins beside these.
    pub logins: Vec<Logins>,
    /// How long refused logins took, by kind.
    pub timings: Vec<Timing>,
    /// Quotients of two numbers above.
    pub ratios: Vec<Ratio>,
}

/// The run of a scenario with the median rate.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    pub scenario: String,
    /// `sqlite`, `postgres` or `stub`.
    pub engine: String,
    pub connections: usize,
    /// Requests a second that were due, in the open loop.
    pub rate_due: Option<f64>,
    /// What is counted: `entries`, `receipts`, `requests`, `logins` or `transfers`.
    pub items: String,
    pub items_per_request: u64,
    /// Measured seconds.
    pub seconds: f64,
    /// Good answers in that time.
    pub requests: u64,
    pub items_per_second: f64,
    /// The same of all runs.
    pub runs: Vec<f64>,
    /// Of this run.
    pub latency: Percentiles,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Other statuses than the load asks for (2xx unless it says otherwise), broken connections, bodies without what
    /// they should contain: of all runs.
    pub failures: u64,
    pub first_failure: Option<String>,
    /// Open loop: requests that could not be sent in time.
    pub unsent: u64,
    /// Processor seconds in the measured time.
    pub cpu: Cpu,
    /// Another load ran at the same time: what the server and the database used is for both. It stands in the row of
    /// the load that is slowed down, and is 0 in that of the load which slows.
    pub beside_another: bool,
    /// The server's resident memory before the load.
    pub memory_idle_kib: u64,
    /// The most that it ever was.
    pub memory_peak_kib: u64,
}

/// Processor seconds by who used them: in the program, and in the kernel for it.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Cpu {
    pub server: (f64, f64),
    /// All PostgreSQL processes.
    pub postgres: (f64, f64),
    pub generator: (f64, f64),
}

impl Load {
    /// The same, named as a load of the program of before.
    #[must_use]
    pub fn of_before(mut self) -> Self {
        self.scenario.push_str(", before");
        self
    }
}

/// One command that goes through a whole log.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// Which: `audit verify`, `db backup` or `db restore`.
    pub command: String,
    pub engine: String,
    pub entries: u64,
    pub seconds: f64,
    pub entries_per_second: f64,
    /// The most memory that the command had resident.
    pub memory_peak_kib: u64,
    pub cpu_seconds: f64,
}

/// One bare COPY.
#[derive(Debug, Clone, Serialize)]
pub struct Copied {
    /// `text` or `binary`.
    pub format: String,
    /// Rows in a transaction.
    pub transaction_rows: u64,
    /// Rows in all.
    pub rows: u64,
    /// Of the median run.
    pub seconds: f64,
    pub rows_per_second: f64,
    /// Rows a second of all runs.
    pub runs: Vec<f64>,
}

/// Logins beside the hashes that they consist of.
#[derive(Debug, Clone, Serialize)]
pub struct Logins {
    pub engine: String,
    pub logins_per_second: f64,
    pub logins_per_second_and_core: f64,
    pub server_cpu_seconds_each: f64,
    pub postgres_cpu_seconds_each: f64,
    /// Logins a second / bare hashes a second on all processors.
    pub of_hashes: f64,
}

/// How long one kind of refused login took.
#[derive(Debug, Clone, Serialize)]
pub struct Timing {
    pub engine: String,
    /// Why it was refused.
    pub kind: String,
    pub attempts: usize,
    pub p5_us: f64,
    pub p50_us: f64,
    pub p95_us: f64,
    /// Kolmogorov-Smirnov distance from the times of a wrong password; `None` for these themselves.
    pub distance: Option<f64>,
    /// The distance that samples of one kind exceed once in 20 times.
    pub distance_critical: Option<f64>,
}

/// One number divided by another.
#[derive(Debug, Clone, Serialize)]
pub struct Ratio {
    /// What by what.
    pub what: String,
    pub value: f64,
    /// What it should be at least.
    pub wanted: Option<f64>,
}

impl Report {
    /// Of a machine that nothing was measured on yet.
    pub fn new(machine: Machine) -> Self {
        Self {
            machine,
            loads: Vec::new(),
            verifications: Vec::new(),
            copies: Vec::new(),
            hashing: Vec::new(),
            logins: Vec::new(),
            timings: Vec::new(),
            ratios: Vec::new(),
        }
    }

    /// Something is not as it should be.
    pub fn has_failures(&self) -> bool {
        self.loads.iter().any(|load| load.failures > 0)
    }
}

/// The run in the middle: of an even number, the slower of the two.
pub fn median_by<T>(mut runs: Vec<T>, rate: impl Fn(&T) -> f64) -> Option<T> {
    runs.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
    let middle = runs.len().checked_sub(1)? / 2;
    Some(runs.swap_remove(middle))
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `5000000` as `5M`, for narrow columns.
pub fn short(number: u64) -> String {
    match number {
        n if n >= 1_000_000 && n.is_multiple_of(1_000_000) => format!("{}M", n / 1_000_000),
        n if n >= 1_000 && n.is_multiple_of(1_000) => format!("{}k", n / 1_000),
        n => n.to_string(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate: positive and far below 2^64"
)]
fn whole(number: f64) -> String {
    thousands(number.round() as u64)
}

/// Three significant digits or so.
fn decimals(number: f64) -> String {
    match number {
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most two minutes")]
fn milliseconds(us: u64) -> String {
    decimals(us as f64 / 1_000.0)
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
