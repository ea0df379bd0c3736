//! Results, and how they are shown: aligned tables of at most 100 columns, or JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

pub use self::identity::{Logins, Timing};
use crate::hashing::Hashing;
use crate::latency::Percentiles;
use crate::machine::Machine;

mod identity;

/// Everything that one call of the program found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// Loads put on a server.
    pub loads: Vec<Load>,
    /// Checks of a whole log.
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
    /// What was done.
    pub scenario: String,
    /// `sqlite`, `postgres` or `stub`.
    pub engine: String,
    /// Connections.
    pub connections: usize,
    /// Requests a second that were due, in the open loop.
    pub rate_due: Option<f64>,
    /// What is counted: `entries`, `receipts`, `requests`, `logins` or `transfers`.
    pub items: String,
    /// How many of them are in a request.
    pub items_per_request: u64,
    /// Measured seconds.
    pub seconds: f64,
    /// Good answers in that time.
    pub requests: u64,
    /// How many of these a second.
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
    /// The first failure in words.
    pub first_failure: Option<String>,
    /// Open loop: requests that could not be sent in time.
    pub unsent: u64,
    /// Processor seconds in the measured time.
    pub cpu: Cpu,
    /// Another load ran at the same time: what the server and the database used is for both. It stands in the row of
    /// the load that is slowed down, and is 0 in that of the load which slows.
    pub beside_another: bool,
    /// The server's resident memory before the load, KiB.
    pub memory_idle_kib: u64,
    /// The most that it ever was, KiB.
    pub memory_peak_kib: u64,
}

/// Processor seconds by who used them: in the program, and in the kernel for it.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Cpu {
    /// The server under load.
    pub server: (f64, f64),
    /// All PostgreSQL processes.
    pub postgres: (f64, f64),
    /// The generator.
    pub generator: (f64, f64),
}

/// One `probity audit verify`.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// In the log.
    pub entries: u64,
    /// From start to end.
    pub seconds: f64,
    /// Entries a second.
    pub entries_per_second: f64,
    /// The most memory that the command had resident, KiB.
    pub memory_peak_kib: u64,
    /// Its processor seconds.
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
    /// Seconds of the median run.
    pub seconds: f64,
    /// Rows a second.
    pub rows_per_second: f64,
    /// All runs.
    pub runs: Vec<f64>,
}

/// One number divided by another.
#[derive(Debug, Clone, Serialize)]
pub struct Ratio {
    /// What by what.
    pub what: String,
    /// The quotient.
    pub value: f64,
    /// What it should be at least.
    pub wanted: Option<f64>,
}

impl Ratio {
    /// What was wanted and whether it was reached, in words.
    fn judged(&self) -> String {
        match self.wanted {
            Some(wanted) if self.value >= wanted => format!("{wanted:.2}: met"),
            Some(wanted) => format!("{wanted:.2}: not met"),
            None => String::new(),
        }
    }
}

impl Load {
    /// A line per problem; empty when all went well.
    fn problems(&self) -> String {
        let mut text = String::new();
        let name = format!("{} on {}, {}", self.scenario, self.engine, self.shape());
        if self.failures > 0 {
            let statuses: Vec<String> = self
                .statuses
                .iter()
                .map(|(status, count)| format!("{status}: {count}"))
                .collect();
            let first = self.first_failure.as_deref().unwrap_or("unknown");
            let _ = writeln!(
                text,
                "FAILED: {name}: {} failures; statuses {}",
                self.failures,
                statuses.join(", ")
            );
            let _ = writeln!(text, "        first: {first}");
        }
        if self.unsent > 0 {
            let _ = writeln!(
                text,
                "LATE: {name}: {} requests were due but never sent",
                self.unsent
            );
        }
        text
    }

    fn shape(&self) -> String {
        let mut shape = self.connections.to_string();
        if self.items_per_request > 1 {
            let _ = write!(shape, " x {}", self.items_per_request);
        }
        if let Some(rate) = self.rate_due {
            let _ = write!(shape, " @ {rate}/s");
        }
        shape
    }

    fn speed_row(&self) -> Vec<String> {
        let mut row = vec![
            self.scenario.clone(),
            self.engine.clone(),
            self.shape(),
            whole(self.items_per_second),
        ];
        row.push(match (min(&self.runs), max(&self.runs)) {
            (Some(low), Some(high)) if self.runs.len() > 1 && self.items_per_second > 0.0 => {
                format!("{:.0}%", (high - low) / self.items_per_second * 100.0)
            }
            _ => "-".into(),
        });
        let latency = &self.latency;
        let all = [
            latency.p50_us,
            latency.p90_us,
            latency.p99_us,
            latency.p999_us,
            latency.max_us,
        ];
        row.extend(all.map(milliseconds));
        row.push(self.failures.to_string());
        row
    }

    fn cost_row(&self) -> Vec<String> {
        let items = self.items_per_second * self.seconds;
        let each = |(user, system): (f64, f64)| decimals((user + system) * 1e6 / items.max(1.0));
        let all = [self.cpu.server, self.cpu.postgres, self.cpu.generator];
        let seconds: f64 = all.iter().map(|(user, system)| user + system).sum();
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 requests")]
        let requests = (self.requests as f64).max(1.0);
        let mut row = vec![self.scenario.clone(), self.engine.clone(), self.shape()];
        row.extend([self.memory_idle_kib, self.memory_peak_kib].map(|kib| (kib / 1_024).to_string()));
        let [server, postgres, generator] = all.map(each);
        let of_server = [server, postgres].map(|cell| if self.beside_another { "-".into() } else { cell });
        row.extend(of_server);
        row.push(generator);
        row.push(decimals(self.cpu.generator.0 * 1e6 / requests));
        row.push(if self.beside_another && self.cpu.server == (0.0, 0.0) {
            "-".into()
        } else {
            format!("{:.2}", seconds / self.seconds.max(1e-9))
        });
        row
    }
}

