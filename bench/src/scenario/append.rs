//! `append`: how fast entries come in, by requests of one or of arrays.

use super::{Context, median, progress};
use crate::error::Error;
use crate::load::{Limit, Pace, Plan};
use crate::options::Engine;
use crate::report::Load;
use crate::workload::Append;

impl Context<'_> {
    pub(super) fn append(
        &mut self,
        connections: &[usize],
        batch: u16,
        rate: Option<f64>,
    ) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            for connections in connections {
                let load = self.append_runs(engine, *connections, batch, rate)?;
                self.report.loads.push(load);
            }
        }
        Ok(())
    }

    /// The median of the runs, each on a fresh log.
    pub(super) fn append_runs(
        &self,
        engine: Engine,
        connections: usize,
        batch: u16,
        rate: Option<f64>,
    ) -> Result<Load, Error> {
        let plan = self.timed(connections, rate);
        let mut runs = Vec::new();
        for number in 1..=self.common.runs {
            progress(&format!(
                "append on {engine}: {connections} connections, {batch} a request, run {number}"
            ));
            let installation = self.install(engine)?;
            let server = installation.serve()?;
            let mut workload = Append::new(server.address, &installation.key, batch.into());
            runs.push(self.measure("append", engine, &server, &plan, &mut workload)?);
        }
        median(runs).ok_or_else(|| Error::Usage("no runs".into()))
    }

    /// A load as long as the options say.
    pub(super) fn timed(&self, connections: usize, rate: Option<f64>) -> Plan {
        Plan {
            connections,
            pace: rate.map_or(Pace::Closed, Pace::Open),
            limit: Limit::Time {
                warmup: self.common.warmup,
                measure: self.common.duration,
            },
        }
    }
}
