//! PostgreSQL that fails over, loses its tail on the way, or hangs: the same process goes on by itself, and never from a log that
//! is not the one it knows.

use std::time::Duration;

use engine::{Engine, Error, Fault, Options};
use store::db::{Db, Location, Settings};
use testkit::Postgres;

use crate::attacker::{assert_intact, close};
use crate::continuity::until_halted;
use crate::failures::{assert_each_once, own_id, send, send_all};
use crate::support::{Bed, On, numbered, operator, record};

/// A server, one that follows it, and what knows both.
struct Pair {
    primary: Postgres,
    standby: Postgres,
    options: Options,
    _dir: testkit::TempDir,
}

impl Pair {
    fn start() -> Pair {
        let primary = Postgres::start(testkit::Options::default()).unwrap();
        let standby = primary.standby().unwrap();
        let hosts = [&primary, &standby].map(|server| server.host().unwrap().to_owned());
        let dir = testkit::temp_dir("failover");
        let url = format!("postgres://postgres@{}/probity", hosts.join(","));
        Pair {
            options: Options::new(dir.path().to_owned(), Location::Postgres(url)),
            primary,
            standby,
            _dir: dir,
        }
    }

    async fn open(&self) -> Engine {
        Engine::init(&self.options, &mut |_| {}).await.unwrap();
        Engine::open(self.options.clone()).await.unwrap()
    }
}

/// Sets what a running server reads anew.
async fn set(server: &Postgres, setting: &str) {
    let mut conn = admin(server).await;
    for statement in [&*format!("ALTER SYSTEM SET {setting}"), "SELECT pg_reload_conf()"] {
        conn.batch(statement).await.unwrap();
    }
}

async fn admin(server: &Postgres) -> store::Conn {
    let settings = Settings::new(Location::Postgres(server.url()));
    Db::new(settings).unwrap().writer().await.unwrap()
}

/// With a standby that has each commit before it is acknowledged, whoever sends on is served by it, and nothing that was
/// acknowledged is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_under_load() {
    let pair = Pair::start();
    let engine = pair.open().await;
    set(&pair.primary, "synchronous_standby_names = '*'").await;
    let sending = {
        let engine = engine.clone();
        tokio::spawn(async move { send_all(&engine).await })
    };
    engine.size().wait_for(|size| *size > 20).await.unwrap();
    pair.primary.crash().unwrap();
    // One that is sent again later. Nothing is certain; it may be there.
    let unreachable = send(&engine, own_id(0, 39)).await.unwrap_err();
    assert!(
        matches!(unreachable, Error::Store(_) | Error::Unknown(_)),
        "{unreachable:?}"
    );
    pair.standby.promote().unwrap();
    let (places, uncertain) = sending.await.unwrap();
    assert!(uncertain > 0, "nobody noticed");
    assert_each_once(&engine, &places).await;
    close(engine).await;
    assert_intact(&pair.options).await;
}

/// A standby that lacks what was acknowledged is not written to, until the operator has said so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_lost_the_tail_is_not_written_to() {
    let pair = Pair::start();
    let engine = pair.open().await;
    set(&pair.standby, "primary_conninfo = ''").await;
    let sql = "SELECT count(*) FROM pg_stat_replication";
    let db = Db::new(Settings::new(Location::Postgres(pair.primary.url()))).unwrap();
    let mut conn = db.writer().await.unwrap();
    let alone = async || conn.opt(sql, &[]).await.unwrap().unwrap().int(0).unwrap() == 0;
    crate::people::until("the standby follows no more", Duration::from_secs(30), alone).await;
    record(&engine, (0..3).map(numbered).collect()).await.unwrap();
    pair.primary.crash().unwrap();
    pair.standby.promote().unwrap();
    until_halted(&engine, Some(Fault::RolledBack)).await;
    let refused = record(&engine, vec![numbered(9)]).await.unwrap_err();
    assert!(matches!(refused, Error::Halted(_)), "{refused:?}");
    Engine::acknowledge_restore(
        pair.options.clone(),
        &operator(),
        "the standby lacked three entries",
    )
    .await
    .unwrap();
    until_halted(&engine, None).await;
    record(&engine, vec![numbered(9)]).await.unwrap();
    close(engine).await;
    assert_intact(&pair.options).await;
}

/// A server that hangs is given up, for reading and for writing, and used again once it answers; what it was asked to commit
/// before is there once at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_given_up() {
    let server = Postgres::start(testkit::Options::default()).unwrap();
    let dir = testkit::temp_dir("failover");
    let url = format!(
        "postgres://postgres@{}/probity?connect_timeout=1",
        server.host().unwrap()
    );
    let mut options = Options::new(dir.path().to_owned(), Location::Postgres(url));
    Engine::init(&options, &mut |_| {}).await.unwrap();
    options.database.silence_max = Duration::from_millis(200);
    let engine = Engine::open(options.clone()).await.unwrap();
    let (before, _) = send(&engine, own_id(0, 0)).await.unwrap();
    server.freeze().unwrap();
    let hung = send(&engine, own_id(0, 1)).await.unwrap_err();
    assert!(matches!(hung, Error::Unknown(_)), "{hung:?}");
    let unread = engine.entry(engine::EntryKey::Index(before)).await.unwrap_err();
    assert!(matches!(unread, Error::Store(_)), "{unread:?}");
    server.thaw().unwrap();
    let place = loop {
        // The server is slow to wake, and has a commit of before to finish.
        match send(&engine, own_id(0, 1)).await {
            Ok((place, _)) => break place,
            Err(Error::Unknown(_) | Error::Store(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    };
    assert_eq!(place, before + 1);
    assert_eq!(send(&engine, own_id(0, 1)).await.unwrap(), (place, true));
    close(engine).await;
    assert_intact(&options).await;
}

/// Whoever asks whether the service is ready waits neither for what the server may take, nor for the next connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_is_told_in_time_that_the_database_hangs() {
    let server = Postgres::start(testkit::Options::default()).unwrap();
    let dir = testkit::temp_dir("failover");
    let options = Options::new(dir.path().to_owned(), Location::Postgres(server.url()));
    Engine::init(&options, &mut |_| {}).await.unwrap();
    let engine = Engine::open(options).await.unwrap();
    assert!(engine.health().await.ready);
    server.freeze().unwrap();
    let mut health = engine.health().await;
    while health.ready {
        // A connection that was just used counts as well for half a second.
        health = engine.health().await;
    }
    let told = health.checks.iter().filter(|check| !check.ok);
    let told: Vec<_> = told.map(|check| (check.name, check.detail.as_str())).collect();
    let late = "no answer within 3s";
    assert!(
        !told.is_empty() && told.iter().all(|(_, detail)| *detail == late),
        "{told:?}"
    );
    server.thaw().unwrap();
    while !engine.health().await.ready {}
    close(engine).await;
}

/// Another process that stands still in the middle of a batch, with the log's head locked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_stands_still_is_waited_for_no_longer_than_postgresql_lets_it() {
    let bed = Bed::new(On::Postgres);
    let engine = bed.open().await;
    let mut still = engine.db().writer().await.unwrap();
    still.begin().await.unwrap();
    still.all("SELECT 1 FROM log_head FOR UPDATE", &[]).await.unwrap();
    record(&engine, vec![numbered(1)]).await.unwrap();
    let late = still.batch("COMMIT").await.unwrap_err();
    assert_eq!(late.kind, store::ErrorKind::Connection, "{late}");
    close(engine).await;
    assert_intact(&bed.options()).await;
}
