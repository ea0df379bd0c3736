//! The scenarios: what they start, what load they put on it, what they report.
//!
//! To add one: a file here that makes rows of the [`Report`], an option in [`crate::options::Scenario`], and a line
//! in [`run`].

mod append;
mod calibrate;
mod copy;
mod custody;
mod identity;
mod large_log;
mod verify;

use std::io::Write as _;

use crate::database;
use crate::error::Error;
use crate::load::{self, Edge, Plan};
use crate::machine::Machine;
use crate::options::{Common, Custody, Engine, Identity, Options, Scenario};
use crate::probity::{Installation, Server};
use crate::process::{self, Ticks};
use crate::report::{self, Cpu, Load, Ratio, Report};
use crate::workload::{Append, Workload};

/// Entries in a request when a log is filled before a measurement.
const PRELOAD_BATCH: u16 = 1_000;
/// Connections for that.
const PRELOAD_CONNECTIONS: usize = 4;
/// Refused logins of each kind, where `identity` is one scenario of all.
const SHORT_ATTEMPTS: usize = 40;

/// What all scenarios share.
struct Context<'a> {
    common: &'a Common,
    /// Started at first use, kept to the end.
    postgres: Option<database::Server>,
    report: Report,
}

/// Measures what the options say. An error in a late scenario does not take away what earlier ones found; only one
/// that leaves nothing to report is the outer result.
pub fn run(options: &Options) -> Result<(Report, Result<(), Error>), Error> {
    let mut context = Context::new(&options.common, needs_postgres(options))?;
    let result = context.scenario(&options.scenario);
    Ok((context.report, result))
}

fn needs_postgres(options: &Options) -> bool {
    match options.scenario {
        Scenario::Calibrate { .. } => false,
        Scenario::CopyBaseline { .. } => true,
        _ => options.common.engine.contains(&Engine::Postgres),
    }
}

