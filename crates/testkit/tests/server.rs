//! What tests get: servers, schemas and databases. Each test runs against a real server.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;
use std::process::Command;

use testkit::{Error, Options, Postgres};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn value(url: &str, query: &str) -> String {
    connect(url).await.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_schema_is_where_unqualified_names_go_until_dropped() {
    let postgres = Postgres::shared().unwrap();
    let schema = postgres.schema().unwrap();
    let other = postgres.schema().unwrap();
    connect(schema.url())
        .await
        .batch_execute("CREATE TABLE thing (id int)")
        .await
        .unwrap();

    assert_eq!(
        value(schema.url(), "SELECT current_schema()::text").await,
        schema.name()
    );
    assert!(
        connect(other.url())
            .await
            .query("SELECT * FROM thing", &[])
            .await
            .is_err()
    );

    let name = schema.name().to_owned();
    drop(schema);
    let count = format!("SELECT count(*)::text FROM pg_namespace WHERE nspname = '{name}'");
    assert_eq!(value(&postgres.url(), &count).await, "0");
}

#[tokio::test]
async fn a_database_is_only_reserved_and_dropped_under_its_users() {
    let postgres = Postgres::shared().unwrap();
    let database = postgres.database().unwrap();
    let name = database.name().to_owned();
    let count = format!("SELECT count(*)::text FROM pg_database WHERE datname = '{name}'");
    assert_eq!(value(&postgres.url(), &count).await, "0");

    let administrator = connect(&postgres.url()).await;
    administrator
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let still_connected = connect(database.url()).await;
    let row = still_connected
        .query_one("SELECT current_database()::text", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>(0), name);

    drop(database);
    assert_eq!(value(&postgres.url(), &count).await, "0");
}

#[tokio::test]
async fn text_is_utf8_in_byte_order_and_time_is_utc() {
    let postgres = Postgres::start(Options::default()).unwrap();
    for (query, expected) in [
        (
            "SELECT pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = 'postgres'",
            "UTF8",
        ),
        (
            "SELECT datcollate::text FROM pg_database WHERE datname = 'postgres'",
            "C",
        ),
        ("SELECT current_setting('timezone')", "UTC"),
        ("SELECT current_setting('max_connections')", "200"),
        ("SELECT current_setting('fsync')", "off"),
    ] {
        assert_eq!(value(&postgres.url(), query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_durable_server_keeps_commits_over_a_crash() {
    let extra = vec![("cluster_name".to_owned(), r"it's \ here".to_owned())];
    let postgres = Postgres::start(Options {
        durable: true,
        max_connections: 17,
        extra,
        ..Options::default()
    })
    .unwrap();
    let url = postgres.url();
    for (setting, expected) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("max_connections", "17"),
        ("cluster_name", r"it's \ here"),
    ] {
        assert_eq!(
            value(&url, &format!("SELECT current_setting('{setting}')")).await,
            expected,
            "{setting}"
        );
    }
    let commit = "CREATE TABLE kept AS SELECT 'kept'::text AS word";
    connect(&url).await.batch_execute(commit).await.unwrap();

    postgres.crash().unwrap();
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
    assert!(matches!(postgres.schema(), Err(Error::Sql { .. })));
    postgres.restart().unwrap();
    postgres.restart().unwrap();

    assert_eq!(value(&url, "SELECT word FROM kept").await, "kept");
    let socket_url = postgres.socket_url().unwrap();
    let address = "SELECT coalesce(host(inet_server_addr()), 'socket')";
    assert_eq!(value(&socket_url, address).await, "socket");
    assert_eq!(value(&url, address).await, "127.0.0.1");

    let folder = value(&url, "SELECT current_setting('unix_socket_directories')").await;
    assert!(Path::new(&folder).exists());
    drop(postgres);
    assert!(
        !Path::new(&folder).exists(),
        "dropping it waits until all is gone"
    );
}

#[test]
fn a_setting_that_the_server_refuses_is_an_error_with_its_log() {
    let extra = vec![("no_such_setting".to_owned(), "1".to_owned())];
    let error = Postgres::start(Options {
        extra,
        ..Options::default()
    })
    .unwrap_err();
    assert!(matches!(error, Error::Server { doing: "start", .. }), "{error:?}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[test]
fn a_shared_server_is_the_one_in_the_environment() {
    // Run by the test below in a process with another environment.
    let postgres = Postgres::shared().unwrap();
    if std::env::var("TESTKIT_EXPECT_SHARED").is_ok() {
        assert_eq!(postgres.url(), "postgres://me@127.0.0.1:1/admin");
        assert_eq!(postgres.socket_url(), None);
        assert!(matches!(postgres.restart(), Err(Error::NotOurs)));
        let database = postgres.database().unwrap();
        assert_eq!(
            database.url(),
            format!("postgres://me@127.0.0.1:1/{}", database.name())
        );
    } else {
        assert!(std::ptr::eq(postgres, Postgres::shared().unwrap()));
    }
}

#[test]
fn the_environment_names_the_shared_server() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_shared_server_is_the_one_in_the_environment"])
        .env("TESTKIT_EXPECT_SHARED", "1")
        .env(testkit::SHARED_URL, "postgres://me@127.0.0.1:1/admin")
        .env(testkit::SHARED_SOCKET_URL, "")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
}
