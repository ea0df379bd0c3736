//! `calibrate`: what the generator itself costs, so that its share of a measurement is known.

use std::sync::atomic::AtomicU64;

use super::{Context, On};
use crate::error::Error;
use crate::stub;
use crate::workload::Append;

impl Context<'_> {
    pub(super) fn calibrate(&mut self, connections: usize, batch: u16) -> Result<(), Error> {
        let index: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
        let address = stub::start(([127, 0, 0, 1], 0).into(), None, stub::like_probity(index))
            .map_err(Error::io("starting the stub"))?;
        let mut workload = Append::new(address, "prb_000000000000000000000000000000000000", batch.into());
        let plan = self.timed(connections, None);
        let load = self.measure("generator alone", On::Stub(address), &plan, &mut workload)?;
        self.report.loads.push(load);
        Ok(())
    }
}
