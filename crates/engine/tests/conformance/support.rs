//! A database of each engine for a case, and small makers.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::audit::Event;
use domain::audit::erase::EraseEntries;
use domain::identity::api_key::RevokeApiKey;
use domain::identity::user::CreateUser;
use domain::identity::{Role, Scope};
use domain::upkeep::{Job, RunOutcome};
use domain::{Caller, Command, Origin};
use engine::identity::NewApiKey;
use engine::upkeep::{Ended, JobWrite};
use engine::{Answer, Engine, Error, Options, Quota, SeenKind};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use store::db::Location;

use crate::people::until;

/// Which engine a case runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// A fresh database, gone when dropped.
pub struct Bed {
    pub on: On,
    pub dir: testkit::TempDir,
    schema: Option<testkit::TestSchema>,
}

impl Bed {
    pub fn new(on: On) -> Bed {
        let dir = testkit::temp_dir("engine");
        let schema = (on == On::Postgres).then(|| testkit::Postgres::shared().unwrap().schema().unwrap());
        Bed { on, dir, schema }
    }

    pub fn location(&self) -> Location {
        match &self.schema {
            None => Location::Sqlite(self.dir.path().join("probity.db")),
            Some(schema) => Location::Postgres(schema.url().to_owned()),
        }
    }

    pub fn options(&self) -> Options {
        self.options_in(self.dir.path())
    }

    /// Options with another data folder: another process's view of the same database.
    pub fn options_in(&self, data_dir: &Path) -> Options {
        Options::new(data_dir.to_owned(), self.location())
    }

    /// Sets up and opens.
    pub async fn open(&self) -> Engine {
        Engine::init(&self.options(), &mut |_| {}).await.unwrap();
        Engine::open(self.options()).await.unwrap()
    }
}

/// Waits until nobody has the database open: the threads of an engine end a moment after it.
pub async fn until_free(options: &Options) {
    until("nobody uses it", Duration::from_mins(1), async || {
        let held = store::place::Place::hold(&options.database).await;
        match held {
            Ok(place) => place.give_up().await.is_ok(),
            Err(_) => false,
        }
    })
    .await;
}

