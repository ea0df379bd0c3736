//! The scenarios: what they start, what load they put on it, what they report.
//!
//! To add one: a file here that makes rows of the [`Report`], an option in [`crate::options::Scenario`], and a line
//! in [`run`].

mod append;
mod approvals;
mod backup;
mod beside;
mod calibrate;
mod console;
mod copy;
mod custody;
mod governance;
mod identity;
mod large_governance;
mod large_log;
mod mcp;
mod otlp;
mod read;
mod tls;
mod upkeep;
mod verify;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser as _;
use serde_json::Value;

use crate::database;
use crate::error::Error;
use crate::identity::Script;
use crate::load::{self, Edge, Limit, Pace, Plan};
use crate::machine::Machine;
use crate::options::{Common, Engine, Governance, Options, Scenario};
use crate::probity::{Installation, Server};
use crate::process;
use crate::report::{self, Cpu, Load, Ratio, Report};
use crate::workload::{Append, Workload};

/// Entries in a request when a log is filled before a measurement.
const PRELOAD_BATCH: u16 = 1_000;
/// Connections for that.
const PRELOAD_CONNECTIONS: usize = 4;

/// What all scenarios share.
struct Context<'a> {
    common: &'a Common,
    /// The one that is installed now.
    program: PathBuf,
    /// Started at first use, kept to the end.
    postgres: Option<database::Server>,
    report: Report,
}

