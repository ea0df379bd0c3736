//! TLS of the server's own, and what it says where somebody else ends TLS.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use serde_json::{Value, json};
use testkit::{Authority, Signed, TempDir};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use web::{Settings, Tls};

use crate::api::On;
use crate::tcp::{Running, soon};

const NAME: &str = "log.example";

/// A running server with a certificate, and whom its clients believe.
struct Lab {
    running: Running,
    authority: Authority,
    tls: Tls,
    dir: TempDir,
}

/// Puts a certificate and its key into a folder.
pub fn put(dir: &Path, signed: &Signed) -> [PathBuf; 2] {
    [("server.crt", &signed.certificate), ("server.key", &signed.key)].map(|(name, content)| {
        let path = dir.join(name);
        std::fs::write(&path, content).unwrap();
        path
    })
}

impl Lab {
    async fn start(settings: Settings) -> Lab {
        let (authority, dir) = (Authority::new(), testkit::temp_dir("tls"));
        let [certificate, key] = put(dir.path(), &authority.signs(&[NAME]));
        let tls = Tls::new(certificate, key).unwrap();
        let settings = Settings {
            tls: Some(tls.clone()),
            ..settings
        };
        let running = Running::start(On::Sqlite, settings).await;
        Lab {
            running,
            authority,
            tls,
            dir,
        }
    }

    fn connector(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        let pem = self.authority.certificate.as_bytes();
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // A session that goes on shows no certificate.
        config.resumption = rustls::client::Resumption::disabled();
        TlsConnector::from(Arc::new(config))
    }

    /// A JSON answer of a request with the key.
    async fn json(&self, path: &str) -> Value {
        let answer = self.text(path).await;
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    async fn text(&self, path: &str) -> String {
        let mut stream = connect(&self.connector(&[&version::TLS13]), self.running.address).await;
        let head = self.running.head(&format!("GET {path}"));
        ask(&mut stream, &format!("{head}Connection: close\r\n\r\n")).await
    }
}

async fn connect(connector: &TlsConnector, address: SocketAddr) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(NAME).unwrap();
    soon(connector.connect(name, stream)).await.unwrap()
}