/// Does this while somebody stops all commits again and again, each time until one waits or all is done.
pub async fn with_pauses<T>(bed: &Bed, engines: &[&Engine], work: impl Future<Output = T>) -> T {
    let over = AtomicBool::new(false);
    let pauses = async {
        let db = store::Db::new(bed.options().database).unwrap();
        let mut conn = db.writer().await.unwrap();
        while !over.load(Ordering::Relaxed) {
            conn.begin().await.unwrap();
            if bed.on == On::Postgres {
                conn.opt("SELECT 1 FROM log_head FOR UPDATE", &[]).await.unwrap();
            }
            let waits = |engine: &&Engine| engine.metrics().queue_length > 0;
            until("somebody waits", Duration::from_mins(1), async || {
                over.load(Ordering::Relaxed) || engines.iter().any(waits)
            })
            .await;
            conn.rollback().await.unwrap();
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    };
    let work = async {
        let done = work.await;
        over.store(true, Ordering::Relaxed);
        done
    };
    tokio::join!(pauses, work).1
}

/// Options of two processes; the log is set up.
pub async fn two(bed: &Bed) -> [Options; 2] {
    Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
    let key = std::fs::read_to_string(engine::keyfile::path(bed.dir.path())).unwrap();
    ["one", "two"].map(|name| {
        let mut options = bed.options_in(&bed.dir.path().join(name));
        std::fs::create_dir(&options.data_dir).unwrap();
        options.signing_key = Some(key.clone());
        options
    })
}

/// The local operator.
pub fn operator() -> Caller {
    Caller::Operator {
        name: "tester".to_owned(),
    }
}

/// An event from JSON.
pub fn event(json: &str) -> Event {
    serde_json::from_str(json).unwrap()
}

/// The `number`th of a series of plain events.
pub fn numbered(number: usize) -> Event {
    event(&format!(
        r#"{{"actor":{{"kind":"user","id":"u{}","name":"User"}},"action":"order.update","target":{{"kind":"order","id":"o{number}"}},"details":{{"n":{number}}},"ip":"203.0.113.{}"}}"#,
        number % 7,
        number % 250
    ))
}

/// Records events as the operator.
pub async fn record(engine: &Engine, events: Vec<Event>) -> Result<Answer, Error> {
    record_as(engine, &operator(), events).await
}

/// Records events.
pub async fn record_as(engine: &Engine, caller: &Caller, events: Vec<Event>) -> Result<Answer, Error> {
    let list = events.len() != 1;
    let command = engine
        .prepare(events, list)
        .map_err(|error| Error::from(domain::Refusal::from(error)))?;
    engine
        .submit(caller, Origin::default(), Command::RecordEvents(command))
        .await
}

/// Carries out a command as the operator.
pub async fn submit(engine: &Engine, command: Command) -> Result<Answer, Error> {
    engine.submit(&operator(), Origin::default(), command).await
}

/// Makes a user.
pub async fn create_user(engine: &Engine, username: &str, role: Role) -> Result<Answer, Error> {
    let command = CreateUser {
        password_hash: Some("$argon2id$x".into()),
        ..CreateUser::new(username, role)
    };
    submit(engine, Command::CreateUser(command)).await
}

/// Makes an API key, as a caller.
pub async fn create_key(engine: &Engine, owner: &str, scopes: Vec<Scope>) -> Caller {
    let new = NewApiKey {
        agent: None,
        owner: owner.into(),
        name: format!("key of {owner}"),
        scopes,
        expires_at: None,
        requests_per_minute: None,
    };
    let made = engine.create_api_key(&operator(), Origin::default(), new).await;
    Caller::ApiKey(made.unwrap().0.id)
}

/// Erases the payload of entries.
pub async fn erase(engine: &Engine, entries: Vec<u64>) -> Result<Answer, Error> {
    submit(
        engine,
        Command::EraseEntries(EraseEntries {
            entries,
            reason: "asked to".into(),
        }),
    )
    .await
}

/// A log of more than 600 entries with everything in it: users, keys, sessions, invitations, second factors, operations,
/// KYC records and approvals in every state, refusals, failures, and events with and without actor, target, address and details; six entries are erased, and five pruned. The side tables have rows too.
pub async fn rich_log(bed: &Bed) -> Engine {
    Box::pin(crate::retention::rich_past(bed)).await;
    let engine = older_log(bed).await;
    let pruned = Box::pin(crate::retention::prune(&engine)).await;
    assert_eq!(pruned.entries(), 5, "one of six is erased");
    Box::pin(crate::holds::rich_holds(&engine)).await;
    Box::pin(crate::workflow_rich::rich_traces(&engine)).await;
    job_rows(&engine).await;
    engine
}

/// The same without what older schemas have no tables for.
pub async fn older_log(bed: &Bed) -> Engine {
    let engine = Box::pin(crate::people::open_with(bed, |rules| {
        crate::custody_rich::rules(&mut rules.custody);
        rules.policies = crate::custody_rich::policies();
        crate::retention::rules(rules);
    }))
    .await;
    let bare = || event(r#"{"actor":{"kind":"system"},"action":"tick"}"#);
    for (name, role) in [
        ("ann", Role::ADMIN),
        ("bob", Role::VIEWER),
        ("cyd", Role::COMPLIANCE),
    ] {
        create_user(&engine, name, role).await.unwrap();
    }
    create_user(&engine, "ann", Role::VIEWER).await.unwrap_err();
    let writer = create_key(&engine, "ann", vec![Scope::Write, Scope::Read]).await;
    let reader = create_key(&engine, "bob", vec![Scope::Read]).await;
    record_as(&engine, &reader, vec![numbered(0)]).await.unwrap_err();
    record(&engine, (0..350).map(numbered).collect()).await.unwrap();
    record_as(&engine, &writer, vec![bare(), bare(), numbered(350)])
        .await
        .unwrap();
    erase(&engine, vec![2, 30, 31]).await.unwrap();
    record(&engine, (400..480).map(numbered).collect()).await.unwrap();
    let Caller::ApiKey(revoked) = create_key(&engine, "cyd", vec![Scope::Admin]).await else {
        panic!()
    };
    submit(&engine, Command::RevokeApiKey(RevokeApiKey { id: revoked }))
        .await
        .unwrap();
    record_as(&engine, &Caller::ApiKey(revoked), vec![numbered(1)])
        .await
        .unwrap_err();
    create_user(&engine, "dan", Role::USER).await.unwrap();
    crate::people::rich_accounts(&engine).await;
    Box::pin(crate::custody_rich::rich_custody(&engine)).await;
    Box::pin(crate::workflow_rich::rich_workflows(&engine)).await;
    Box::pin(crate::agents::rich_agents(&engine)).await;
    let agent = event(
        r#"{"actor":{"kind":"agent","name":"Bot","on_behalf_of":"ann"},"action":"doc.sign","outcome":"failed",
            "target":{"kind":"doc"},"ip":"2001:db8::1","drag_mode":"grunt","aim":{"mission":"m"}}"#,
    );
    record(
        &engine,
        (600..660)
            .map(|n| if n % 3 == 0 { agent.clone() } else { numbered(n) })
            .collect(),
    )
    .await
    .unwrap();
    let erased = *engine.size().borrow() - 20;
    erase(&engine, vec![360, erased]).await.unwrap();
    record(&engine, vec![bare()]).await.unwrap();
    assert!(
        (600..767).contains(&*engine.size().borrow()),
        "two full blocks of 256 and a part of one"
    );
    side_rows(&engine).await;
    engine
}

/// Several rows in each side table, written.
async fn side_rows(engine: &Engine) {
    let now = evidence::Timestamp::from_micros(1_790_000_000_000_000).unwrap();
    for number in 0..3_u128 {
        let id = uuid::Uuid::from_u128(number + 1);
        engine.limits().take(&format!("key:{id}"), AN_AGE, now);
        engine.limits().touch(SeenKind::ApiKey, id, now);
    }
    engine.limits().flush().await.unwrap();
}

/// Two jobs that ran and were asked for again, and who leads.
async fn job_rows(engine: &Engine) {
    let now = evidence::Timestamp::from_micros(1_790_000_000_000_000).unwrap();
    for job in [Job::Backup, Job::Verify] {
        let run = uuid::Uuid::from_u128(now.micros().unsigned_abs().into());
        let (at, done_to, leader) = (now, now, None);
        let ended = Ended {
            at: now.plus_seconds(2),
            outcome: RunOutcome::Succeeded,
            error: None,
            figure: Some(0),
        };
        let begin = JobWrite::Begin {
            job,
            run,
            at,
            done_to,
            leader,
        };
        for write in [
            JobWrite::Know(job, now),
            begin,
            JobWrite::End(job, run, ended),
            JobWrite::Ask(job, now),
        ] {
            assert!(engine.write_job(write).await.unwrap());
        }
    }
    let lease = JobWrite::Lease {
        beats: 0,
        holder: Some(uuid::Uuid::from_u128(1)),
    };
    assert!(engine.write_job(lease).await.unwrap());
}

/// A quota of five, in a window that ends in the year 2033: no test meets its edge.
pub const AN_AGE: Quota = Quota {
    per_window: 5,
    width_s: 1_000_000_000,
};

/// Makes a test for each engine out of `async fn case(bed: Bed)`.
#[macro_export]
macro_rules! on_both {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::cases::$case($crate::support::Bed::new($crate::support::On::Sqlite)).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::cases::$case($crate::support::Bed::new($crate::support::On::Postgres)).await;
            }
        }
    )* };
}

/// Runs so many random cases, always the same; with `PROBITY_TEST_LONG` set so many more, and new ones each time.
pub fn random_cases(cases: u32, more: u32, max_shrink_iters: u32) -> TestRunner {
    let long = std::env::var_os("PROBITY_TEST_LONG").is_some();
    let config = Config {
        cases: if long { more } else { cases },
        max_shrink_iters,
        failure_persistence: None,
        ..Config::default()
    };
    if long {
        TestRunner::new(config)
    } else {
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    }
}
