//! A database of each engine for a case, and small makers.

use std::path::Path;

use domain::audit::Event;
use domain::audit::erase::EraseEntries;
use domain::identity::api_key::CreateApiKey;
use domain::identity::user::CreateUser;
use domain::identity::{Role, Scope};
use domain::{Caller, Command, Origin, Reply};
use engine::{Answer, Engine, Error, Options};
use store::db::Location;

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
        username: username.into(),
        role,
        password_hash: Some("$argon2id$x".into()),
        password_temporary: false,
    };
    submit(engine, Command::CreateUser(command)).await
}

/// Makes an API key, as a caller.
pub async fn create_key(engine: &Engine, owner: &str, scopes: Vec<Scope>) -> Caller {
    let token = Engine::new_token().unwrap();
    let command = CreateApiKey {
        owner: owner.into(),
        name: format!("key of {owner}"),
        scopes,
        expires_at: None,
        shown: token.shown().into(),
        hash: token.hash(),
    };
    let answer = submit(engine, Command::CreateApiKey(command)).await.unwrap();
    let Reply::ApiKey(key) = answer.reply else {
        panic!("{answer:?}")
    };
    Caller::ApiKey(key.id)
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

/// A log of more than 600 entries with everything in it: users, keys (one revoked), refusals, failures, and events
/// with and without actor, target, address and details; five entries are erased.
pub async fn rich_log(bed: &Bed) -> Engine {
    let engine = bed.open().await;
    let bare = || event(r#"{"actor":{"kind":"system"},"action":"tick"}"#);
    for (name, role) in [
        ("ann", Role::Admin),
        ("bob", Role::Viewer),
        ("cyd", Role::Compliance),
    ] {
        create_user(&engine, name, role).await.unwrap();
    }
    create_user(&engine, "ann", Role::Viewer).await.unwrap_err();
    let writer = create_key(&engine, "ann", vec![Scope::Write, Scope::Read]).await;
    let reader = create_key(&engine, "bob", vec![Scope::Read]).await;
    record_as(&engine, &reader, vec![numbered(0)]).await.unwrap_err();
    record(&engine, (0..350).map(numbered).collect()).await.unwrap();
    record_as(&engine, &writer, vec![bare(), bare(), numbered(350)])
        .await
        .unwrap();
    erase(&engine, vec![2, 30, 31]).await.unwrap();
    record(&engine, (400..600).map(numbered).collect()).await.unwrap();
    let Caller::ApiKey(revoked) = create_key(&engine, "cyd", vec![Scope::Admin]).await else {
        panic!()
    };
    submit(&engine, Command::RevokeApiKey(revoked)).await.unwrap();
    record_as(&engine, &Caller::ApiKey(revoked), vec![numbered(1)])
        .await
        .unwrap_err();
    create_user(&engine, "dan", Role::User).await.unwrap();
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
    engine
}

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