/// All that is answered up to the end of the connection, which TLS must say.
async fn ask(stream: &mut TlsStream<TcpStream>, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_versions_are_spoken_and_http_1_1_over_them() {
    let lab = Lab::start(Settings::default()).await;
    for (wanted, expected) in [
        (&version::TLS12, ProtocolVersion::TLSv1_2),
        (&version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let mut stream = connect(&lab.connector(&[wanted]), lab.running.address).await;
        let (_, session) = stream.get_ref();
        assert_eq!(session.protocol_version(), Some(expected));
        assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
        // One that is refused before its body was read has its answer too.
        let first = lab.running.head("GET /health/live");
        let second = lab.running.head("POST /v1/audit/entries");
        let body = "x".repeat(1_000);
        let requests = format!(
            "{first}\r\n{second}Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{body}"
        );
        let answer = ask(&mut stream, &requests).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(
            answer.contains("HTTP/1.1 413 ") && answer.ends_with('}'),
            "{answer}"
        );
        assert_eq!(
            answer.matches("strict-transport-security: max-age=").count(),
            2,
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_without_a_failed_request() {
    let lab = Lab::start(Settings::default()).await;
    let over = Arc::new(AtomicBool::new(false));
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (connector, address) = (lab.connector(&[&version::TLS13]), lab.running.address);
            let (over, tell) = (Arc::clone(&over), tell.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let mut stream = connect(&connector, address).await;
                    let request = "GET /health/live HTTP/1.1\r\nHost: a\r\n";
                    let answer = ask(
                        &mut stream,
                        &format!("{request}\r\n{request}Connection: close\r\n\r\n"),
                    )
                    .await;
                    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
                    tell.send(()).unwrap();
                }
            })
        })
        .collect();
    let mut newest = None;
    for _ in 0..10 {
        let signed = lab.authority.signs(&[NAME]);
        put(lab.dir.path(), &signed);
        lab.tls.look_again();
        newest = Some(signed);
        for _ in 0..4 {
            soon(told.recv()).await.unwrap();
        }
    }
    over.store(true, Ordering::Relaxed);
    for task in load {
        soon(task).await.unwrap();
    }
    let stream = connect(&lab.connector(&[&version::TLS13]), lab.running.address).await;
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let newest = CertificateDer::from_pem_slice(newest.unwrap().certificate.as_bytes()).unwrap();
    assert_eq!(shown, newest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_pair_is_refused_and_the_one_before_stays() {
    let lab = Lab::start(Settings::default()).await;
    let check = json!({"name": "certificate", "ok": true});
    let bad = json!({"name": "certificate", "ok": false});
    let (one, other) = (lab.authority.signs(&[NAME]), lab.authority.signs(&[NAME]));
    let mismatched = Signed {
        key: other.key.clone(),
        ..one.clone()
    };
    let empty = Signed {
        certificate: String::new(),
        ..one.clone()
    };
    let cut = Signed {
        key: other.key[..40].to_owned(),
        ..other.clone()
    };
    for (signed, expected, refused) in [
        (&one, &check, 0),
        (&mismatched, &bad, 1),
        (&empty, &bad, 1),
        (&other, &check, 0),
        (&cut, &bad, 1),
        (&other, &check, 0),
    ] {
        put(lab.dir.path(), signed);
        lab.tls.look_again();
        let ready = lab.json("/health/ready").await;
        assert_eq!(ready["ready"], true, "the one before serves on");
        let found = ready["checks"].as_array().unwrap().last().unwrap();
        assert_eq!(found, expected);
        let metrics = lab.text("/metrics").await;
        let line = format!("\nprobity_http_certificate_refused {refused}\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

/// A clock that stands still, in seconds since 1970.
#[derive(Debug)]
struct At(u64);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

/// Clients refuse it, whatever the server does: so it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_out_of_its_time_is_told() {
    let lab = Lab::start(Settings::default()).await;
    for (years, trouble, expires) in [
        (
            (2010, 2020),
            Some("has expired: it was valid until 2020-01-01T00:00:00.000000Z"),
            1_577_836_800,
        ),
        (
            (3000, 3001),
            Some("is not valid before 3000-01-01T00:00:00.000000Z"),
            32_535_216_000,
        ),
        ((2010, 3000), None, 32_503_680_000),
    ] {
        put(lab.dir.path(), &lab.authority.signs_between(&[NAME], years));
        lab.tls.look_again();
        let found = lab.tls.trouble();
        assert_eq!(found.is_some(), trouble.is_some(), "{found:?}");
        assert!(found.unwrap_or_default().contains(trouble.unwrap_or_default()));
        // A client whose clock takes it.
        let mut config = ClientConfig::clone(lab.connector(&[&version::TLS13]).config());
        config.time_provider = Arc::new(At(expires - 1));
        let connector = TlsConnector::from(Arc::new(config));
        let mut answers = Vec::new();
        for path in ["/health/ready", "/metrics"] {
            let mut stream = connect(&connector, lab.running.address).await;
            let head = lab.running.head(&format!("GET {path}"));
            answers.push(ask(&mut stream, &format!("{head}Connection: close\r\n\r\n")).await);
        }
        let check = format!(r#"{{"name":"certificate","ok":{}}}"#, trouble.is_none());
        assert!(
            answers[0].contains(&check) && answers[0].contains(r#""ready":true"#),
            "{}",
            answers[0]
        );
        let line = format!("\nprobity_tls_certificate_expiry_timestamp_seconds {expires}\n");
        assert!(answers[1].contains(&line), "{}", answers[1]);
        assert!(answers[1].contains("\nprobity_http_certificate_refused 0\n"));
    }
}

/// A device or a pipe has no end, or is waited for.
#[test]
fn what_is_no_file_is_not_read() {
    let device = PathBuf::from("/dev/zero");
    let error = Tls::new(device.clone(), device).unwrap_err();
    assert!(error.contains("/dev/zero: it is no file"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_handshake_holds_nobody_up() {
    let settings = Settings {
        handshake_timeout: Duration::from_millis(200),
        ..Settings::default()
    };
    let lab = Lab::start(settings).await;
    let mut silent = TcpStream::connect(lab.running.address).await.unwrap();
    // The head of a record of which nothing follows.
    let mut slow = TcpStream::connect(lab.running.address).await.unwrap();
    slow.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    assert!(lab.text("/health/live").await.starts_with("HTTP/1.1 200 "));
    for stream in [&mut silent, &mut slow] {
        let mut answer = Vec::new();
        // Closed with what it had not read, or at its end.
        let _ = soon(stream.read_to_end(&mut answer)).await;
        assert!(answer.is_empty(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_is_told_to_speak_tls() {
    let lab = Lab::start(Settings::default()).await;
    let mut client = lab.running.connect().await;
    client
        .write(&format!("{}\r\n", lab.running.head("GET /health/live")))
        .await;
    let mut answer = String::new();
    soon(client.stream.read_to_string(&mut answer)).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 400 ") && head.contains(&format!("Content-Length: {}", body.len())),
        "{answer}"
    );
    assert_eq!(body, "This port speaks TLS: use https://\n");
    assert!(lab.text("/health/live").await.starts_with("HTTP/1.1 200 "));
}

/// Where somebody else ends TLS, its word counts if it is believed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_are_told_to_stay_with_tls_where_they_came_by_it() {
    for (proxies, scheme, expected) in [
        ("127.0.0.1", "https", true),
        ("127.0.0.1", "http", false),
        ("192.0.2.1", "https", false),
        ("", "https", false),
    ] {
        let settings = Settings {
            trusted_proxies: proxies.parse().unwrap(),
            ..Settings::default()
        };
        let running = Running::start(On::Sqlite, settings).await;
        let mut client = running.connect().await;
        let head = running.head("GET /health/live");
        client
            .write(&format!("{head}X-Forwarded-Proto: {scheme}\r\n\r\n"))
            .await;
        let (head, _) = client.answer().await;
        assert_eq!(
            head.contains("\r\nstrict-transport-security: max-age=31536000\r\n"),
            expected,
            "{head}"
        );
    }
}
