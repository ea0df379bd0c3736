//! `governance`: how fast executions are started and ended, and their steps recorded; and that all of them are there
//! afterwards.

use serde_json::Value;

use super::{Context, On, answers, progress};
use crate::custody::owners;
use crate::error::Error;
use crate::governance::{self, Executions, Steps};
use crate::mcp::By;
use crate::options::{Engine, Governance, GovernancePart};
use crate::probity::{Installation, Server};
use crate::report::{Load, thousands};

/// What the project set out for: starts and ends a second on 64 connections.
const WANTED: u32 = 10_000;
/// Steps a second in arrays of 100 on 8 connections, on SQLite and on PostgreSQL.
const STEPS_WANTED: [u32; 2] = [25_000, 30_000];
/// Executions that steps go to: room for two million of them.
const EXECUTIONS: usize = 200;

impl Context<'_> {
    pub(super) fn governance(&mut self, settings: &Governance) -> Result<(), Error> {
        let wants = |part| settings.parts.contains(&part);
        for engine in self.common.engine.clone() {
            if let Some(executions) = settings.large {
                self.large_governance(engine, settings, executions)?;
                continue;
            }
            for connections in settings
                .connections
                .iter()
                .filter(|_| wants(GovernancePart::Executions))
            {
                let what = format!("governance on {engine}, {connections} connections");
                let rate = self.runs(&what, |context| context.executions(engine, *connections))?;
                self.against(&what, rate, WANTED);
            }
            if wants(GovernancePart::Steps) {
                let (connections, batch) = (settings.batch_connections, settings.batch);
                let what = format!("steps on {engine}, {connections} connections, {batch} a request");
                let rate = self.runs(&what, |context| context.steps(engine, connections, batch))?;
                self.against(&what, rate, STEPS_WANTED[usize::from(engine == Engine::Postgres)]);
            }
        }
        Ok(())
    }

    fn against(&mut self, what: &str, rate: f64, wanted: u32) {
        let what = format!("{what} / {} a second", thousands(wanted.into()));
        self.ratio(what, rate, f64::from(wanted), Some(1.0));
    }

    /// Starts and ends on fresh data.
    fn executions(&self, engine: Engine, connections: usize) -> Result<Load, Error> {
        let (installation, key, server) = self.to_govern(engine)?;
        let (load, acknowledged) = self.executions_on(engine, &server, &key, "", connections)?;
        let there = completed(&server, &key).map_err(|error| error.during("after the executions"))?;
        audit(&installation, server, &load, "executions", acknowledged, there)?;
        Ok(load)
    }

    /// Starts and ends, and how many ends were acknowledged.
    pub(super) fn executions_on(
        &self,
        engine: Engine,
        server: &Server,
        key: &str,
        prefix: &str,
        connections: usize,
    ) -> Result<(Load, u64), Error> {
        let plan = self.timed(connections, None);
        let mut workload = Executions::new(server.address, key);
        let name = format!("{prefix}governance");
        let load = self.measure(&name, On::Server(engine, server), &plan, &mut workload)?;
        Ok((load, workload.completed))
    }

    /// Steps of executions that were started before.
    fn steps(&self, engine: Engine, connections: usize, batch: u16) -> Result<Load, Error> {
        let (installation, key, server) = self.to_govern(engine)?;
        let (load, ids) = self.steps_on(engine, &server, &key, "", (connections, batch))?;
        let shown = answers(&server, 1, governance::shows(server.address, &key, &ids));
        let shown = shown.map_err(|error| error.during("after the steps"))?;
        let there = shown
            .iter()
            .filter_map(|shown| shown["step_count"].as_u64())
            .sum();
        let answered = load.statuses.get(&201).copied().unwrap_or_default();
        audit(
            &installation,
            server,
            &load,
            "steps",
            answered * u64::from(batch),
            there,
        )?;
        Ok(load)
    }

    /// Steps, and the executions that they are of.
    pub(super) fn steps_on(
        &self,
        engine: Engine,
        server: &Server,
        key: &str,
        prefix: &str,
        (connections, batch): (usize, u16),
    ) -> Result<(Load, Vec<String>), Error> {
        let ids = started(server, key)?;
        let mut workload = Steps::new(server.address, key, &ids, (batch.into(), By::Api))?;
        let (plan, name) = (self.timed(connections, None), format!("{prefix}steps"));
        let load = self.measure(&name, On::Server(engine, server), &plan, &mut workload)?;
        Ok((load, ids))
    }

    /// A fresh installation that serves, and a key that may do everything.
    pub(super) fn to_govern(&self, engine: Engine) -> Result<(Installation, String, Server), Error> {
        let installation = self.install(engine)?;
        installation.import_users(&owners(governance::DIFFERENT))?;
        let key = installation.create_key("admin")?;
        let server = installation.serve()?;
        Ok((installation, key, server))
    }
}

/// Executions that steps may go to.
pub(super) fn started(server: &Server, key: &str) -> Result<Vec<String>, Error> {
    let starts = vec![governance::start(server.address, key); EXECUTIONS];
    let answers = answers(server, 1, starts).map_err(|error| error.during("before the steps"))?;
    Ok(ids(&answers))
}

/// The ids in answers.
pub(super) fn ids(answers: &[Value]) -> Vec<String> {
    let id = |answer: &Value| answer["id"].as_str().map(str::to_owned);
    answers.iter().filter_map(id).collect()
}

/// After a load: everything that was acknowledged is there, and the log is intact.
fn audit(
    installation: &Installation,
    server: Server,
    load: &Load,
    items: &str,
    acknowledged: u64,
    there: u64,
) -> Result<(), Error> {
    if there < acknowledged || (load.failures == 0 && there > acknowledged) {
        let (acknowledged, there) = (thousands(acknowledged), thousands(there));
        let what = format!("{acknowledged} {items} were acknowledged, {there} are there");
        return Err(Error::Server(what));
    }
    // What counts is what a stopped server leaves behind.
    drop(server);
    let usage = installation.measure(&["audit", "verify"])?;
    progress(&format!(
        "  {} {items} are there, the log intact ({:.1} s)",
        thousands(there),
        usage.wall.as_secs_f64()
    ));
    Ok(())
}

/// How many executions are there that were completed.
fn completed(server: &Server, key: &str) -> Result<u64, Error> {
    let (mut there, mut cursor) = (0, None);
    loop {
        let page = governance::page(server.address, key, cursor.as_deref());
        let (count, next) = governance::counted(&answers(server, 1, vec![page])?[0])?;
        there += count;
        cursor = next;
        if cursor.is_none() {
            return Ok(there);
        }
    }
}
