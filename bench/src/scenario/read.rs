//! `read`: what is asked of a log and of the books, at one size or at two.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::custody::{Running, prepared};
use super::{Context, On, PRELOAD_CONNECTIONS, answers, fill, play, progress};
use crate::custody::{ASSET, Transfers};
use crate::error::Error;
use crate::identity::{Repeated, get};
use crate::latency::Latencies;
use crate::load::{Edge, Limit, Outcome, Pace, Plan};
use crate::options::{Engine, Read};
use crate::probity::Installation;
use crate::process;
use crate::reading::{self, Question};
use crate::report::{Load, short, thousands};
use crate::workload::Append;

/// Transfers in a request when operations are made before a measurement.
const TRANSFERS: u16 = 1_000;
/// One entry of the log in so many tells of a refusal.
const REFUSED_ONE_IN: u64 = 20;
/// What is asked newest first keeps at least so much of its speed on the larger log.
const RATIO_WANTED: f64 = 1.0 / 1.3;

/// A log that is asked, and what is asked of it.
struct Log {
    running: Running,
    entries: u64,
    questions: Vec<Question>,
}

/// What is written down of an installation that is kept, beside its folder.
#[derive(Serialize, Deserialize)]
struct Kept {
    key: String,
    admin_key: String,
    balances: Vec<String>,
    ids: Vec<String>,
}

impl Context<'_> {
    /// Each question is asked of both logs by turns: what the machine does meanwhile, it does to both.
    pub(super) fn read(&mut self, settings: &Read) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            let sizes = [Some(settings.entries), settings.large].into_iter().flatten();
            let logs = sizes.map(|entries| self.log(engine, settings, entries));
            let logs = logs.collect::<Result<Vec<_>, _>>()?;
            for number in 0..logs
                .iter()
                .map(|log| log.questions.len())
                .min()
                .unwrap_or_default()
            {
                let mut runs = vec![Vec::new(); logs.len()];
                for _ in 0..self.common.runs {
                    for (log, runs) in logs.iter().zip(&mut runs) {
                        runs.push(self.ask(engine, log, &log.questions[number], settings)?);
                    }
                }
                let rates = runs.into_iter().map(|runs| self.median(runs));
                let rates = rates.collect::<Result<Vec<_>, _>>()?;
                self.compare_sizes(engine, &logs[0].questions[number], &rates);
            }
        }
        Ok(())
    }

    fn compare_sizes(&mut self, engine: Engine, question: &Question, rates: &[f64]) {
        let wanted = question.wanted[usize::from(engine == Engine::Postgres)];
        if wanted > 0 {
            let what = format!(
                "{} on {engine} / {} a second",
                question.name,
                thousands(wanted.into())
            );
            self.ratio(what, rates[0], f64::from(wanted), Some(1.0));
        }
        if let [small, large] = rates {
            let what = format!("{} on {engine}: larger log / smaller", question.name);
            let wanted = question.newest_first.then_some(RATIO_WANTED);
            self.ratio(what, *large, *small, wanted);
        }
    }

    /// A log whose last entries are not about the books, filled or kept from before.
    fn log(&self, engine: Engine, settings: &Read, entries: u64) -> Result<Log, Error> {
        progress(&format!(
            "read on {engine}: {} operations, {} entries",
            thousands(settings.operations),
            thousands(entries)
        ));
        let Some(folder) = &settings.keep else {
            let running = self.with_balances(engine, settings.balances)?;
            let ids = filled(&running, settings, entries)?;
            return Ok(Log::of(running, settings, entries, &ids));
        };
        let name = format!("{engine}-{entries}");
        let (folder, file) = (folder.join(&name), folder.join(format!("{name}.json")));
        let url = match (engine, &self.postgres) {
            (Engine::Postgres, Some(server)) => Some(server.url_of(&format!("bench_{entries}"))?),
            _ => None,
        };
        let mut installation = Installation::kept(&self.common.program(), folder.clone(), url);
        if let Ok(text) = std::fs::read_to_string(&file) {
            let kept: Kept = serde_json::from_str(&text).map_err(|error| Error::Usage(error.to_string()))?;
            installation.key = kept.key;
            let running = Running {
                server: installation.serve()?,
                installation,
                admin_key: kept.admin_key,
                balances: kept.balances,
            };
            return Ok(Log::of(running, settings, entries, &kept.ids));
        }
        std::fs::create_dir_all(&folder).map_err(Error::io("a folder to keep"))?;
        installation.initialise()?;
        let running = prepared(installation, settings.balances)?;
        let kept = Kept {
            ids: filled(&running, settings, entries)?,
            key: running.installation.key.clone(),
            admin_key: running.admin_key.clone(),
            balances: running.balances.clone(),
        };
        let text = serde_json::json!(kept).to_string();
        std::fs::write(&file, text).map_err(Error::io("what is kept"))?;
        Ok(Log::of(running, settings, entries, &kept.ids))
    }

    fn ask(&self, engine: Engine, log: &Log, question: &Question, settings: &Read) -> Result<Load, Error> {
        let name = format!("{}: {}", short(log.entries), question.name);
        progress(&name);
        let Running {
            server, admin_key, ..
        } = &log.running;
        process::forget_memory_peak(server.pid());
        if question.paths.is_empty() {
            return self.bundle(&name, engine, log, settings);
        }
        let mut workload = Repeated::gets(server.address, admin_key, &question.paths, question.check);
        let plan = self.timed(settings.connections, None);
        self.measure(&name, On::Server(engine, server), &plan, &mut workload)
    }

    /// A bundle of the last entries of the log, read by one client.
    fn bundle(&self, name: &str, engine: Engine, log: &Log, settings: &Read) -> Result<Load, Error> {
        let Running {
            server, admin_key, ..
        } = &log.running;
        let ask = |path: &str| answers(server, 1, vec![get(server.address, path, admin_key)]);
        let newest = ask("/v1/audit/entries?limit=1")?[0]["entries"][0]["index"].as_u64();
        let first = (newest.unwrap_or_default() + 1).saturating_sub(settings.bundle.min(log.entries));
        let from = ask(&format!("/v1/audit/entries/{first}"))?[0]["at"].clone();
        let filter = format!("&from={}", from.as_str().unwrap_or_default());
        let plan = Plan {
            connections: 1,
            pace: Pace::Closed,
            limit: Limit::Requests(1),
            also: None,
            tls: false,
        };
        let run = |edge: &mut dyn FnMut(Edge)| {
            edge(Edge::Start);
            let started = Instant::now();
            let entries = reading::bundle(server.address, admin_key, &filter)?;
            let elapsed: Duration = started.elapsed();
            edge(Edge::End);
            let mut latencies = Latencies::default();
            latencies.record(elapsed);
            let outcome = Outcome {
                elapsed,
                completed: 1,
                latencies,
                ..Outcome::default()
            };
            Ok((outcome, ("entries", entries)))
        };
        self.measured(name, On::Server(engine, server), &plan, run)
    }
}