/// Says on standard error what goes on: a scenario can take many minutes.
fn progress(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

impl<'a> Context<'a> {
    fn new(common: &'a Common, needs_postgres: bool) -> Result<Self, Error> {
        let postgres = if needs_postgres {
            Some(database::Server::start(&common.pg, common.pg_socket)?)
        } else {
            None
        };
        let version = postgres
            .as_ref()
            .map(|server| server.version.clone())
            .unwrap_or_default();
        let folder = testkit::temp_dir("probity-bench");
        let machine = Machine::look(folder.path(), version)?;
        let report = Report {
            machine,
            loads: Vec::new(),
            verifications: Vec::new(),
            copies: Vec::new(),
            hashing: Vec::new(),
            logins: Vec::new(),
            timings: Vec::new(),
            ratios: Vec::new(),
        };
        Ok(Self {
            common,
            postgres,
            report,
        })
    }

    fn scenario(&mut self, scenario: &Scenario) -> Result<(), Error> {
        match scenario {
            Scenario::Append {
                connections,
                batch,
                rate,
            } => self.append(connections, *batch, *rate),
            Scenario::LargeLog { entries } => self.large_log(*entries),
            Scenario::Verify { entries } => self.verify(*entries),
            Scenario::CopyBaseline { rows, transactions } => self.copy_baseline(*rows, transactions),
            Scenario::Identity(settings) => self.identity(settings),
            Scenario::Custody(settings) => self.custody(settings),
            Scenario::Calibrate { connections, batch } => self.calibrate(*connections, *batch),
            Scenario::All { large, verify } => {
                self.append(&[64, 256], 1, None)?;
                self.append(&[8], 100, None)?;
                if self.common.engine.contains(&Engine::Postgres) {
                    self.copy_baseline(200_000, &[100, 500, 5_000, 0])?;
                }
                self.verify(*verify)?;
                self.large_log(*large)?;
                self.identity(&Identity {
                    attempts: SHORT_ATTEMPTS,
                    ..Identity::default()
                })?;
                self.custody(&Custody::default())
            }
        }
    }

    /// A fresh installation on an engine.
    fn install(&self, engine: Engine) -> Result<Installation, Error> {
        let database = match (engine, &self.postgres) {
            (Engine::Sqlite, _) => None,
            (Engine::Postgres, Some(server)) => Some(server.database()?),
            (Engine::Postgres, None) => return Err(Error::Usage("PostgreSQL was not started".into())),
        };
        Installation::create(&self.common.program(), database)
    }

    /// Runs a load on a server of ours and makes the row for the report.
    fn measure<W: Workload>(
        &self,
        name: &str,
        engine: Engine,
        server: &Server,
        plan: &Plan,
        workload: &mut W,
    ) -> Result<Load, Error> {
        let look = || Sample {
            server: process::ticks(server.pid()),
            postgres: self
                .postgres
                .as_ref()
                .filter(|_| engine == Engine::Postgres)
                .map(database::Server::ticks),
            generator: process::own_thread_ticks(),
        };
        let mut load = measure_anywhere(name, &engine.to_string(), server.address, plan, workload, look)?;
        load.memory_idle_kib = server.memory_idle_kib;
        load.memory_peak_kib = server.memory_peak_kib();
        progress(&format!(
            "  {:.0} {}/s, {} failures",
            load.items_per_second, load.items, load.failures
        ));
        Ok(load)
    }

    fn ratio(&mut self, what: String, dividend: f64, divisor: f64) {
        self.report.ratios.push(Ratio {
            what,
            value: dividend / divisor,
            wanted: None,
        });
    }

    /// The same where it should be at least `wanted`.
    fn wanted_ratio(&mut self, what: String, dividend: f64, divisor: f64, wanted: f64) {
        self.report.ratios.push(Ratio {
            what,
            value: dividend / divisor,
            wanted: Some(wanted),
        });
    }
}

/// Processor time so far.
struct Sample {
    server: Ticks,
    postgres: Option<Ticks>,
    generator: Ticks,
}

/// Runs a load on a server, whoever it belongs to. Memory is left at 0.
fn measure_anywhere<W: Workload>(
    name: &str,
    engine: &str,
    address: std::net::SocketAddr,
    plan: &Plan,
    workload: &mut W,
    look: impl Fn() -> Sample,
) -> Result<Load, Error> {
    let mut samples = Vec::new();
    let outcome = load::run(address, plan, workload, |_: Edge| samples.push(look()))?;
    let mut cpu = Cpu::default();
    if let [start, end] = samples.as_slice() {
        cpu.server = (end.server - start.server).seconds();
        cpu.generator = (end.generator - start.generator).seconds();
        if let (Some(start), Some(end)) = (start.postgres, end.postgres) {
            cpu.postgres = (end - start).seconds();
        }
    }
    let seconds = outcome.elapsed.as_secs_f64();
    let items_per_request = workload.items_per_request();
    let items_per_second = as_f64(outcome.completed * items_per_request) / seconds;
    Ok(Load {
        scenario: name.to_owned(),
        engine: engine.to_owned(),
        connections: plan.connections,
        rate_due: match plan.pace {
            load::Pace::Closed => None,
            load::Pace::Open(rate) => Some(rate),
        },
        items: workload.items().to_owned(),
        items_per_request,
        seconds,
        requests: outcome.completed,
        items_per_second,
        runs: vec![items_per_second],
        latency: outcome.latencies.percentiles(),
        failures: outcome.failures(),
        statuses: outcome.statuses,
        first_failure: outcome.first_failure,
        unsent: outcome.unsent,
        cpu,
        beside_another: false,
        memory_idle_kib: 0,
        memory_peak_kib: 0,
    })
}

/// The median of several runs of one load. Failures of every run count.
fn median(runs: Vec<Load>) -> Option<Load> {
    let rates = runs.iter().map(|run| run.items_per_second).collect();
    let failures = runs.iter().map(|run| run.failures).sum();
    let first_failure = runs.iter().find_map(|run| run.first_failure.clone());
    let median = report::median_by(runs, |run| run.items_per_second)?;
    Some(Load {
        runs: rates,
        failures,
        first_failure,
        ..median
    })
}

/// Appends `entries` to a log as fast as it takes them; ids of some of them.
fn preload(installation: &Installation, server: &Server, entries: u64) -> Result<Vec<String>, Error> {
    progress(&format!(
        "filling a log with {} entries",
        report::thousands(entries)
    ));
    let full = entries / u64::from(PRELOAD_BATCH);
    let rest = u16::try_from(entries % u64::from(PRELOAD_BATCH)).unwrap_or_default();
    let mut ids = Vec::new();
    for (batch, requests) in [(PRELOAD_BATCH, full), (rest, 1)] {
        if batch == 0 || requests == 0 {
            continue;
        }
        let mut workload = Append::new(server.address, &installation.key, batch.into());
        let plan = Plan {
            connections: PRELOAD_CONNECTIONS,
            pace: load::Pace::Closed,
            limit: load::Limit::Requests(requests),
        };
        let outcome = load::run(server.address, &plan, &mut workload, |_| {})?;
        if outcome.failures() > 0 {
            let first = outcome.first_failure.unwrap_or_default();
            return Err(Error::Server(format!("filling the log failed: {first}")));
        }
        ids.append(&mut workload.ids);
    }
    Ok(ids)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
