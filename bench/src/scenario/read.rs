//! `read`: what is asked of a log and of the books, at one size or at two.

use std::time::{Duration, Instant};

use super::custody::Running;
use super::{Context, On, PRELOAD_CONNECTIONS, answers, fill, play, progress};
use crate::custody::{ASSET, Transfers};
use crate::error::Error;
use crate::identity::{Repeated, get};
use crate::latency::Latencies;
use crate::load::{Edge, Limit, Outcome, Pace, Plan};
use crate::options::{Engine, Read};
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
/// Entries of a bundle a second, on SQLite and on PostgreSQL.
const BUNDLE_WANTED: [u32; 2] = [50_000, 25_000];

/// A question's row, and what is wanted of it.
struct Asked {
    load: Load,
    name: &'static str,
    wanted: [u32; 2],
    newest_first: bool,
}

impl Context<'_> {
    pub(super) fn read(&mut self, settings: &Read) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            let small = self.asked(engine, settings, settings.entries)?;
            for asked in &small {
                let wanted = asked.wanted[usize::from(engine == Engine::Postgres)];
                if wanted > 0 {
                    let what = format!(
                        "{} on {engine} / {} a second",
                        asked.name,
                        thousands(wanted.into())
                    );
                    self.ratio(what, asked.load.items_per_second, f64::from(wanted), Some(1.0));
                }
            }
            let Some(large) = settings.large else { continue };
            for (small, large) in small.iter().zip(self.asked(engine, settings, large)?) {
                let what = format!("{} on {engine}: larger log / smaller", small.name);
                let wanted = small.newest_first.then_some(RATIO_WANTED);
                self.ratio(
                    what,
                    large.load.items_per_second,
                    small.load.items_per_second,
                    wanted,
                );
            }
        }
        Ok(())
    }

    /// Every question on one installation: of the books, and then of a log whose last entries are not about them.
    fn asked(&mut self, engine: Engine, settings: &Read, entries: u64) -> Result<Vec<Asked>, Error> {
        progress(&format!(
            "read on {engine}: {} operations, {} entries",
            thousands(settings.operations),
            thousands(entries)
        ));
        let running = self.with_balances(engine, settings.balances)?;
        let mut all = Vec::new();
        let (address, key) = (running.server.address, &running.admin_key);
        if settings.operations > 0 {
            let transfers = Transfers::new(address, key, &running.balances, TRANSFERS.into(), false)
                .ok_or_else(|| Error::Server("it answered with balances that are no UUIDs".into()))?;
            let requests = settings.operations.div_ceil(TRANSFERS.into());
            play(&running.server, PRELOAD_CONNECTIONS, requests, transfers)?;
            let questions = reading::of_the_books(ASSET, &running.balances);
            self.ask(&mut all, engine, &running, settings, entries, questions)?;
        }
        if entries > 0 {
            let ids = fill(entries, &running.server, |batch| {
                Append::new(address, &running.installation.key, batch).with_refusals(REFUSED_ONE_IN)
            })?;
            let mut questions = reading::of_the_log();
            // What waits for nobody may still run when the next question is asked: it is the last one.
            let text = questions.pop();
            questions.push(reading::receipts(&ids));
            if settings.operations > 0 {
                questions.push(reading::newest_operations("operations, old"));
            }
            self.ask(&mut all, engine, &running, settings, entries, questions)?;
            if wants(settings, "bundle") {
                all.push(self.bundle(engine, &running, settings, entries)?);
            }
            self.ask(&mut all, engine, &running, settings, entries, text)?;
        }
        self.report
            .loads
            .extend(all.iter().map(|asked| asked.load.clone()));
        Ok(all)
    }

    fn ask(
        &self,
        all: &mut Vec<Asked>,
        engine: Engine,
        running: &Running,
        settings: &Read,
        entries: u64,
        questions: impl IntoIterator<Item = Question>,
    ) -> Result<(), Error> {
        for question in questions {
            if !wants(settings, question.name) {
                continue;
            }
            let name = format!("{}: {}", short(entries), question.name);
            progress(&name);
            let Running {
                server, admin_key, ..
            } = running;
            process::forget_memory_peak(server.pid());
            let mut workload = Repeated::gets(server.address, admin_key, &question.paths, question.check);
            let plan = self.timed(settings.connections, None);
            all.push(Asked {
                load: self.measure(&name, On::Server(engine, server), &plan, &mut workload)?,
                name: question.name,
                wanted: question.wanted,
                newest_first: question.newest_first,
            });
        }
        Ok(())
    }

    /// A bundle of the last entries of the log, read by one client.
    fn bundle(
        &self,
        engine: Engine,
        running: &Running,
        settings: &Read,
        entries: u64,
    ) -> Result<Asked, Error> {
        let Running {
            server, admin_key, ..
        } = running;
        let ask = |path: &str| answers(server, 1, vec![get(server.address, path, admin_key)]);
        let newest = ask("/v1/audit/entries?limit=1")?[0]["entries"][0]["index"].as_u64();
        let first = (newest.unwrap_or_default() + 1).saturating_sub(settings.bundle.min(entries));
        let from = ask(&format!("/v1/audit/entries/{first}"))?[0]["at"].clone();
        let filter = format!("&from={}", from.as_str().unwrap_or_default());
        let name = format!("{}: bundle", short(entries));
        progress(&name);
        process::forget_memory_peak(server.pid());
        let plan = Plan {
            connections: 1,
            pace: Pace::Closed,
            limit: Limit::Requests(1),
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
        Ok(Asked {
            load: self.measured(&name, On::Server(engine, server), &plan, run)?,
            name: "bundle",
            wanted: BUNDLE_WANTED,
            newest_first: false,
        })
    }
}

fn wants(settings: &Read, name: &str) -> bool {
    settings.only.is_empty() || settings.only.iter().any(|word| name.contains(word.as_str()))
}