impl Log {
    fn of(running: Running, settings: &Read, entries: u64, ids: &[String]) -> Self {
        let mut questions = Vec::new();
        if settings.operations > 0 {
            questions.extend(reading::of_the_books(ASSET, &running.balances));
        }
        if entries > 0 {
            questions.extend(reading::of_the_log(ids));
        }
        let wanted = |name: &str| settings.only.iter().any(|word| name.contains(word.as_str()));
        questions.retain(|question| settings.only.is_empty() || wanted(question.name));
        Self {
            running,
            entries,
            questions,
        }
    }
}

/// Makes the operations, and then entries that no operation is behind; ids of some of these.
fn filled(running: &Running, settings: &Read, entries: u64) -> Result<Vec<String>, Error> {
    let (address, key) = (running.server.address, &running.admin_key);
    if settings.operations > 0 {
        let transfers = Transfers::new(address, key, &running.balances, TRANSFERS.into(), false)
            .ok_or_else(|| Error::Server("it answered with balances that are no UUIDs".into()))?;
        let requests = settings.operations.div_ceil(TRANSFERS.into());
        play(&running.server, PRELOAD_CONNECTIONS, requests, transfers)?;
    }
    fill(entries, &running.server, |batch| {
        Append::new(address, &running.installation.key, batch).with_refusals(REFUSED_ONE_IN)
    })
}
