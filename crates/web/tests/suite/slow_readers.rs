//! A reader that stops reading costs little: what it is sent is made when it takes it, and not before.

use std::time::Duration;

use axum::body::Body;
use domain::audit::erase::EraseEntries;
use domain::{Caller, Command, Origin};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tower::ServiceExt as _;
use web::Settings;

use crate::api::{Api, BOTH, On};
use crate::custody::{OPERATIONS, World};
use crate::tcp::{Client, Event, Running, soon};

/// What systems and the server hold for a reader together is less than half of this.
const LOG_BYTES: usize = 12_000_000;
/// The longest text that an entry holds, in bytes.
const TEXT: usize = 30_000;
const WAYS: [&str; 4] = [
    "/v1/audit/export?format=jsonl",
    "/v1/audit/export?format=csv",
    "/v1/audit/export?format=bundle",
    "/v1/activity/stream?after=0",
];

/// A log of large entries; the index of the last one.
async fn fill(api: &Api) -> u64 {
    let text = "世".repeat(TEXT / 3);
    let event = json!({"actor": {"kind": "user"}, "action": "large", "description": text});
    let mut last = 0;
    for _ in 0..LOG_BYTES / TEXT / 100 {
        last = *api.record(&json!(vec![&event; 100])).await.last().unwrap();
    }
    last
}

/// The status of an answer, and its reader.
async fn ask(running: &Running, path: &str) -> (String, Client) {
    let mut client = running.connect_narrow().await;
    client
        .write(&format!("{}\r\n", running.head(&format!("GET {path}"))))
        .await;
    let head = client.head().await;
    (head.split(' ').nth(1).unwrap().to_owned(), client)
}

/// A reader that has seen that its answer begins, and reads no further. It waits until it is allowed to.
async fn begin(running: &Running, path: &str) -> Client {
    let allowed = async {
        loop {
            let (status, client) = ask(running, path).await;
            if status == "200" {
                return client;
            }
        }
    };
    let mut client = soon(allowed).await;
    assert!(client.chunk().await.is_some(), "{path}");
    client
}

async fn erase(api: &Api, entry: u64) {
    let operator = Caller::Operator { name: "test".into() };
    let command = Command::EraseEntries(EraseEntries {
        entries: vec![entry],
        reason: "asked to".into(),
    });
    let erased = api.engine.submit(&operator, Origin::default(), command).await;
    erased.unwrap();
}

/// What is left of an export, and in it the line of the entry of this index.
async fn rest(client: &mut Client, path: &str, index: u64) -> (usize, String) {
    let mut text = String::new();
    while let Some(chunk) = client.chunk().await {
        text.push_str(&chunk);
    }
    let begins = if path.contains("csv") {
        format!("{index},")
    } else {
        format!("\"index\":{index},")
    };
    let mut lines = text.lines();
    let line = if path.contains("csv") {
        lines.find(|line| line.starts_with(&begins))
    } else {
        lines.find(|line| line.contains(&begins))
    };
    let line = line.unwrap_or_else(|| panic!("{path}: no entry {index}"));
    (text.len(), line.to_owned())
}

/// What comes late in an answer is not read for a reader that has stopped early: what is erased meanwhile it never sees.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stopped_reader_does_not_take_is_not_made() {
    for on in BOTH {
        let running = Running::start(on, Settings::default()).await;
        let api = &running.api;
        let last = fill(api).await;
        let mut readers = Vec::new();
        for path in WAYS {
            readers.push(begin(&running, path).await);
        }
        // Whatever were read for those who do not take it would be read by the time that others have taken it all.
        for path in ["/v1/audit/export", "/v1/audit/export?format=bundle"] {
            let whole = api.get(path).await;
            assert!(whole.complete && whole.body.len() > LOG_BYTES, "{path}");
        }
        erase(api, last).await;
        let mut stream = readers.pop().unwrap();
        for (path, client) in WAYS.iter().zip(&mut readers) {
            let (length, line) = rest(client, path, last).await;
            assert!(length > LOG_BYTES / 2, "{path}: {length}");
            assert!(!line.contains('世'), "{path}: {} bytes", line.len());
        }
        let mut seen = Vec::new();
        while seen.last().is_none_or(|event: &Event| event.id < last) {
            seen.extend(stream.events().await);
        }
        let forgotten = seen.into_iter().find(|event| event.id == last).unwrap();
        assert!(!forgotten.data.contains('世'), "{} bytes", forgotten.data.len());
    }
}

/// What it needed is free once it has gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_goes_gives_back_what_it_held() {
    let settings = Settings {
        exports_max: 3,
        streams_max: 1,
        ..Settings::default()
    };
    for on in BOTH {
        let running = Running::start(on, settings.clone()).await;
        fill(&running.api).await;
        for _ in 0..2 {
            let mut readers = Vec::new();
            for path in WAYS {
                readers.push(begin(&running, path).await);
            }
            for path in WAYS {
                assert_eq!(ask(&running, path).await.0, "503", "{path}");
            }
            // What systems hold for them is full at some time: then nothing is read for them any more.
            let idle = async {
                loop {
                    let pool = running.api.engine.db().pool_status();
                    if pool.open == pool.idle {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            };
            soon(idle).await;
        }
    }
}

/// One that neither reads nor goes is cut off, and cannot take what it got for the whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_takes_nothing_is_given_up() {
    let settings = Settings {
        exports_max: 1,
        streams_max: 1,
        stall_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let running = Running::start(On::Sqlite, settings).await;
    fill(&running.api).await;
    for ways in [&[WAYS[0], WAYS[1], WAYS[2], WAYS[0]][..], &[WAYS[3], WAYS[3]]] {
        let mut stopped = Vec::new();
        for path in ways {
            // The one before is still there: what this one needs comes back because that one is given up.
            stopped.push(begin(&running, path).await);
        }
        // Of the last one nobody knows yet.
        stopped.pop();
        for mut client in stopped {
            let mut rest = Vec::new();
            let ended = soon(client.stream.read_to_end(&mut rest)).await;
            assert!(ended.is_err() || !rest.ends_with(b"\r\n0\r\n\r\n"));
        }
    }
}

/// A statement is read as it is taken: what moves after its first lines were taken is in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_is_made_as_it_is_taken() {
    for on in BOTH {
        let world = World::new(on).await;
        let one = json!({"kind": "transfer", "asset": "BTC", "amount": "0.001", "debit": "user:ann", "credit": "user:bob"});
        for _ in 0..6 {
            let list = json!(vec![&one; 100]);
            let got = world.api.call("POST", OPERATIONS, list).await;
            assert!(got.status.is_success(), "{}", got.text());
        }
        let path = format!(
            "/v1/balances/{}/statement?format=csv",
            world.balance(world.ann).await
        );
        let request = world.api.request("GET", &path).body(Body::empty()).unwrap();
        let mut body = world
            .api
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_body();
        let mut text = String::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.unwrap().into_data().unwrap();
            if text.is_empty() {
                world.transfer("0.00777").await;
            }
            text.push_str(std::str::from_utf8(&frame).unwrap());
        }
        // The columns, the deposit, and what moved before and after it began.
        assert_eq!(text.lines().count(), 1 + 1 + 600 + 1);
        assert!(text.contains(",-0.00777000,"), "{text}");
    }
}
