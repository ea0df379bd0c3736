//! `mcp`: what a call of a tool costs beside the same request of the API: one that reads, one that records, and requests that
//! are granted and used.

use super::governance::started;
use super::{Context, On};
use crate::approvals::Pairs;
use crate::error::Error;
use crate::governance::Steps;
use crate::identity::Repeated;
use crate::mcp::{self, By};
use crate::options::{Engine, Mcp};
use crate::report::Load;

/// What is called.
#[derive(Clone, Copy)]
enum Calls {
    Whoami,
    /// One step a call, with its entry.
    Step,
    /// `propose_action`, then `approval_use`.
    Pairs,
}

impl Calls {
    const ALL: [Calls; 3] = [Calls::Whoami, Calls::Step, Calls::Pairs];

    fn name(self) -> &'static str {
        match self {
            Calls::Whoami => "whoami",
            Calls::Step => "one step",
            Calls::Pairs => "propose and use",
        }
    }
}

impl Context<'_> {
    pub(super) fn mcp(&mut self, settings: &Mcp) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            for connections in settings.connections.iter().copied() {
                let loads: Vec<(Calls, By)> = Calls::ALL
                    .into_iter()
                    .flat_map(|calls| By::ALL.map(|by| (calls, by)))
                    .collect();
                let what = |(calls, by): &(Calls, By)| {
                    let (calls, by) = (calls.name(), by.name());
                    format!("{calls} by {by} on {engine}, {connections} connections")
                };
                let rates = self.by_turns(&loads, what, |context, (calls, by)| {
                    context.calls(engine, connections, *calls, *by)
                })?;
                for (calls, rates) in Calls::ALL.into_iter().zip(rates.chunks_exact(2)) {
                    let what = format!(
                        "{} on {engine}, {connections} connections: by MCP / by the API",
                        calls.name()
                    );
                    self.ratio(what, rates[1], rates[0], None);
                }
            }
        }
        Ok(())
    }

    /// Calls on fresh data.
    fn calls(&self, engine: Engine, connections: usize, calls: Calls, by: By) -> Result<Load, Error> {
        let (_installation, key, server) = self.with_policies(engine)?;
        let (address, on) = (server.address, On::Server(engine, &server));
        let name = match by {
            By::Api => calls.name().to_owned(),
            By::Mcp => format!("{}, MCP", calls.name()),
        };
        let plan = self.timed(connections, None);
        match calls {
            Calls::Whoami => {
                let mut workload = match by {
                    By::Api => Repeated::me(address, &key),
                    By::Mcp => Repeated::of_me(mcp::call(address, &key, "whoami", "{}")),
                };
                self.measure(&name, on, &plan, &mut workload)
            }
            Calls::Step => {
                let ids = started(&server, &key)?;
                self.measure(&name, on, &plan, &mut Steps::new(address, &key, &ids, (1, by))?)
            }
            Calls::Pairs => self.measure(&name, on, &plan, &mut Pairs::new(address, &key, by)),
        }
    }
}
