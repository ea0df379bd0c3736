//! `identity`: what users cost. Who one is, logins, a flood of logins beside other work, and whether the time of a
//! refusal tells anything.

mod enumeration;
mod flood;

use serde_json::Value;

use super::{Context, On, answers, as_f64, progress};
use crate::error::Error;
use crate::hashing;
use crate::identity::{Account, Repeated};
use crate::options::{Engine, Identity, Part};
use crate::probity::{Installation, Server};
use crate::report::{Load, Logins};

/// Connections that make users.
const CREATE_CONNECTIONS: usize = 4;

/// An installation with users, and its server. The server ends first.
struct Running {
    server: Server,
    installation: Installation,
}

impl Context<'_> {
    pub(super) fn identity(&mut self, settings: &Identity) -> Result<(), Error> {
        let wanted = |part| settings.parts.contains(&part);
        if wanted(Part::Login) {
            self.hashing()?;
        }
        for engine in self.common.engine.clone() {
            if wanted(Part::Me) {
                self.me(engine, settings.connections)?;
            }
            if wanted(Part::Login) {
                self.logins(engine, settings)?;
            }
            if wanted(Part::Flood) {
                self.flood(engine, settings)?;
            }
        }
        // Last: it is the longest and the only one that a program without `user import` fails in.
        if wanted(Part::Enumeration) {
            for engine in self.common.engine.clone() {
                self.enumeration(engine, settings)?;
            }
        }
        Ok(())
    }

    /// What the work of a login costs without Probity: on one thread, then on all processors.
    fn hashing(&mut self) -> Result<(), Error> {
        let cores = self.report.machine.cores;
        for threads in if cores > 1 { vec![1, cores] } else { vec![1] } {
            progress(&format!("Argon2id by itself on {threads} threads"));
            let found = hashing::measure(threads, self.common.duration)?;
            self.report.hashing.push(found);
        }
        Ok(())
    }

    fn me(&mut self, engine: Engine, connections: usize) -> Result<f64, Error> {
        let plan = self.timed(connections, None);
        self.runs(&format!("me on {engine}: {connections} connections"), |context| {
            let installation = context.install(engine)?;
            let server = installation.serve()?;
            let mut workload = Repeated::me(server.address, &installation.key);
            context.measure("me", On::Server(engine, &server), &plan, &mut workload)
        })
    }

    fn logins(&mut self, engine: Engine, settings: &Identity) -> Result<(), Error> {
        let accounts = Account::several("bench", settings.users);
        let connections = settings.login_connections;
        let plan = self.timed(connections, None);
        self.runs(
            &format!("logins on {engine}: {connections} connections"),
            |context| {
                let running = context.with_users(engine, &accounts)?;
                let mut workload = Repeated::logins(running.server.address, &accounts);
                context.measure("login", On::Server(engine, &running.server), &plan, &mut workload)
            },
        )?;
        let found = self.report.loads.last().map(|load| self.beside_hashes(load));
        self.report.logins.extend(found);
        Ok(())
    }

    fn beside_hashes(&self, load: &Load) -> Logins {
        let logins = as_f64(load.requests).max(1.0);
        let each = |(user, system): (f64, f64)| (user + system) / logins;
        let hashes = self.report.hashing.last();
        Logins {
            engine: load.engine.clone(),
            logins_per_second: load.items_per_second,
            logins_per_second_and_core: load.items_per_second / as_f64(self.report.machine.cores as u64),
            server_cpu_seconds_each: each(load.cpu.server),
            postgres_cpu_seconds_each: each(load.cpu.postgres),
            of_hashes: hashes.map_or(0.0, |hashes| load.items_per_second / hashes.hashes_per_second),
        }
    }

    /// A fresh installation that serves, with these users.
    fn with_users(&self, engine: Engine, accounts: &[Account]) -> Result<Running, Error> {
        let installation = self.install(engine)?;
        let admin_key = installation.create_key("admin")?;
        let server = installation.serve()?;
        create(&server, &admin_key, accounts)?;
        Ok(Running { server, installation })
    }
}

/// Makes users over HTTP; their ids, in no order.
fn create(server: &Server, admin_key: &str, accounts: &[Account]) -> Result<Vec<String>, Error> {
    let creation = |account: &Account| account.creation(server.address, admin_key);
    let answers = prepared(server, accounts.iter().map(creation).collect())?;
    let id = |answer: &Value| answer.pointer("/user/id")?.as_str().map(str::to_owned);
    let ids = answers.iter().map(id).collect::<Option<Vec<_>>>();
    ids.ok_or_else(|| Error::Server("it made a user and told no id".into()))
}

/// What is asked about users before a load.
fn prepared(server: &Server, requests: Vec<Vec<u8>>) -> Result<Vec<Value>, Error> {
    answers(server, CREATE_CONNECTIONS, requests).map_err(|error| error.during("preparing users failed"))
}
