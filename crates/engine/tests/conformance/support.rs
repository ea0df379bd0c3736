//! A database of each engine for a case, and small makers.

use std::path::Path;

use domain::audit::Event;
use domain::{Caller, Command, Origin};
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
    Caller::Operator { name: "tester".to_owned() }
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
    let command = engine.prepare(events, list).map_err(|error| Error::from(domain::Refusal::from(error)))?;
    engine.submit(caller, Origin::default(), Command::RecordEvents(command)).await
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
