//! Answers arrive, whatever else came over the connection; and a connection that ends says so.

use std::time::Duration;

use serde_json::{Value, json};
use web::Settings;

use crate::api::{BOTH, On};
use crate::tcp::{Client, PATIENCE, Running};

const EVENT: &str = r#"{"actor":{"kind":"user"},"action":"over.tcp"}"#;

fn post(running: &Running, path: &str, length: usize) -> String {
    let head = running.head(&format!("POST {path}"));
    format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
}

/// Whether the connection goes on after an answer: it does exactly if the answer did not say that it closes.
async fn goes_on(running: &Running, client: &mut Client, head: &str) -> bool {
    let closes = head.to_lowercase().contains("\r\nconnection: close\r\n");
    if closes {
        assert!(client.is_closed().await, "it said that it closes: {head}");
    } else {
        client
            .write(&format!("{}\r\n", running.head("GET /health/live")))
            .await;
        let (next, _) = client.answer().await;
        assert!(next.starts_with("HTTP/1.1 200 OK\r\n"), "{next}");
    }
    !closes
}

/// Some clients send a line end more than a body has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_arrives_whatever_came_after_its_request() {
    for on in BOTH {
        let running = Running::start(on, Settings::default()).await;
        let request = format!("{}{EVENT}", post(&running, "/v1/audit/entries", EVENT.len()));
        let closing = request.replace("Host: test", "Host: test\r\nConnection: close");
        for (first, more) in [
            (&request, "\r\n"),
            (&request, "\r\n\r\nGET /hea"),
            (&request, "junk"),
            (&closing, "\r\n"),
            (&closing, "GET / HTTP/1.1\r\n\r\n"),
        ] {
            let mut client = running.connect().await;
            client.write(&format!("{first}{more}")).await;
            let (head, _) = client.answer().await;
            assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{more:?}: {head}");
        }
        let mut client = running.connect().await;
        client.write(&format!("{request}\r\n")).await;
        let (head, _) = client.answer().await;
        assert!(goes_on(&running, &mut client, &head).await);
    }
}

/// A client that says with its request that nothing more comes, as `nc -N` does, gets its answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_has_said_all_is_answered() {
    for on in BOTH {
        let running = Running::start(on, Settings::default()).await;
        let request = format!("{}{EVENT}", post(&running, "/v1/audit/entries", EVENT.len()));
        for _ in 0..5 {
            let mut client = running.connect().await;
            client.write(&request).await;
            client.end().await;
            let (head, _) = client.answer().await;
            assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{head}");
        }
    }
}

/// What cannot be read as a request is answered too, however much of it is still on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_head_is_answered() {
    let running = Running::start(On::Sqlite, Settings::default()).await;
    let lines = |count: usize, length: usize| -> String {
        let lines = (0..count).map(|n| format!("x-{n}: {}\r\n", "y".repeat(length)));
        lines.collect::<Vec<_>>().concat()
    };
    let get = "GET /health/live HTTP/1.1\r\nHost: test\r\n";
    let target = "x".repeat(70_000);
    let much = "z".repeat(3_000_000);
    for (request, status) in [
        ("GARBAGE\r\n\r\n".to_owned(), "400 Bad Request"),
        (format!("GARBAGE\r\n\r\n{much}"), "400 Bad Request"),
        (format!("{get}Ho st: x\r\n\r\n"), "400 Bad Request"),
        (
            format!("{get}{}\r\n", lines(100, 1)),
            "431 Request Header Fields Too Large",
        ),
        (
            format!("{get}{}\r\n", lines(60, 30_000)),
            "431 Request Header Fields Too Large",
        ),
        (
            format!("GET /{target} HTTP/1.1\r\nHost: test\r\n\r\n"),
            "414 URI Too Long",
        ),
    ] {
        let mut client = running.connect().await;
        client.write(&request).await;
        let head = client.head().await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{status}: {head}"
        );
        assert!(head.contains("connection: close\r\n"), "{head}");
        assert!(client.is_closed().await, "{status}");
    }
    let mut client = running.connect().await;
    client.write(&format!("{get}{}\r\n", lines(99, 1))).await;
    let (head, _) = client.answer().await;
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\n"),
        "a hundred headers: {head}"
    );
    let longest = format!("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", "x".repeat(65_533));
    client.write(&longest).await;
    let (head, _) = client.answer().await;
    assert!(
        head.starts_with("HTTP/1.1 404 Not Found\r\n"),
        "65,534 bytes: {head}"
    );
}

