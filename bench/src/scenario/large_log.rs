//! `large-log`: appends may not slow down as the log grows, nor receipts.

use super::{Context, On, preload, progress};
use crate::error::Error;
use crate::identity::Repeated;
use crate::options::Engine;
use crate::report::{Load, short, thousands};
use crate::workload::Append;

/// The loads that are compared: connections and entries in a request.
const LOADS: [(usize, u16); 2] = [(64, 1), (8, 100)];
const RECEIPT_CONNECTIONS: usize = 16;

impl Context<'_> {
    pub(super) fn large_log(&mut self, entries: u64) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            let empty = self.on_a_log(engine, 0)?;
            self.report.loads.extend(empty.iter().cloned());
            let large = self.on_a_log(engine, entries)?;
            for (small, large) in empty.iter().zip(&large) {
                let unit = if small.scenario.ends_with("append") {
                    format!("append {} a request", small.items_per_request)
                } else {
                    "receipts".to_owned()
                };
                let what = format!("{unit} on {engine}: log of {} / empty log", thousands(entries));
                self.ratio(what, large.items_per_second, small.items_per_second, None);
            }
            self.report.loads.extend(large);
        }
        Ok(())
    }

    /// The loads one after another on one log; it grows by what they append. One run each: filling takes long.
    fn on_a_log(&self, engine: Engine, entries: u64) -> Result<Vec<Load>, Error> {
        let installation = self.install(engine)?;
        let server = installation.serve()?;
        let mut ids = preload(&installation, &server, entries)?;
        let prefix = if entries == 0 {
            "empty log:".to_owned()
        } else {
            format!("log of {}:", short(entries))
        };
        let mut loads = Vec::new();
        for (connections, batch) in LOADS {
            progress(&format!(
                "{prefix} append on {engine}: {connections} connections, {batch} a request"
            ));
            let mut workload = Append::new(server.address, &installation.key, batch.into());
            let (plan, name) = (self.timed(connections, None), format!("{prefix} append"));
            loads.push(self.measure(&name, On::Server(engine, &server), &plan, &mut workload)?);
            ids.append(&mut workload.ids);
        }
        if ids.is_empty() {
            return Err(Error::Server(
                "it answered with no ids to fetch receipts for".into(),
            ));
        }
        progress(&format!("{prefix} receipts on {engine}"));
        let mut workload = Repeated::receipts(server.address, &installation.key, &ids);
        let (plan, name) = (
            self.timed(RECEIPT_CONNECTIONS, None),
            format!("{prefix} receipts"),
        );
        loads.push(self.measure(&name, On::Server(engine, &server), &plan, &mut workload)?);
        Ok(loads)
    }
}
