//! `governance --large`: what is asked of many executions, and what writing costs beside them.

use std::time::{SystemTime, UNIX_EPOCH};

use super::governance::ids;
use super::{Context, On, PRELOAD_CONNECTIONS, answers, as_f64, play, progress};
use crate::error::Error;
use crate::governance::{self, DIFFERENT, Executions, MONTH_S, Steps};
use crate::identity::{Repeated, get};
use crate::mcp::By;
use crate::options::{Engine, Governance};
use crate::probity::Server;
use crate::process;
use crate::reading;
use crate::report::{Load, short, thousands};
use crate::text;

/// Connections that fill: so many that the disk is waited for seldom.
const FILLING: usize = 256;
/// Executions whose trees are asked for, and the steps of each.
const TREES: (usize, usize) = (16, 100);
/// Writing keeps at least so much of its speed beside them.
const WRITING_WANTED: f64 = 1.0 / 1.2;
/// Every answer comes within so many milliseconds, but for one in a hundred.
const P99_WANTED_MS: f64 = 50.0;

impl Context<'_> {
    pub(super) fn large_governance(
        &mut self,
        engine: Engine,
        settings: &Governance,
        executions: u64,
    ) -> Result<(), Error> {
        let empty = {
            let (_installation, key, server) = self.to_govern(engine)?;
            self.written(engine, &server, &key, "empty: ", settings)?
        };
        let (installation, key, server) = self.to_govern(engine)?;
        let size = short(executions);
        progress(&format!(
            "filling with {} executions of {} steps on {engine}",
            thousands(executions),
            settings.steps
        ));
        // Each is a start, an array of steps and an end.
        let workload = Executions::different(server.address, &key, settings.steps);
        let filled = play(&server, FILLING, 3 * executions, workload)?;
        let there = executed(&server, &key)?;
        if there != filled.started {
            let (started, there) = (thousands(filled.started), thousands(there));
            let what = format!("{started} executions were started, {there} are counted");
            return Err(Error::Server(what));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let metrics = governance::metrics(server.address, &key, settings.metrics, now.as_secs());
        answers(&server, PRELOAD_CONNECTIONS, metrics)?;
        let trees = trees(&server, &key)?;
        let month = text::utc_second(now.as_secs() - MONTH_S);
        for question in reading::of_governance(month.trim_end_matches('.'), &trees) {
            let name = format!("{size}: {}", question.name);
            progress(&name);
            process::forget_memory_peak(server.pid());
            let mut workload = Repeated::gets(server.address, &key, &question.paths, question.check);
            let plan = self.timed(settings.asking, None);
            let load = self.measure(&name, On::Server(engine, &server), &plan, &mut workload)?;
            let what = format!("{name} on {engine}: 50 ms / p99");
            let p99_ms = as_f64(load.latency.p99_us) / 1_000.0;
            self.ratio(what, P99_WANTED_MS, p99_ms, Some(1.0));
            self.report.loads.push(load);
        }
        let large = self.written(engine, &server, &key, &format!("{size}: "), settings)?;
        for (empty, large) in empty.iter().zip(&large) {
            let what = format!("{} on {engine} / on an empty database", large.scenario);
            self.ratio(
                what,
                large.items_per_second,
                empty.items_per_second,
                Some(WRITING_WANTED),
            );
        }
        self.report.loads.extend(empty.into_iter().chain(large));
        drop(server);
        let usage = installation.measure(&["audit", "verify"])?;
        progress(&format!(
            "  the log is intact ({:.1} s)",
            usage.wall.as_secs_f64()
        ));
        Ok(())
    }

    /// The loads that are compared, one after another on one installation. One run each: filling takes long.
    fn written(
        &self,
        engine: Engine,
        server: &Server,
        key: &str,
        prefix: &str,
        settings: &Governance,
    ) -> Result<Vec<Load>, Error> {
        process::forget_memory_peak(server.pid());
        let mut loads = Vec::new();
        for connections in &settings.connections {
            loads.push(self.executions_on(engine, server, key, prefix, *connections)?.0);
        }
        let steps = (settings.batch_connections, settings.batch);
        loads.push(self.steps_on(engine, server, key, prefix, steps)?.0);
        Ok(loads)
    }
}

/// How many executions are counted, by workflow.
fn executed(server: &Server, key: &str) -> Result<u64, Error> {
    let ask = get(server.address, "/v1/governance/workflows?limit=1000", key);
    let answer = answers(server, 1, vec![ask])?;
    let rows = answer[0]["workflows"].as_array();
    let rows = rows.ok_or_else(|| Error::Server(format!("no workflows: {}", answer[0])))?;
    Ok(rows.iter().filter_map(|row| row["executions"].as_u64()).sum())
}

/// Executions with many steps.
fn trees(server: &Server, key: &str) -> Result<Vec<String>, Error> {
    let (count, steps) = TREES;
    let mut starts = governance::different_starts(server.address, key);
    starts.truncate(count.min(DIFFERENT));
    let ids = ids(&answers(server, 1, starts)?);
    let steps = Steps::new(server.address, key, &ids, (steps, By::Api))?;
    play(server, 1, ids.len() as u64, steps)?;
    Ok(ids)
}
