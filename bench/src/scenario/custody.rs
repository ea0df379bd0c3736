//! `custody`: how fast transfers are made, by requests of one or of arrays, between many balances and between a few;
//! and that the money is all there afterwards.

use serde_json::Value;

use super::{Context, On, answers, as_f64, progress};
use crate::custody::{self, Transfers};
use crate::error::Error;
use crate::load::Plan;
use crate::options::{Custody, CustodyPart, Engine};
use crate::probity::{Installation, Server};
use crate::report::{Load, thousands};

/// What the project set out for: connections, transfers in a request, transfers a second on SQLite and on PostgreSQL.
const WANTED: [(usize, u16, [u64; 2]); 3] = [
    (64, 1, [11_000, 11_000]),
    (256, 1, [15_000, 15_000]),
    (8, 100, [16_000, 22_000]),
];
/// Between a few balances at least this much of the rate between many.
const HOT_WANTED: f64 = 0.8;

/// Which transfers are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Between all balances.
    Uniform,
    /// Between the hot ones.
    Hot,
    /// Between all, with ids of our own.
    OwnIds,
}

impl Kind {
    fn scenario(self) -> &'static str {
        match self {
            Self::Uniform => "custody",
            Self::Hot => "custody (hot)",
            Self::OwnIds => "custody (own ids)",
        }
    }
}

/// How they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    connections: usize,
    batch: u16,
}

/// An installation with balances, and its server. The server ends first.
pub(super) struct Running {
    pub server: Server,
    pub installation: Installation,
    pub admin_key: String,
    pub balances: Vec<String>,
}

impl Context<'_> {
    pub(super) fn custody(&mut self, settings: &Custody) -> Result<(), Error> {
        if settings.hot > settings.balances {
            return Err(Error::Usage("more hot balances than there are balances".into()));
        }
        for engine in self.common.engine.clone() {
            for (shape, kinds) in loads(settings) {
                self.transfers(engine, shape, &kinds, settings)?;
            }
        }
        Ok(())
    }

    /// Loads of one shape.
    fn transfers(
        &mut self,
        engine: Engine,
        shape: Shape,
        kinds: &[Kind],
        settings: &Custody,
    ) -> Result<(), Error> {
        let Shape { connections, batch } = shape;
        let what = |kind: &Kind| {
            let name = kind.scenario();
            format!("{name} on {engine}: {connections} connections, {batch} a request")
        };
        let rates = self.by_turns(kinds, what, |context, kind| {
            context.transfer_run(engine, shape, *kind, settings)
        })?;
        self.compare(engine, shape, kinds, &rates);
        Ok(())
    }

    /// One load on fresh data, and whether what it left is right.
    fn transfer_run(
        &self,
        engine: Engine,
        shape: Shape,
        kind: Kind,
        settings: &Custody,
    ) -> Result<Load, Error> {
        let running = self.with_balances(engine, settings.balances)?;
        let (address, key) = (running.server.address, &running.admin_key);
        let used = match kind {
            Kind::Hot => &running.balances[..settings.hot],
            Kind::Uniform | Kind::OwnIds => &running.balances[..],
        };
        let own_ids = kind == Kind::OwnIds;
        let mut workload = Transfers::new(address, key, used, shape.batch.into(), own_ids)
            .ok_or_else(|| Error::Server("it answered with balances that are no UUIDs".into()))?;
        let second = (settings.servers > 1).then(|| running.installation.serve());
        let second = second.transpose()?;
        let plan = Plan {
            also: second.as_ref().map(|server| server.address),
            ..self.timed(shape.connections, None)
        };
        let load = self.measure(
            kind.scenario(),
            On::Server(engine, &running.server),
            &plan,
            &mut workload,
        )?;
        let good = if shape.batch == 1 { 201 } else { 200 };
        let answers = load.statuses.get(&good).copied().unwrap_or_default();
        drop(second);
        running.audit(answers * u64::from(shape.batch), load.failures == 0)?;
        Ok(load)
    }

    /// A fresh installation that serves, with users that have a balance each.
    pub(super) fn with_balances(&self, engine: Engine, count: usize) -> Result<Running, Error> {
        prepared(self.install(engine)?, count)
    }

    fn compare(&mut self, engine: Engine, shape: Shape, kinds: &[Kind], rates: &[f64]) {
        let Shape { connections, batch } = shape;
        let rate = |wanted| Some(rates[kinds.iter().position(|kind| *kind == wanted)?]);
        // Own ids may be asked for alone; then there is nothing to compare them with.
        let Some(uniform) = rate(Kind::Uniform) else {
            return;
        };
        let what = format!("custody on {engine}, {connections} connections, {batch} a request");
        if let Some(wanted) = wanted_rate(engine, shape) {
            let what = format!("{what} / {} a second", thousands(wanted));
            self.ratio(what, uniform, as_f64(wanted), Some(1.0));
        }
        if let Some(hot) = rate(Kind::Hot) {
            self.ratio(format!("{what}: hot / uniform"), hot, uniform, Some(HOT_WANTED));
        }
        if let Some(own) = rate(Kind::OwnIds) {
            self.ratio(format!("{what}: own ids / without"), own, uniform, None);
        }
    }
}