/// Measures what the options say. An error in a late scenario does not take away what earlier ones found; only one
/// that leaves nothing to report is the outer result.
pub fn run(options: &Options) -> Result<(Report, Result<(), Error>), Error> {
    let kept = matches!(&options.scenario, Scenario::Read(settings) if settings.keep.is_some());
    let by_turns = matches!(
        options.scenario,
        Scenario::Append { .. } | Scenario::Custody(_) | Scenario::Governance(Governance { large: None, .. })
    );
    if options.common.against.is_some() && !by_turns {
        let loads = "`--against` goes with append, custody, and governance without --large";
        return Err(Error::Usage(loads.into()));
    }
    let mut context = Context::new(&options.common, needs_postgres(options), kept)?;
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
    fn new(common: &'a Common, needs_postgres: bool, kept: bool) -> Result<Self, Error> {
        let postgres = match (needs_postgres, kept) {
            (false, _) => None,
            (true, false) => Some(database::Server::start(&common.pg, common.pg_socket)?),
            (true, true) => Some(database::Server::given(common.pg_socket)?),
        };
        let version = postgres.as_ref().map(|server| server.version.clone());
        let folder = testkit::temp_dir("probity-bench");
        let report = Report::new(Machine::look(folder.path(), version.unwrap_or_default())?);
        Ok(Self {
            common,
            program: common.program(),
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
            } => {
                for engine in &self.common.engine {
                    for connections in connections {
                        self.append(*engine, *connections, *batch, *rate)?;
                    }
                }
                Ok(())
            }
            Scenario::Tls { connections } => self.tls(*connections),
            Scenario::LargeLog { entries } => self.large_log(*entries),
            Scenario::Verify { entries, connections } => self.verify(*entries, *connections),
            Scenario::Upkeep { entries } => self.upkeep(*entries),
            Scenario::Backup { entries, connections } => self.backup(*entries, *connections),
            Scenario::CopyBaseline { rows, transactions } => self.copy_baseline(*rows, transactions),
            Scenario::Identity(settings) => self.identity(settings),
            Scenario::Custody(settings) => self.custody(settings),
            Scenario::Governance(settings) => self.governance(settings),
            Scenario::Approvals(settings) => self.approvals(settings),
            Scenario::Mcp(settings) => self.mcp(settings),
            Scenario::Otlp(settings) => self.otlp(settings),
            Scenario::Read(settings) => self.read(settings),
            Scenario::Console(settings) => self.console(settings),
            Scenario::Calibrate { connections, batch } => self.calibrate(*connections, *batch),
            Scenario::All { large, verify } => self.all(*large, *verify),
        }
    }

    /// The others one after another, as their command lines would ask for them.
    fn all(&mut self, large: u64, verify: u64) -> Result<(), Error> {
        let asked = verify.min(200_000);
        let lines = [
            "append",
            "append --connections 8 --batch 100",
            "copy-baseline",
            "tls",
            &format!("verify --entries {verify}"),
            &format!("backup --entries {verify}"),
            &format!("upkeep --entries {asked}"),
            &format!("large-log --entries {large}"),
            "identity --attempts 40",
            "custody",
            "governance",
            "approvals",
            "mcp",
            &format!("read --entries {asked} --operations {asked}"),
            &format!("console --entries {asked}"),
        ];
        for line in lines {
            let words = std::iter::once("bench").chain(line.split(' '));
            let options = Options::try_parse_from(words).map_err(|error| Error::Usage(error.to_string()))?;
            let copies = matches!(options.scenario, Scenario::CopyBaseline { .. });
            if !copies || self.common.engine.contains(&Engine::Postgres) {
                self.scenario(&options.scenario)?;
            }
        }
        Ok(())
    }

    /// A fresh installation on an engine.
    fn install(&self, engine: Engine) -> Result<Installation, Error> {
        Installation::create(&self.program, self.database(engine)?)
    }

    /// A fresh database; none on SQLite.
    fn database(&self, engine: Engine) -> Result<Option<(String, testkit::TestDatabase)>, Error> {
        match (engine, &self.postgres) {
            (Engine::Sqlite, _) => Ok(None),
            (Engine::Postgres, Some(server)) => Ok(Some(server.database()?)),
            (Engine::Postgres, None) => Err(Error::Usage("PostgreSQL was not started".into())),
        }
    }

    /// As many runs of a load as the options say; gives the rate of the median one.
    fn runs(&mut self, what: &str, run: impl Fn(&Self) -> Result<Load, Error>) -> Result<f64, Error> {
        let rates = self.by_turns(&[()], |()| what.to_owned(), |context, ()| run(context))?;
        rates
            .first()
            .copied()
            .ok_or_else(|| Error::Usage("no runs".into()))
    }

    /// As many runs of each load as the options say, each on fresh data, all by turns: what the machine does meanwhile, it
    /// does to all of them. With `--against` each run goes to that program first. Adds the median ones to the report, and
    /// gives the rates of the program under test. `what` is for those who wait.
    fn by_turns<T>(
        &mut self,
        loads: &[T],
        what: impl Fn(&T) -> String,
        run: impl Fn(&Self, &T) -> Result<Load, Error>,
    ) -> Result<Vec<f64>, Error> {
        let against = self.common.against.clone();
        let under_test = self.common.program();
        let mut runs = vec![[Vec::new(), Vec::new()]; loads.len()];
        for number in 1..=self.common.runs {
            for (load, [before, after]) in loads.iter().zip(&mut runs) {
                if let Some(against) = &against {
                    progress(&format!("{}, run {number}, before", what(load)));
                    self.program.clone_from(against);
                    before.push(run(self, load)?);
                }
                progress(&format!("{}, run {number}", what(load)));
                self.program.clone_from(&under_test);
                after.push(run(self, load)?);
            }
        }
        let mut rates = Vec::new();
        for (load, [before, after]) in loads.iter().zip(runs) {
            if against.is_some() {
                self.median(before.into_iter().map(Load::of_before).collect())?;
            }
            rates.push(self.median(after)?);
            if let (true, [.., before, after]) = (against.is_some(), &self.report.loads[..]) {
                let ratios = [
                    ("rate", after.items_per_second / before.items_per_second),
                    (
                        "p99",
                        as_f64(after.latency.p99_us) / as_f64(before.latency.p99_us),
                    ),
                ];
                for (name, value) in ratios {
                    let what = format!("{}: {name} / before", what(load));
                    let wanted = None;
                    self.report.ratios.push(Ratio { what, value, wanted });
                }
            }
        }
        Ok(rates)
    }

    /// Adds the median of several runs of one load to the report, and gives its rate. Failures of every run count.
    fn median(&mut self, runs: Vec<Load>) -> Result<f64, Error> {
        let rates = runs.iter().map(|run| run.items_per_second).collect();
        let failures = runs.iter().map(|run| run.failures).sum();
        let first_failure = runs.iter().find_map(|run| run.first_failure.clone());
        let median = report::median_by(runs, |run| run.items_per_second);
        let median = median.ok_or_else(|| Error::Usage("no runs".into()))?;
        let rate = median.items_per_second;
        self.report.loads.push(Load {
            runs: rates,
            failures,
            first_failure,
            ..median
        });
        Ok(rate)
    }

    /// A load as long as the options say.
    fn timed(&self, connections: usize, rate: Option<f64>) -> Plan {
        Plan {
            connections,
            pace: rate.map_or(Pace::Closed, Pace::Open),
            limit: Limit::Time {
                warmup: self.common.warmup,
                measure: self.common.duration,
            },
            also: None,
            tls: false,
        }
    }

    /// Runs a load and makes the row for the report.
    fn measure<W: Workload>(
        &self,
        name: &str,
        on: On<'_>,
        plan: &Plan,
        workload: &mut W,
    ) -> Result<Load, Error> {
        let items = (workload.items(), workload.items_per_request());
        let address = match on {
            On::Server(_, server) | On::Beside(_, server) => server.address,
            On::Stub(address) => address,
        };
        let run = |edge: &mut dyn FnMut(Edge)| Ok((load::run(address, plan, workload, edge)?, items));
        self.measured(name, on, plan, run)
    }

    /// The same of anything that tells when what counts begins and ends: what came of it, what is counted, and how many of
    /// these a request carries.
    fn measured(
        &self,
        name: &str,
        on: On<'_>,
        plan: &Plan,
        run: impl FnOnce(&mut dyn FnMut(Edge)) -> Result<(load::Outcome, (&'static str, u64)), Error>,
    ) -> Result<Load, Error> {
        let (engine, server) = match on {
            On::Server(engine, server) | On::Beside(engine, server) => (engine.to_string(), Some(server)),
            On::Stub(_) => ("stub".to_owned(), None),
        };
        let used = || {
            let (server, postgres) = match on {
                On::Server(Engine::Postgres, server) => (Some(server), self.postgres.as_ref()),
                On::Server(Engine::Sqlite, server) => (Some(server), None),
                On::Beside(..) | On::Stub(_) => (None, None),
            };
            let server = server.map(|server| process::ticks(server.pid()));
            let postgres = postgres.map(database::Server::ticks);
            [
                server.unwrap_or_default(),
                postgres.unwrap_or_default(),
                process::own_thread_ticks(),
            ]
        };
        if !matches!(on, On::Beside(..)) {
            process::flush_disks();
        }
        let mut samples = Vec::new();
        let (outcome, (items, items_per_request)) = run(&mut |_| samples.push(used()))?;
        let [server_cpu, postgres_cpu, generator_cpu] = match samples[..] {
            [start, end] => [0, 1, 2].map(|who: usize| end[who].seconds_since(start[who])),
            _ => Default::default(),
        };
        let seconds = outcome.elapsed.as_secs_f64();
        let items_per_second = as_f64(outcome.completed * items_per_request) / seconds;
        let failures = outcome.failures();
        progress(&format!("  {items_per_second:.0} {items}/s, {failures} failures"));
        Ok(Load {
            scenario: name.to_owned(),
            engine,
            connections: plan.connections,
            rate_due: match plan.pace {
                Pace::Closed => None,
                Pace::Open(rate) => Some(rate),
            },
            items: items.to_owned(),
            items_per_request,
            seconds,
            requests: outcome.completed,
            items_per_second,
            runs: vec![items_per_second],
            latency: outcome.latencies.percentiles(),
            failures,
            statuses: outcome.statuses,
            first_failure: outcome.first_failure,
            unsent: outcome.unsent,
            cpu: Cpu {
                server: server_cpu,
                postgres: postgres_cpu,
                generator: generator_cpu,
            },
            beside_another: matches!(on, On::Beside(..)),
            memory_idle_kib: server.map_or(0, |server| server.memory_idle_kib),
            memory_peak_kib: server.map_or(0, Server::memory_peak_kib),
        })
    }

    /// `wanted`: what it should be at least.
    fn ratio(&mut self, what: String, dividend: f64, divisor: f64, wanted: Option<f64>) {
        let value = dividend / divisor;
        self.report.ratios.push(Ratio { what, value, wanted });
    }
}

/// What a load is put on.
#[derive(Clone, Copy)]
enum On<'a> {
    Server(Engine, &'a Server),
    /// Another load runs at the same time, in whose row the time of the server and of the database stands.
    Beside(Engine, &'a Server),
    /// Its threads belong to this process: only the time of the calling thread is the generator's.
    Stub(SocketAddr),
}

/// Puts so many requests on a server, outside of any measurement: all of them must be answered well.
fn play<W: Workload>(
    server: &Server,
    connections: usize,
    requests: u64,
    mut workload: W,
) -> Result<W, Error> {
    let plan = Plan {
        connections,
        pace: Pace::Closed,
        limit: Limit::Requests(requests),
        also: None,
        tls: false,
    };
    let outcome = load::run(server.address, &plan, &mut workload, |_| {})?;
    match outcome.first_failure {
        None => Ok(workload),
        Some(first) => Err(Error::Server(first)),
    }
}

/// Sends prepared requests; the answers, on one connection in the order of the requests.
fn answers(server: &Server, connections: usize, requests: Vec<Vec<u8>>) -> Result<Vec<Value>, Error> {
    let count = requests.len() as u64;
    Ok(play(server, connections, count, Script::new(requests))?.answers)
}

/// Appends `entries` to a log as fast as it takes them; ids of some of them.
fn preload(installation: &Installation, server: &Server, entries: u64) -> Result<Vec<String>, Error> {
    fill(entries, server, |batch| {
        Append::new(server.address, &installation.key, batch)
    })
}

/// The same of a kind that the caller makes.
fn fill(entries: u64, server: &Server, workload: impl Fn(usize) -> Append) -> Result<Vec<String>, Error> {
    progress(&format!(
        "filling a log with {} entries",
        report::thousands(entries)
    ));
    let full = entries / u64::from(PRELOAD_BATCH);
    let rest = u16::try_from(entries % u64::from(PRELOAD_BATCH)).unwrap_or_default();
    let mut ids = Vec::new();
    for (batch, requests) in [(PRELOAD_BATCH, full), (rest, 1)] {
        if batch > 0 && requests > 0 {
            let played = play(server, PRELOAD_CONNECTIONS, requests, workload(batch.into()));
            ids.extend(
                played
                    .map_err(|error| error.during("filling the log failed"))?
                    .ids,
            );
        }
    }
    Ok(ids)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
