//! Other work alone, and while logins come as fast as they are answered.
//!
//! Right passwords: wrong ones are throttled and answered late, so that right ones are the heavier load.

use std::thread;

use super::super::{Context, On, progress};
use super::Running;
use crate::error::Error;
use crate::identity::{Account, Repeated};
use crate::options::{Engine, Identity};
use crate::report::Load;
use crate::workload::{Append, Workload};

impl Context<'_> {
    pub(super) fn flood(&mut self, engine: Engine, settings: &Identity) -> Result<(), Error> {
        let accounts = Account::several("bench", settings.users);
        let (mut me, mut append) = (Vec::new(), Vec::new());
        for number in 1..=self.common.runs {
            progress(&format!("flood on {engine}: run {number}"));
            let running = self.with_users(engine, &accounts)?;
            let (address, key) = (running.server.address, &running.installation.key);
            let logins = || Repeated::logins(address, &accounts);
            let one = Repeated::me(address, key);
            me.push(self.with_and_without("me", engine, &running, settings, one, logins())?);
            let one = Append::new(address, key, 1);
            append.push(self.with_and_without("append", engine, &running, settings, one, logins())?);
        }
        for (name, runs) in [("me", me), ("append", append)] {
            let rate = |context: &mut Self, which: usize| {
                let of_all = runs.iter().map(|run: &[Load; 3]| run[which].clone());
                context.median(of_all.collect())
            };
            let (alone, flooded) = (rate(self, 0)?, rate(self, 1)?);
            rate(self, 2)?;
            let what = format!("{name} on {engine}: rate beside a flood of logins / alone");
            self.ratio(what, flooded, alone, None);
        }
        Ok(())
    }

    /// The work alone, then beside logins, and these: on one server, so that little else differs between them. The logins'
    /// warm-up and measured time begin with those of the work.
    fn with_and_without<W: Workload>(
        &self,
        name: &str,
        engine: Engine,
        running: &Running,
        settings: &Identity,
        mut workload: W,
        mut logins: Repeated,
    ) -> Result<[Load; 3], Error> {
        let server = &running.server;
        let plan = self.timed(settings.connections, None);
        let flood = self.timed(settings.flood_connections, None);
        let on = On::Server(engine, server);
        let alone = self.measure(&format!("{name} (alone)"), on, &plan, &mut workload)?;
        let (flooded, logins) = thread::scope(|scope| {
            let beside = On::Beside(engine, server);
            let logins =
                scope.spawn(move || self.measure(&format!("login ({name})"), beside, &flood, &mut logins));
            let flooded = self.measure(&format!("{name} (flood)"), on, &plan, &mut workload);
            (flooded, logins.join())
        });
        let logins = logins.map_err(|_| Error::Usage("the thread that logs in panicked".into()))?;
        let flooded = Load {
            beside_another: true,
            ..flooded?
        };
        Ok([alone, flooded, logins?])
    }
}
