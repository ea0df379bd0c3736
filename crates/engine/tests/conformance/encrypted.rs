//! TLS to PostgreSQL: whom we speak to is proven as far as the URL wants it, and all that we say is encrypted.

use engine::{Engine, EntryKey, Options};
use store::Conn;
use store::db::{Db, Location, Settings};
use testkit::{Authority, Postgres, TempDir, url};

use crate::attacker::{assert_intact, close};
use crate::support::{numbered, record};

const NAME: &str = "db.example";

/// Whom the server takes, and how; everybody else as it was made.
const CALLERS: &str = "\
hostssl   all scram     127.0.0.1/32 scram-sha-256
host      all scram     127.0.0.1/32 scram-sha-256
hostssl   all certain   127.0.0.1/32 cert
hostssl   all encrypted 127.0.0.1/32 trust
hostnossl all encrypted 127.0.0.1/32 reject
host      all all       127.0.0.1/32 trust
local     all all                    trust
";

/// A server whose certificate an authority has signed, and another authority.
struct Lab {
    server: Postgres,
    ours: Authority,
    others: Authority,
    dir: TempDir,
}

impl Lab {
    fn start(make: impl FnOnce(&Authority) -> testkit::Signed) -> Lab {
        let (ours, others) = (Authority::new(), Authority::new());
        let mut options = testkit::Options::default().with_tls(&make(&ours), &ours);
        options.files.push(("pg_hba.conf".to_owned(), CALLERS.to_owned()));
        let lab = Lab {
            server: Postgres::start(options).unwrap(),
            dir: testkit::temp_dir("tls"),
            ours,
            others,
        };
        lab.file("ours.crt", &lab.ours.certificate);
        lab.file("others.crt", &lab.others.certificate);
        lab
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The server's URL under a name; what a parameter names as `@FILE` is a file of ours.
    fn url(&self, user: &str, name: &str, parameters: &[(&str, &str)]) -> String {
        let (_, port) = self.server.host().unwrap().split_once(':').unwrap();
        let mut text = format!("postgres://{user}@{name}:{port}/postgres?hostaddr=127.0.0.1");
        for (parameter, value) in parameters {
            let value = match value.strip_prefix('@') {
                Some(file) => self.dir.path().join(file).to_str().unwrap().to_owned(),
                None => (*value).to_owned(),
            };
            text = url::with_parameter(&text, parameter, &value);
        }
        text
    }
}

async fn connect(url: String) -> Result<Conn, String> {
    let db = Db::new(Settings::new(Location::Postgres(url))).map_err(|error| error.to_string())?;
    db.writer().await.map_err(|error| error.to_string())
}

async fn number(conn: &mut Conn, sql: &str) -> i64 {
    conn.opt(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
}

async fn is_encrypted(conn: &mut Conn) -> bool {
    let sql = "SELECT ssl::int::bigint FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    number(conn, sql).await == 1
}

/// A host's name, parameters, and whether it is encrypted, or why it is refused.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Result<bool, &'a str>);

async fn assert_each(lab: &Lab, cases: &[Case<'_>]) {
    for (name, parameters, expected) in cases {
        let found = match connect(lab.url("postgres", name, parameters)).await {
            Ok(mut conn) => Ok(is_encrypted(&mut conn).await),
            Err(error) => Err(error),
        };
        match (&found, expected) {
            (Ok(found), Ok(expected)) if found == expected => {}
            (Err(found), Err(expected)) if found.contains(expected) => {}
            _ => panic!("{name} {parameters:?}: {found:?}, not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_proves_what_the_url_wants() {
    let lab = Lab::start(|ours| ours.signs(&[NAME]));
    let full = ("sslmode", "verify-full");
    let ca = ("sslmode", "verify-ca");
    let (ours, others) = (("sslrootcert", "@ours.crt"), ("sslrootcert", "@others.crt"));
    assert_each(
        &lab,
        &[
            (NAME, &[full, ours], Ok(true)),
            (NAME, &[ours], Ok(true)),
            (
                NAME,
                &[full, ours, ("channel_binding", "require")],
                Err("channel binding"),
            ),
            (NAME, &[full, others], Err("name the authority")),
            (NAME, &[full], Err("name the authority")),
            (
                NAME,
                &[full, ("sslrootcert", "system")],
                Err("name the authority"),
            ),
            (
                "other.example",
                &[full, ours],
                Err("connect by a name that the certificate is for"),
            ),
            (
                "127.0.0.1",
                &[full, ours],
                Err("connect by a name that the certificate is for"),
            ),
            ("other.example", &[ca, ours], Ok(true)),
            ("other.example", &[ca, others], Err("name the authority")),
            ("other.example", &[("sslmode", "require"), ours], Ok(true)),
            (
                "other.example",
                &[("sslmode", "require"), others],
                Err("name the authority"),
            ),
            ("other.example", &[("sslmode", "require")], Ok(true)),
            ("other.example", &[("sslmode", "prefer")], Ok(true)),
            ("other.example", &[], Ok(true)),
            (NAME, &[("sslmode", "disable")], Ok(false)),
            (
                NAME,
                &[full, ("sslrootcert", "@missing.crt")],
                Err("missing.crt: "),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_certificate_that_has_expired_proves_nothing() {
    let lab = Lab::start(|ours| ours.signed_once(&[NAME]));
    let ours = ("sslrootcert", "@ours.crt");
    assert_each(
        &lab,
        &[
            (
                NAME,
                &[("sslmode", "verify-full"), ours],
                Err("renew the server's certificate"),
            ),
            (
                NAME,
                &[("sslmode", "verify-ca"), ours],
                Err("renew the server's certificate"),
            ),
            (NAME, &[("sslmode", "require")], Ok(true)),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_has_it() {
    let server = Postgres::shared().unwrap();
    for (mode, expected) in [
        ("require", "set ssl = on"),
        ("verify-full", "set ssl = on"),
        ("prefer", ""),
    ] {
        let found = connect(url::with_parameter(&server.url(), "sslmode", mode)).await;
        match found {
            Ok(mut conn) => assert!(expected.is_empty() && !is_encrypted(&mut conn).await, "{mode}"),
            Err(error) => assert!(
                !expected.is_empty() && error.contains(expected),
                "{mode}: {error}"
            ),
        }
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let lab = Lab::start(|ours| ours.signs(&[NAME]));
    connect(lab.server.url())
        .await
        .unwrap()
        .batch("CREATE ROLE certain LOGIN")
        .await
        .unwrap();
    for (file, signed) in [
        ("good", lab.ours.signs(&["certain"])),
        ("bad", lab.others.signs(&["certain"])),
    ] {
        lab.file(&format!("{file}.crt"), &signed.certificate);
        lab.file(&format!("{file}.key"), &signed.key);
    }
    let ours = ("sslrootcert", "@ours.crt");
    for (certificate, key, expected) in [
        ("@good.crt", "@good.key", None),
        ("@bad.crt", "@bad.key", Some("")),
        ("@good.crt", "@bad.key", Some("TLS to PostgreSQL: ")),
        ("@good.crt", "@good.crt", Some("sslkey=")),
    ] {
        let own = [ours, ("sslcert", certificate), ("sslkey", key)];
        match (connect(lab.url("certain", NAME, &own)).await, expected) {
            (Ok(_), None) => {}
            (Err(error), Some(expected)) => assert!(error.contains(expected), "{error}"),
            (found, _) => panic!("{certificate} {key}: {:?}", found.err()),
        }
    }
    let without = connect(lab.url("certain", NAME, &[ours])).await.err().unwrap();
    assert!(without.contains("certificate"), "{without}");
}

/// SCRAM-SHA-256-PLUS: the password's proof is bound to the server's certificate, so that nobody in between can pass it on.
#[tokio::test]
async fn a_password_is_bound_to_the_certificate() {
    let lab = Lab::start(|ours| ours.signs(&[NAME]));
    let role = "SET password_encryption = 'scram-sha-256'; CREATE ROLE scram LOGIN PASSWORD 'it is bound'";
    connect(lab.server.url())
        .await
        .unwrap()
        .batch(role)
        .await
        .unwrap();
    let (ours, bound) = (("sslrootcert", "@ours.crt"), ("channel_binding", "require"));
    let mut conn = connect(lab.url("scram:it%20is%20bound", NAME, &[ours, bound]))
        .await
        .unwrap();
    assert!(is_encrypted(&mut conn).await);
    let wrong = connect(lab.url("scram:else", NAME, &[ours, bound]))
        .await
        .err()
        .unwrap();
    assert!(wrong.contains("28P01"), "{wrong}");
    // Without TLS there is nothing to bind to.
    let plain = [("sslmode", "disable"), bound];
    let refused = connect(lab.url("scram:it%20is%20bound", NAME, &plain))
        .await
        .err()
        .unwrap();
    assert!(refused.contains("channel binding"), "{refused}");
}

/// The Writer, readers and what keeps the side tables: none goes another way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_connections_are_encrypted() {
    let lab = Lab::start(|ours| ours.signs(&[NAME]));
    let mut admin = connect(lab.server.url()).await.unwrap();
    admin
        .batch("CREATE ROLE encrypted LOGIN SUPERUSER")
        .await
        .unwrap();
    let url = lab.url("encrypted", NAME, &[("sslrootcert", "@ours.crt")]);
    let options = Options::new(
        lab.dir.path().join("data"),
        Location::Postgres(url.replace("/postgres?", "/probity?")),
    );
    Engine::init(&options, &mut |_| {}).await.unwrap();
    let engine = Engine::open(options.clone()).await.unwrap();
    record(&engine, (0..3).map(numbered).collect()).await.unwrap();
    assert!(engine.entry(EntryKey::Index(2)).await.unwrap().is_some());
    let open =
        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'probity' AND ";
    assert_eq!(number(&mut admin, &format!("{open} NOT ssl")).await, 0);
    assert!(number(&mut admin, &format!("{open} ssl")).await >= 2);
    close(engine).await;
    assert_intact(&options).await;
}
