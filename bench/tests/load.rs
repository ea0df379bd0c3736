//! The generator against a real server on TCP: does it count, time and frame right, whatever the server does?
#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bench::identity::{Account, Refused};
use bench::load::{self, Edge, Limit, Outcome, Pace, Plan};
use bench::stub::{self, Reply, Request};
use bench::workload::Append;

fn stub(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> SocketAddr {
    stub::start(([127, 0, 0, 1], 0).into(), None, answer).unwrap()
}

fn requests(connections: usize, count: u64) -> Plan {
    Plan {
        connections,
        pace: Pace::Closed,
        limit: Limit::Requests(count),
        also: None,
        tls: false,
    }
}

fn timed(connections: usize, pace: Pace, ms: u64) -> Plan {
    let limit = Limit::Time {
        warmup: Duration::from_millis(50),
        measure: Duration::from_millis(ms),
    };
    Plan {
        connections,
        pace,
        limit,
        also: None,
        tls: false,
    }
}

fn run(server: SocketAddr, plan: &Plan, batch: usize) -> Outcome {
    let mut edges = Vec::new();
    let mut workload = Append::new(server, "prb_secret", batch);
    let outcome = load::run(server, plan, &mut workload, |edge| edges.push(edge)).unwrap();
    assert_eq!(edges, [Edge::Start, Edge::End]);
    outcome
}

/// Every request that was due in the measured time has a latency, sent or not.
fn assert_due(outcome: &Outcome, rate: f64) {
    let due = outcome.elapsed.as_secs_f64() * rate;
    let counted = f64::from(u32::try_from(outcome.latencies.count()).unwrap());
    assert!((counted - due).abs() <= 2.0, "{counted} latencies, {due} due");
}

const ONE: &str = r#"{"id":"a","index":1,"at":"x"}"#;

#[test]
fn every_request_arrives_once_and_whole() {
    for (connections, batch, count) in [(1, 1, 50), (16, 1, 1_000), (4, 1_000, 40)] {
        let (seen, entries) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (seen_by_stub, entries_of_stub) = (Arc::clone(&seen), Arc::clone(&entries));
        let index: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
        let answer = stub::like_probity(index);
        let server = stub(move |request| {
            assert_eq!(request.line, "POST /v1/audit/entries");
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            seen_by_stub.fetch_add(1, Ordering::Relaxed);
            entries_of_stub.fetch_add(body.as_array().map_or(1, Vec::len) as u64, Ordering::Relaxed);
            answer(request)
        });
        let outcome = run(server, &requests(connections, count), batch);
        assert_eq!(
            (outcome.completed, outcome.failures()),
            (count, 0),
            "{:?}",
            outcome.first_failure
        );
        assert_eq!(outcome.latencies.count(), count);
        assert_eq!(seen.load(Ordering::Relaxed), count);
        assert_eq!(entries.load(Ordering::Relaxed), count * batch as u64);
    }
}

#[test]
fn answers_in_pieces_and_in_chunks_are_understood() {
    let server = stub(|request| {
        let sized = Reply::new(201, ONE).pieces.concat();
        let chunked = format!(
            "HTTP/1.1 201 X\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{}\r\n14\r\n{}\r\n0\r\n\r\n",
            &ONE[..9],
            &ONE[9..]
        );
        let bytes = if request.number.is_multiple_of(2) {
            sized
        } else {
            chunked.into_bytes()
        };
        let cut = usize::try_from(request.number).unwrap() * 7 % bytes.len();
        Reply {
            pieces: vec![bytes[..cut].to_vec(), bytes[cut..].to_vec()],
            close: false,
        }
    });
    let outcome = run(server, &requests(3, 130), 1);
    assert_eq!(
        (outcome.completed, outcome.failures()),
        (130, 0),
        "{:?}",
        outcome.first_failure
    );
}

#[test]
fn other_statuses_are_failures() {
    let server = stub(|request| match request.number % 4 {
        0 => Reply::new(503, "busy"),
        1 => Reply::new(429, ""),
        _ => Reply::new(201, ONE),
    });
    let outcome = run(server, &requests(1, 100), 1);
    assert_eq!((outcome.completed, outcome.failures()), (50, 50));
    assert_eq!(
        outcome.statuses.into_iter().collect::<Vec<_>>(),
        [(201, 50), (429, 25), (503, 25)]
    );
    assert_eq!(outcome.first_failure.as_deref(), Some("status 503: busy"));
    assert_eq!(outcome.latencies.count(), 50);
}

#[test]
fn bodies_without_what_they_should_contain_are_failures() {
    let server = stub(|_| Reply::new(201, "{}"));
    let outcome = run(server, &requests(2, 64 * 3), 1);
    // A sample: one answer in 64 is looked at.
    assert_eq!((outcome.bad_bodies, outcome.failures()), (3, 3));
}

#[test]
fn broken_connections_are_counted_and_replaced() {
    let server = stub(|request| match request.number % 10 {
        4 => Reply {
            pieces: vec![b"HTTP/1.1 201 X\r\ncontent-le".to_vec()],
            close: true,
        },
        9 => Reply {
            pieces: Vec::new(),
            close: true,
        },
        _ => Reply::new(201, ONE),
    });
    let outcome = run(server, &requests(2, 100), 1);
    assert_eq!(
        (outcome.completed, outcome.broken, outcome.failures()),
        (80, 20, 20)
    );
}

#[test]
fn a_server_that_says_it_closes_is_no_failure() {
    let server = stub(|_| {
        let text = format!(
            "HTTP/1.1 201 X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{ONE}",
            ONE.len()
        );
        Reply {
            pieces: vec![text.into_bytes()],
            close: true,
        }
    });
    let outcome = run(server, &requests(2, 50), 1);
    assert_eq!(
        (outcome.completed, outcome.failures()),
        (50, 0),
        "{:?}",
        outcome.first_failure
    );
}

#[test]
fn a_server_that_does_not_speak_http_ends_the_run() {
    let server = stub(|_| Reply {
        pieces: vec![b"\x16\x03\x01\x00\x02\r\n\r\n".to_vec()],
        close: false,
    });
    let mut workload = Append::new(server, "prb_secret", 1);
    let error = load::run(server, &requests(1, 100_000), &mut workload, |_| {})
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("keep breaking") && error.contains("status line"),
        "{error}"
    );
}

