//! `append`: how fast entries come in, by requests of one or of arrays.

use super::{Context, On};
use crate::error::Error;
use crate::options::Engine;
use crate::workload::Append;

impl Context<'_> {
    /// The rate of the median of the runs, each on a fresh log.
    pub(super) fn append(
        &mut self,
        engine: Engine,
        connections: usize,
        batch: u16,
        rate: Option<f64>,
    ) -> Result<f64, Error> {
        let plan = self.timed(connections, rate);
        let what = format!("append on {engine}: {connections} connections, {batch} a request");
        self.runs(&what, |context| {
            let installation = context.install(engine)?;
            let server = installation.serve()?;
            let mut workload = Append::new(server.address, &installation.key, batch.into());
            context.measure("append", On::Server(engine, &server), &plan, &mut workload)
        })
    }
}
