//! The server itself: connections, time limits, the end.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use web::Settings;

use crate::api::{BOTH, On};
use crate::tcp::Running;

const EVENT: &str = r#"{"actor":{"kind":"user"},"action":"over.tcp"}"#;

fn append(running: &Running, length: usize) -> String {
    let head = running.head("POST /v1/audit/entries");
    format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_serves_many_requests() {
    for on in BOTH {
        let running = Running::start(on, Settings::default()).await;
        let mut client = running.connect().await;
        let first = running.api.size().await;
        // Pipelined: three requests before the first answer.
        client
            .write(&format!(
                "{0}{EVENT}{0}{EVENT}{0}{EVENT}",
                append(&running, EVENT.len())
            ))
            .await;
        for number in 0..3 {
            let (head, body) = client.answer().await;
            assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{head}");
            assert!(!head.to_lowercase().contains("\r\nserver:"), "{head}");
            let answer: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(answer["index"], first + number);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_peer_is_where_a_request_came_from() {
    let ours = "127.0.0.0/8, 10.0.0.0/8";
    for (proxies, forwarded, ip, unreadable) in [
        ("", "10.1.1.1, 203.0.113.9", "127.0.0.1", 0),
        ("", "junk", "127.0.0.1", 0),
        ("10.0.0.0/8", "203.0.113.9", "127.0.0.1", 0),
        (ours, "198.51.100.1, 203.0.113.9, 10.1.1.1", "203.0.113.9", 0),
        (ours, "203.0.113.7:51234", "203.0.113.7", 0),
        (ours, "[2001:db8::1]:443", "2001:db8::1", 0),
        (ours, "junk", "127.0.0.1", 1),
    ] {
        let running = Running::start(
            On::Sqlite,
            Settings {
                trusted_proxies: proxies.parse().unwrap(),
                ..Settings::default()
            },
        )
        .await;
        let body = r#"{"actor":{"kind":"user"},"action":"a","occurred_at":"9999-01-01T00:00:00Z"}"#;
        let mut client = running.connect().await;
        let head = append(&running, body.len())
            .replace("\r\n\r\n", &format!("\r\nX-Forwarded-For: {forwarded}\r\n\r\n"));
        client.write(&format!("{head}{body}")).await;
        let problem: Value = serde_json::from_str(&client.answer().await.1).unwrap();
        let entry = running
            .api
            .get(&format!("/v1/audit/entries/{}", problem["entry"]))
            .await
            .json();
        assert_eq!(entry["ip"], json!(ip), "{forwarded}");
        client
            .write(&format!("{}\r\n", running.head("GET /metrics")))
            .await;
        let (_, metrics) = client.answer().await;
        let line = format!("\nprobity_http_forwarded_unreadable_total {unreadable}\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_waits_for_what_is_under_way() {
    for on in BOTH {
        let mut running = Running::start(on, Settings::default()).await;
        let mut busy = running.connect().await;
        let (early, late) = EVENT.split_at(10);
        busy.write(&format!("{}{early}", append(&running, EVENT.len())))
            .await;
        let mut idle = running.connect().await;
        idle.write(&format!("{}\r\n", running.head("GET /health/live")))
            .await;
        idle.answer().await;
        running.tell();
        assert!(idle.is_closed().await, "an idle connection is closed at once");
        let refused = async {
            while TcpStream::connect(running.address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        crate::tcp::soon(refused).await;
        busy.write(late).await;
        let (head, _) = busy.answer().await;
        assert!(
            head.starts_with("HTTP/1.1 201 Created\r\n") && head.contains("connection: close"),
            "{head}"
        );
        assert!(busy.is_closed().await);
        running.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_does_not_wait_for_ever() {
    let settings = Settings {
        shutdown_grace: Duration::from_millis(100),
        ..Settings::default()
    };
    let mut running = Running::start(On::Sqlite, settings).await;
    let mut stuck = running.connect().await;
    stuck.write(&append(&running, EVENT.len())).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.tell();
    assert!(stuck.is_closed().await);
    running.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_heads_and_bodies_are_given_up() {
    let limit = Duration::from_millis(100);
    let settings = Settings {
        header_timeout: limit,
        body_timeout: limit,
        ..Settings::default()
    };
    let running = Running::start(On::Sqlite, settings).await;
    let size = running.api.size().await;
    let mut head = running.connect().await;
    head.write("GET /health/live HTTP/1.1\r\nHost:").await;
    assert!(head.is_closed().await);
    let mut body = running.connect().await;
    body.write(&format!("{}{}", append(&running, EVENT.len()), &EVENT[..5]))
        .await;
    let (answer, text) = body.answer().await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap()["code"],
        "body_timeout"
    );
    assert_eq!(running.api.size().await, size);
}

/// An announced length beyond the bound is refused without waiting for the body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_too_large_is_refused_before_it_comes() {
    let running = Running::start(
        On::Sqlite,
        Settings {
            body_bytes_max: 1_000,
            ..Settings::default()
        },
    )
    .await;
    for length in ["1001", "99999999999999999999"] {
        let mut client = running.connect().await;
        let head = append(&running, 0).replace("Content-Length: 0", &format!("Content-Length: {length}"));
        client.write(&head).await;
        let (head, body) = client.answer().await;
        if length == "1001" {
            assert!(head.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{head}");
            assert!(body.contains("1000 bytes"), "{body}");
        } else {
            assert!(head.starts_with("HTTP/1.1 4"), "{head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_bounded() {
    let running = Running::start(
        On::Sqlite,
        Settings {
            connections_max: 1,
            ..Settings::default()
        },
    )
    .await;
    let live = format!("{}\r\n", running.head("GET /health/live"));
    let mut first = running.connect().await;
    first.write(&live).await;
    first.answer().await;
    let mut second = running.connect().await;
    second.write(&live).await;
    let early = tokio::time::timeout(Duration::from_millis(100), second.answer()).await;
    assert!(early.is_err(), "the second waits");
    drop(first);
    assert!(second.answer().await.0.starts_with("HTTP/1.1 200 OK\r\n"));
}