#[test]
fn a_closed_loop_waits_for_answers() {
    let server = stub(|_| {
        sleep(Duration::from_millis(10));
        Reply::new(201, ONE)
    });
    let outcome = run(server, &timed(4, Pace::Closed, 500), 1);
    // 4 connections at 10 ms each do at most 400 a second.
    assert!((20..=200).contains(&outcome.completed), "{}", outcome.completed);
    assert!(outcome.latencies.percentiles().p50_us >= 10_000);
    assert!(outcome.elapsed >= Duration::from_millis(500));
}

#[test]
fn an_open_loop_keeps_its_rate() {
    let server = stub(|_| Reply::new(201, ONE));
    let outcome = run(server, &timed(8, Pace::Open(400.0), 1_000), 1);
    assert_eq!(outcome.failures(), 0);
    assert_due(&outcome, 400.0);
    // A busy machine may be late with some of them.
    assert!((300..=440).contains(&outcome.completed), "{}", outcome.completed);
}

/// A stall of 300 ms delays the some 30 requests that were due in it. A generator that waits would see one.
#[test]
fn an_open_loop_sees_a_stall_in_every_request_that_it_delayed() {
    let stalled = Arc::new(AtomicU64::new(0));
    let server = stub(move |request| {
        if request.number >= 20 && stalled.fetch_add(1, Ordering::Relaxed) == 0 {
            sleep(Duration::from_millis(300));
        }
        Reply::new(201, ONE)
    });
    let outcome = run(server, &timed(1, Pace::Open(100.0), 1_000), 1);
    let found = outcome.latencies.percentiles();
    assert_due(&outcome, 100.0);
    assert!(found.max_us >= 290_000, "{found:?}");
    // At least the 10 % with the longest wait waited for most of the stall.
    assert!(found.p90_us >= 150_000, "{found:?}");
}

#[test]
fn an_open_loop_counts_what_it_could_not_send() {
    let server = stub(|_| {
        sleep(Duration::from_millis(50));
        Reply::new(201, ONE)
    });
    let started = Instant::now();
    let outcome = run(server, &timed(1, Pace::Open(200.0), 500), 1);
    assert!(started.elapsed() < Duration::from_secs(5));
    // 100 were due and one connection can do 10.
    assert!(outcome.unsent >= 70, "{}", outcome.unsent);
    assert_due(&outcome, 200.0);
    assert!(outcome.latencies.percentiles().p50_us > 100_000);
}

/// Refusals are what this load asks for, and each time goes to the kind of its request, in whatever order answers come.
#[test]
fn a_workload_says_what_is_good_and_hears_of_each_answer() {
    const SLOW: Duration = Duration::from_millis(40);
    let server = stub(|request| {
        if String::from_utf8_lossy(&request.body).contains("slow") {
            sleep(SLOW);
        }
        stub::refusal()
    });
    let kinds = ["fast", "slow"].map(|name| {
        let accounts = Account::several(name, 30).into_iter();
        accounts.map(|account| (account, "wrong".to_owned())).collect()
    });
    let mut workload = Refused::new(server, &kinds, 1);
    let outcome = load::run(server, &requests(6, 60), &mut workload, |_| {}).unwrap();
    assert_eq!((outcome.completed, outcome.failures()), (60, 0));
    assert_eq!(outcome.statuses.into_iter().collect::<Vec<_>>(), [(401, 60)]);
    let [fast, slow] = workload.times.try_into().unwrap();
    assert_eq!([fast.len(), slow.len()], [30, 30]);
    let slow_us = SLOW.as_secs_f64() * 1e6;
    assert!(slow.iter().all(|us| *us >= slow_us), "{slow:?}");
    let early = fast.iter().filter(|us| **us < slow_us).count();
    // A busy machine may delay some of them.
    assert!(early >= 20, "{fast:?}");
    // To every other load a refusal is a failure.
    let outcome = run(server, &requests(1, 5), 1);
    assert_eq!((outcome.completed, outcome.failures()), (0, 5));
}
