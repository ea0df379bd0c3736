//! Other work alone, and while logins come as fast as they are answered.
//!
//! Right passwords: wrong ones are throttled and answered late, so that right ones are the heavier load.

use std::thread;

use super::super::{Context, Sample, measure_anywhere, median, progress};
use crate::error::Error;
use crate::identity::{Account, Login, Me};
use crate::load::Plan;
use crate::options::{Engine, Identity};
use crate::process::{self, Ticks};
use crate::report::Load;
use crate::workload::{Append, Workload};

use super::Running;

/// Runs of one kind of work: alone, beside logins, and these logins.
#[derive(Default)]
struct Runs {
    alone: Vec<Load>,
    flooded: Vec<Load>,
    logins: Vec<Load>,
}

impl Context<'_> {
    pub(super) fn flood(&mut self, engine: Engine, settings: &Identity) -> Result<(), Error> {
        let accounts = Account::several("bench", settings.users);
        let plan = self.timed(settings.connections, None);
        let logins = Plan {
            connections: settings.flood_connections,
            ..plan
        };
        let (mut me, mut append) = (Runs::default(), Runs::default());
        for number in 1..=self.common.runs {
            progress(&format!("flood on {engine}: run {number}"));
            let running = self.with_users(engine, &accounts)?;
            let (address, key) = (running.server.address, &running.installation.key);
            let work = Beside {
                engine,
                running: &running,
                plan: &plan,
                logins: &logins,
                accounts: &accounts,
            };
            self.one_run(&work, "me", &mut Me::new(address, key), &mut me)?;
            self.one_run(&work, "append", &mut Append::new(address, key, 1), &mut append)?;
        }
        self.flood_rows("me", engine, me);
        self.flood_rows("append", engine, append);
        Ok(())
    }

    /// Both one after the other on one server, so that little else differs between them.
    fn one_run<W: Workload>(
        &self,
        work: &Beside<'_>,
        name: &str,
        workload: &mut W,
        runs: &mut Runs,
    ) -> Result<(), Error> {
        let server = &work.running.server;
        let alone = format!("{name} (alone)");
        runs.alone
            .push(self.measure(&alone, work.engine, server, work.plan, workload)?);
        let (flooded, logins) = thread::scope(|scope| {
            let logins = scope.spawn(|| work.log_in(name));
            let flooded = format!("{name} (flood)");
            let flooded = self.measure(&flooded, work.engine, server, work.plan, workload);
            (flooded, logins.join())
        });
        let logins = logins.map_err(|_| Error::Usage("the thread that logs in panicked".into()))?;
        runs.flooded.push(Load {
            beside_another: true,
            ..flooded?
        });
        runs.logins.push(logins?);
        Ok(())
    }

    fn flood_rows(&mut self, name: &str, engine: Engine, runs: Runs) {
        let (alone, flooded) = (median(runs.alone), median(runs.flooded));
        if let (Some(alone), Some(flooded)) = (&alone, &flooded) {
            let what = format!("{name} on {engine}: rate beside a flood of logins / alone");
            self.ratio(what, flooded.items_per_second, alone.items_per_second);
        }
        let rows = [alone, flooded, median(runs.logins)];
        self.report.loads.extend(rows.into_iter().flatten());
    }
}

/// What runs at the same time.
struct Beside<'a> {
    engine: Engine,
    running: &'a Running,
    plan: &'a Plan,
    logins: &'a Plan,
    accounts: &'a [Account],
}

impl Beside<'_> {
    /// The flood, as long as the other work: its warm-up and its measured time begin with that one's.
    fn log_in(&self, name: &str) -> Result<Load, Error> {
        let server = &self.running.server;
        // The server's time is in the row of the other work.
        let look = || Sample {
            server: Ticks::default(),
            postgres: None,
            generator: process::own_thread_ticks(),
        };
        let mut workload = Login::new(server.address, self.accounts);
        let (name, engine) = (format!("login ({name})"), self.engine.to_string());
        let load = measure_anywhere(&name, &engine, server.address, self.logins, &mut workload, look)?;
        Ok(Load {
            beside_another: true,
            memory_idle_kib: server.memory_idle_kib,
            memory_peak_kib: server.memory_peak_kib(),
            ..load
        })
    }
}