/// A client that keeps its connection sends the next request over it: the server has read the body before, or says
/// that it closes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_before_the_body_keeps_the_connection_or_says_that_it_closes() {
    let settings = Settings {
        leftover_timeout: PATIENCE,
        ..Settings::default()
    };
    let running = Running::start(On::Sqlite, settings).await;
    let size = running.api.size().await;
    let open = |head: String| -> String {
        let lines = head
            .split("\r\n")
            .filter(|line| !line.starts_with("Authorization"));
        lines.collect::<Vec<_>>().join("\r\n")
    };
    let text = |head: String| head.replace("application/json", "text/plain");
    let entries = |length| post(&running, "/v1/audit/entries", length);
    let small = "x".repeat(60_000);
    let large = "x".repeat(3_000_000);
    for (head, body, status, kept) in [
        (open(entries(40)), &small[..40], "401", true),
        (open(entries(small.len())), &small, "401", true),
        (open(entries(large.len())), &large, "401", false),
        (text(entries(small.len())), &small, "415", true),
        (text(entries(large.len())), &large, "415", false),
        (post(&running, "/nowhere", 4), "abcd", "404", true),
        (post(&running, "/v1/me", 4), "abcd", "405", true),
        (post(&running, "/v1/me", large.len()), &large, "405", false),
    ] {
        let mut client = running.connect().await;
        // As most clients do: the body in a segment of its own.
        client.write(&head).await;
        client.write(body).await;
        let (answer, _) = client.answer().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(
            goes_on(&running, &mut client, &answer).await,
            kept,
            "{head}: {answer}"
        );
    }
    assert_eq!(running.api.size().await, size);
}

/// A body that does not come is not waited for longer than it is worth.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_does_not_wait_for_a_body_that_does_not_come() {
    let settings = Settings {
        leftover_timeout: Duration::from_millis(20),
        ..Settings::default()
    };
    let running = Running::start(On::Sqlite, settings).await;
    let mut client = running.connect().await;
    let head = post(&running, "/v1/audit/entries", 40).replace("Bearer ", "Bearer x");
    client.write(&head).await;
    let (answer, _) = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(!goes_on(&running, &mut client, &answer).await);
}

/// Chunked, the length of a body is not known before its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_unknown_length_is_read_to_its_end_or_the_connection_closes() {
    let settings = Settings {
        leftover_timeout: PATIENCE,
        ..Settings::default()
    };
    let running = Running::start(On::Sqlite, settings).await;
    for (chunks, kept) in [(4, true), (40, false)] {
        let mut client = running.connect().await;
        client
            .write("POST /v1/audit/entries HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        for _ in 0..chunks {
            client.write(&format!("1f40\r\n{}\r\n", "x".repeat(8_000))).await;
        }
        client.write("0\r\n\r\n").await;
        let (answer, _) = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert_eq!(goes_on(&running, &mut client, &answer).await, kept, "{answer}");
    }
}

/// Who waits to be told to go on is not asked for a body that nobody wants.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_not_wanted_is_not_asked_for() {
    let running = Running::start(On::Sqlite, Settings::default()).await;
    let wanted = post(&running, "/v1/audit/entries", EVENT.len());
    let expecting = wanted.replace("Host: test", "Host: test\r\nExpect: 100-continue");
    let mut client = running.connect().await;
    client.write(&expecting.replace("Bearer ", "Bearer x")).await;
    let (head, _) = client.answer().await;
    assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    assert!(!goes_on(&running, &mut client, &head).await);
    let mut client = running.connect().await;
    client.write(&expecting).await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write(EVENT).await;
    let (head, _) = client.answer().await;
    assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
    assert!(goes_on(&running, &mut client, &head).await);
}

/// RFC 9112 section 3.2.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_names_its_host_once() {
    let running = Running::start(On::Sqlite, Settings::default()).await;
    for (version, hosts, good) in [
        ("1.1", "", false),
        ("1.1", "Host: a\r\nHost: b\r\n", false),
        ("1.1", "Host: a\r\nHost: a\r\n", false),
        ("1.1", "Host: a/b\r\n", false),
        ("1.1", "Host:\r\n", true),
        ("1.1", "Host: a.example:8080\r\n", true),
        ("1.1", "Host: [::1]:8080\r\n", true),
        ("1.0", "", true),
        ("1.0", "Host: a\r\nHost: b\r\n", false),
    ] {
        for path in ["/health/live", "/nowhere"] {
            let mut client = running.connect().await;
            client
                .write(&format!("GET {path} HTTP/{version}\r\n{hosts}\r\n"))
                .await;
            let (head, body) = client.answer().await;
            let status = match (good, path) {
                (false, _) => "400 Bad Request",
                (true, "/nowhere") => "404 Not Found",
                (true, _) => "200 OK",
            };
            assert!(
                head.starts_with(&format!("HTTP/{version} {status}\r\n")),
                "{hosts:?}: {head}"
            );
            if !good {
                let problem: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(problem["code"], json!("invalid_host"));
                assert!(
                    head.contains("content-type: application/problem+json\r\n"),
                    "{head}"
                );
                assert!(head.contains("x-content-type-options: nosniff\r\n"), "{head}");
                assert!(client.is_closed().await);
            }
        }
    }
}