/// Starts an installation, with users that have a balance each.
pub(super) fn prepared(installation: Installation, count: usize) -> Result<Running, Error> {
    installation.import_users(&custody::owners(count))?;
    let admin_key = installation.create_key("admin")?;
    let server = installation.serve()?;
    let answers = converse(&server, custody::preparation(server.address, &admin_key, count))?;
    let mut balances = Vec::with_capacity(count);
    // The first one is about the asset.
    for answer in answers.iter().skip(1) {
        let credited = custody::credited(answer);
        balances.extend(credited.ok_or_else(|| {
            let start: String = answer.to_string().chars().take(300).collect();
            Error::Server(format!("deposits were refused: {start}"))
        })?);
    }
    if balances.len() != count {
        let found = balances.len();
        return Err(Error::Server(format!("{found} balances instead of {count}")));
    }
    Ok(Running {
        server,
        installation,
        admin_key,
        balances,
    })
}

impl Running {
    /// After a load: the money is all there, so is every acknowledged transfer, and the log is intact.
    fn audit(self, acknowledged: u64, certain: bool) -> Result<(), Error> {
        let answers = converse(
            &self.server,
            custody::questions(self.server.address, &self.admin_key),
        )?;
        custody::audit(&answers, self.balances.len(), acknowledged, certain).map_err(Error::Server)?;
        // What counts is what a stopped server leaves behind.
        drop(self.server);
        let usage = self.installation.measure(&["audit", "verify"])?;
        let transfers = thousands(acknowledged);
        progress(&format!(
            "  {transfers} transfers are there, the sum is zero, the log intact ({:.1} s)",
            usage.wall.as_secs_f64()
        ));
        Ok(())
    }
}

/// The loads in the order of the parts, those that are compared together.
fn loads(settings: &Custody) -> Vec<(Shape, Vec<Kind>)> {
    let wants = |part| settings.parts.contains(&part);
    let single = settings
        .connections
        .iter()
        .enumerate()
        .map(|(number, connections)| {
            let mut kinds = Vec::new();
            if wants(CustodyPart::Single) {
                kinds.extend([Kind::Uniform, Kind::Hot]);
            }
            if number == 0 && wants(CustodyPart::OwnIds) {
                kinds.push(Kind::OwnIds);
            }
            let (connections, batch) = (*connections, 1);
            (Shape { connections, batch }, kinds)
        });
    let arrays = wants(CustodyPart::Arrays).then(|| {
        let (connections, batch) = (settings.batch_connections, settings.batch);
        (Shape { connections, batch }, vec![Kind::Uniform, Kind::Hot])
    });
    single
        .chain(arrays)
        .filter(|(_, kinds)| !kinds.is_empty())
        .collect()
}

fn wanted_rate(engine: Engine, shape: Shape) -> Option<u64> {
    let of_shape = |wanted: &&(usize, u16, _)| (wanted.0, wanted.1) == (shape.connections, shape.batch);
    let (_, _, [sqlite, postgres]) = WANTED.iter().find(of_shape)?;
    Some(match engine {
        Engine::Sqlite => *sqlite,
        Engine::Postgres => *postgres,
    })
}

/// Sends requests one after another; the answers in their order.
fn converse(server: &Server, requests: Vec<Vec<u8>>) -> Result<Vec<Value>, Error> {
    answers(server, 1, requests).map_err(|error| error.during("before or after the transfers"))
}