impl Report {
    /// Something is not as it should be.
    pub fn has_failures(&self) -> bool {
        self.loads.iter().any(|load| load.failures > 0)
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = self.machine_text();
        if !self.loads.is_empty() {
            let headers = [
                "scenario", "engine", "conns", "rate/s", "spread", "p50", "p90", "p99", "p99.9", "max",
                "fail",
            ];
            out += "\nSpeed (rate: entries, transfers, or requests; latency of a request in ms)\n";
            out += &table(
                &headers,
                &self.loads.iter().map(Load::speed_row).collect::<Vec<_>>(),
                3,
            );
            let headers = [
                "scenario", "engine", "conns", "idle", "peak", "server", "pg", "gen", "gen user", "busy",
            ];
            out += "\nCost (server memory in MiB; CPU µs by process, an entry, transfer or request;\n";
            out += "generator's own µs a request; processors busy)\n";
            out += &table(
                &headers,
                &self.loads.iter().map(Load::cost_row).collect::<Vec<_>>(),
                3,
            );
        }
        if !self.verifications.is_empty() {
            out += "\nprobity audit verify\n";
            let rows = self.verifications.iter().map(|v| {
                let entries = thousands(v.entries);
                let (memory, cpu) = ((v.memory_peak_kib / 1_024).to_string(), decimals(v.cpu_seconds));
                vec![
                    v.engine.clone(),
                    entries,
                    decimals(v.seconds),
                    whole(v.entries_per_second),
                    memory,
                    cpu,
                ]
            });
            let headers = ["engine", "entries", "seconds", "entries/s", "peak MiB", "CPU s"];
            out += &table(&headers, &rows.collect::<Vec<_>>(), 1);
        }
        if !self.copies.is_empty() {
            out += "\nBare COPY into a table like entries, one connection\n";
            let rows = self.copies.iter().map(|copy| {
                let (size, rows) = (thousands(copy.transaction_rows), thousands(copy.rows));
                vec![
                    copy.format.clone(),
                    size,
                    rows,
                    decimals(copy.seconds),
                    whole(copy.rows_per_second),
                ]
            });
            let headers = ["format", "rows/transaction", "rows", "seconds", "rows/s"];
            out += &table(&headers, &rows.collect::<Vec<_>>(), 1);
        }
        if !self.hashing.is_empty() {
            out += &identity::hashing_text(&self.hashing);
        }
        if !self.logins.is_empty() {
            out += &identity::logins_text(&self.logins);
        }
        if !self.timings.is_empty() {
            out += &identity::timings_text(&self.timings);
        }
        if !self.ratios.is_empty() {
            out += "\nRatios\n";
            let rows: Vec<_> = self
                .ratios
                .iter()
                .map(|ratio| vec![ratio.what.clone(), format!("{:.2}", ratio.value), ratio.judged()])
                .collect();
            let any_wanted = self.ratios.iter().any(|ratio| ratio.wanted.is_some());
            let headers = ["what", "ratio", "wanted"];
            out += &table(&headers[..if any_wanted { 3 } else { 2 }], &rows, 1);
        }
        let problems: String = self.loads.iter().map(Load::problems).collect();
        if !problems.is_empty() {
            out += "\n";
            out += &problems;
        }
        out
    }

    fn machine_text(&self) -> String {
        let Machine {
            cpu,
            cores,
            memory_mib,
            kernel,
            fsync_us,
            postgres,
            commit,
        } = &self.machine;
        let postgres = if postgres.is_empty() {
            "no PostgreSQL"
        } else {
            postgres
        };
        let commit = if commit.is_empty() { "none" } else { commit };
        format!(
            "{cpu}, {cores} cores, {memory_mib} MiB memory, Linux {kernel}\n\
             {postgres}, commit {commit}, 4 KiB append + fdatasync {fsync_us} µs\n"
        )
    }
}

/// Aligns columns: the first `left` to the left, the others to the right.
fn table(headers: &[&str], rows: &[Vec<String>], left: usize) -> String {
    let length = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..headers.len())
        .map(|column| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| length(cell));
            cells.max().unwrap_or(0).max(length(headers[column]))
        })
        .collect();
    let mut out = String::new();
    let header: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
    for row in std::iter::once(&header).chain(rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                if column < left {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            })
            .collect();
        out += cells.join(" ").trim_end();
        out.push('\n');
    }
    out
}

/// The run in the middle: of an even number, the slower of the two.
pub fn median_by<T>(mut runs: Vec<T>, rate: impl Fn(&T) -> f64) -> Option<T> {
    runs.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
    let middle = runs.len().checked_sub(1)? / 2;
    Some(runs.swap_remove(middle))
}

fn min(values: &[f64]) -> Option<f64> {
    values.iter().copied().min_by(f64::total_cmp)
}

fn max(values: &[f64]) -> Option<f64> {
    values.iter().copied().max_by(f64::total_cmp)
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
