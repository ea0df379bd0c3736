//! `tls`: what encryption costs those who append, on the way to the server and on its way to PostgreSQL.

use super::{Context, On};
use crate::error::Error;
use crate::load::Plan;
use crate::options::Engine;
use crate::workload::Append;

/// Where there is TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    None,
    ToServer,
    ToPostgres,
}

impl Way {
    fn scenario(self) -> &'static str {
        match self {
            Way::None => "append",
            Way::ToServer => "append (TLS)",
            Way::ToPostgres => "append (TLS to PostgreSQL)",
        }
    }

    /// What should be kept of the rate without.
    fn kept(self) -> f64 {
        if self == Way::ToPostgres { 0.9 } else { 0.85 }
    }
}

impl Context<'_> {
    pub(super) fn tls(&mut self, connections: usize) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            let mut ways = vec![Way::None, Way::ToServer];
            ways.extend((engine == Engine::Postgres).then_some(Way::ToPostgres));
            let what = |way: &Way| format!("{} on {engine}: {connections} connections", way.scenario());
            let rates = self.by_turns(&ways, what, |context, way| {
                let mut installation = context.install(engine)?;
                if *way == Way::ToPostgres {
                    installation.encrypt_database();
                }
                installation.tls = *way == Way::ToServer;
                let server = installation.serve()?;
                let plan = Plan {
                    tls: installation.tls,
                    ..context.timed(connections, None)
                };
                let mut workload = Append::new(server.address, &installation.key, 1);
                context.measure(way.scenario(), On::Server(engine, &server), &plan, &mut workload)
            })?;
            for (way, rate) in ways.iter().zip(&rates).skip(1) {
                let what = format!("{} on {engine} / without", way.scenario());
                self.ratio(what, *rate, rates[0], Some(way.kept()));
            }
        }
        Ok(())
    }
}
