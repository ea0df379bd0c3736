//! `governance`: how fast executions are started and ended.

use super::{Context, On, answers, progress};
use crate::error::Error;
use crate::governance::{self, Executions};
use crate::options::{Engine, Governance};
use crate::probity::Server;
use crate::report::thousands;

/// What the project set out for: starts and ends a second.
const WANTED: u32 = 10_000;

impl Context<'_> {
    pub(super) fn governance(&mut self, settings: &Governance) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            for connections in &settings.connections {
                let rate = self.executions(engine, *connections)?;
                let what = format!(
                    "governance on {engine}, {connections} connections / {} a second",
                    thousands(WANTED.into())
                );
                self.ratio(what, rate, f64::from(WANTED), Some(1.0));
            }
        }
        Ok(())
    }

    /// The rate of the median of the runs, each on fresh data, of which it is asked whether all of it is there.
    fn executions(&mut self, engine: Engine, connections: usize) -> Result<f64, Error> {
        let plan = self.timed(connections, None);
        let what = format!("governance on {engine}: {connections} connections");
        self.runs(&what, |context| {
            let installation = context.install(engine)?;
            let key = installation.create_key("admin")?;
            let server = installation.serve()?;
            let mut workload = Executions::new(server.address, &key);
            let load = context.measure("governance", On::Server(engine, &server), &plan, &mut workload)?;
            let there = completed(&server, &key).map_err(|error| error.during("after the executions"))?;
            if there < workload.completed || (load.failures == 0 && there > workload.completed) {
                let (completed, there) = (thousands(workload.completed), thousands(there));
                let what = format!("{completed} executions were completed, {there} are there");
                return Err(Error::Server(what));
            }
            drop(server);
            let usage = installation.measure(&["audit", "verify"])?;
            progress(&format!(
                "  {} executions are there, the log intact ({:.1} s)",
                thousands(there),
                usage.wall.as_secs_f64()
            ));
            Ok(load)
        })
    }
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
