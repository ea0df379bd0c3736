//! `approvals`: how fast agents act under a policy that allows it, what callers cost who wait for a person, and how soon a vote
//! reaches them.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Context, On, answers, as_f64, progress};
use crate::approvals::{self, PATH, Pairs};
use crate::error::Error;
use crate::identity::{Account, bearer, post};
use crate::latency::Latencies;
use crate::mcp::By;
use crate::options::{Approvals, Engine};
use crate::pages::fetched;
use crate::probity::{Installation, Server};
use crate::process;
use crate::report::thousands;

/// Requests and uses a second: 5,000 of each.
const WANTED: u64 = 10_000;
/// Most memory that 1,000 who wait may cost, in KiB, and how many that are.
const WAITING: usize = 1_000;
const WAITING_KIB_MAX: f64 = 51_200.0;
/// A vote reaches who waits within so many milliseconds, by the p99.
const REACHES_MS_MAX: f64 = 50.0;
/// The same where it was given to another process.
const REACHES_ACROSS_MS_MAX: f64 = 1_000.0;
/// Longest that a caller may wait, in seconds.
const WAIT_S: u32 = 30;
/// How many are waiting, as the metrics say.
const GAUGE: &str = "\nprobity_approvals_waiting ";

impl Context<'_> {
    pub(super) fn approvals(&mut self, settings: &Approvals) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            for connections in &settings.connections {
                let what = format!("approvals on {engine}, {connections} connections");
                let rate = self.runs(&what, |context| {
                    let (_installation, key, server) = context.with_policies(engine)?;
                    let mut workload = Pairs::new(server.address, &key, By::Api);
                    let plan = context.timed(*connections, None);
                    context.measure("approvals", On::Server(engine, &server), &plan, &mut workload)
                })?;
                let what = format!("{what} / {} requests and uses a second", thousands(WANTED));
                self.ratio(what, rate, as_f64(WANTED), Some(1.0));
            }
            self.waiting(engine, settings)?;
        }
        Ok(())
    }

    /// A fresh installation that serves under policies, and a key that may do everything.
    pub(super) fn with_policies(&self, engine: Engine) -> Result<(Installation, String, Server), Error> {
        let installation = self.install(engine)?;
        installation.settings(approvals::POLICIES)?;
        let key = installation.create_key("admin")?;
        let server = installation.serve()?;
        Ok((installation, key, server))
    }

    /// What those cost who wait, and how soon a vote reaches one.
    fn waiting(&mut self, engine: Engine, settings: &Approvals) -> Result<(), Error> {
        let (installation, key, server) = self.with_policies(engine)?;
        let address = server.address;
        let session = voter(&server, &key)?;
        let ask = || -> Result<String, Error> {
            let made = answers(&server, 1, vec![approvals::asked(address, &key)])?;
            let id = made[0]["id"].as_str();
            id.map(str::to_owned)
                .ok_or_else(|| Error::Server("it answered with an approval that has no id".into()))
        };
        // A vote at this server, and at another process on the same database.
        let another = (engine == Engine::Postgres && settings.servers > 1).then(|| installation.serve());
        let another = another.transpose()?;
        let elsewhere = another
            .as_ref()
            .map(|other| (" in another process", other, REACHES_ACROSS_MS_MAX));
        let places = [Some(("", &server, REACHES_MS_MAX)), elsewhere];
        for (place, voting, most) in places.into_iter().flatten() {
            progress(&format!("votes on {engine}: each reaches one who waits{place}"));
            let mut reached = Latencies::default();
            for _ in 0..settings.votes {
                let id = ask()?;
                let (tell, told) = mpsc::channel();
                let waiter = waiter(address, &id, &key, (WAIT_S, tell));
                all_wait(address, &key, 1)?;
                let vote = approvals::vote(voting.address, &session, &id);
                let sent = Instant::now();
                answers(voting, 1, vec![vote])?;
                reached.record(arrived(&told)?.saturating_duration_since(sent));
                join(waiter)?;
            }
            let p99 = as_f64(reached.percentiles().p99_us) / 1_000.0;
            let what = format!("{most} ms / from a vote to who waits{place} on {engine}, p99");
            self.ratio(what, most, p99, Some(1.0));
        }
        drop(another);

        progress(&format!("{} who wait on {engine}", thousands(WAITING as u64)));
        let id = ask()?;
        let (tell, told) = mpsc::channel();
        let all = |wait_s| -> Vec<Waiter> {
            let one = |_| waiter(address, &id, &key, (wait_s, tell.clone()));
            (0..WAITING).map(one).collect()
        };
        // What the threads take that answer so many at once is there then.
        for asker in all(0) {
            arrived(&told)?;
            join(asker)?;
        }
        let memory = || process::memory_kib(server.pid()).unwrap_or_default().0;
        let before = memory();
        let waiters = all(WAIT_S);
        all_wait(address, &key, WAITING)?;
        let more = memory().saturating_sub(before);
        answers(&server, 1, vec![approvals::vote(address, &session, &id)])?;
        for waiter in waiters {
            arrived(&told)?;
            join(waiter)?;
        }
        let what = format!("{WAITING_KIB_MAX} KiB / what {WAITING} who wait cost on {engine}");
        self.ratio(what, WAITING_KIB_MAX, as_f64(more.max(1)), Some(1.0));
        Ok(())
    }
}

/// The session of somebody else, who may vote.
fn voter(server: &Server, key: &str) -> Result<String, Error> {
    let account = &Account::several("voter", 1)[0];
    let body = json!({"username": account.name, "role": "admin", "password": account.password});
    let made = post(server.address, "/v1/users", &bearer(key), &body.to_string());
    let login = account.login(server.address, "", &account.password);
    let answers = answers(server, 1, vec![made, login])?;
    let token = answers[1]["token"].as_str();
    token
        .map(str::to_owned)
        .ok_or_else(|| Error::Server("it answered to a login without a token".into()))
}

type Waiter = thread::JoinHandle<Result<(), Error>>;

/// One who waits for an approval for so long, and says when the answer came.
fn waiter(server: SocketAddr, id: &str, key: &str, (wait_s, tell): (u32, mpsc::Sender<Instant>)) -> Waiter {
    let (path, key) = (format!("{PATH}/{id}?wait={wait_s}"), key.to_owned());
    thread::spawn(move || {
        fetched(server, &path, &key)?;
        // Whoever wanted to know may have given up.
        let _ = tell.send(Instant::now());
        Ok(())
    })
}

fn arrived(told: &mpsc::Receiver<Instant>) -> Result<Instant, Error> {
    let longest = Duration::from_secs(u64::from(WAIT_S) * 2);
    told.recv_timeout(longest)
        .map_err(|_| Error::Server("it did not answer one who waited".into()))
}

fn join(waiter: Waiter) -> Result<(), Error> {
    waiter
        .join()
        .map_err(|_| Error::Usage("a thread that waited panicked".into()))?
}

/// Waits until so many are waiting.
fn all_wait(server: SocketAddr, key: &str, count: usize) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let metrics = fetched(server, "/metrics", key)?;
        let metrics = String::from_utf8_lossy(&metrics);
        let waiting = metrics
            .split_once(GAUGE)
            .and_then(|(_, rest)| rest.lines().next());
        if waiting == Some(count.to_string().as_str()) {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(u64::from(WAIT_S) / 2) {
            return Err(Error::Server(format!("{waiting:?} are waiting, of {count}")));
        }
    }
}
