//! Every request of the template is well formed, whatever lengths its varying parts have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

fn append(batch: usize) -> Append {
    Append::new("127.0.0.1:8080".parse().unwrap(), "prb_secret", batch)
}

/// Checks the framing of a request and gives its body.
fn body_of(request: &[u8]) -> Value {
    let text = std::str::from_utf8(request).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /v1/audit/entries HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\nAuthorization: Bearer prb_secret\r\n"),
        "{head}"
    );
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length:"))
        .unwrap();
    assert_eq!(length.trim().parse(), Ok(body.len()), "{head}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn content_length_is_right_for_every_request_and_size() {
    for batch in [1, 2, 3, 100, 1_000] {
        let mut workload = append(batch);
        let mut lengths = BTreeSet::new();
        for _ in 0..200 {
            // The buffer of a connection is reused: what is in front must not matter.
            let mut out = b"earlier".to_vec();
            workload.write_request(&mut out);
            lengths.insert(out.len());
            let body = body_of(&out[7..]);
            assert_eq!(body.as_array().map_or(1, Vec::len), batch);
        }
        assert!(lengths.len() > 5, "lengths should vary: {lengths:?}");
    }
}

#[test]
fn entries_vary_as_described() {
    let mut workload = append(100);
    let (mut actors, mut targets) = (BTreeMap::new(), BTreeMap::new());
    let (mut actions, mut ips, mut amounts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut entries = 0;
    for _ in 0..300 {
        let mut out = Vec::new();
        workload.write_request(&mut out);
        for entry in body_of(&out).as_array().unwrap() {
            entries += 1;
            let text = |pointer: &str| entry.pointer(pointer).unwrap().as_str().unwrap().to_owned();
            *actors.entry(text("/actor/id")).or_insert(0) += 1;
            *targets.entry(text("/target/id")).or_insert(0) += 1;
            actions.insert(text("/action"));
            ips.insert(text("/ip"));
            amounts.insert(entry.pointer("/details/amount").unwrap().as_u64().unwrap());
            assert!(text("/ip").parse::<std::net::Ipv4Addr>().is_ok());
            assert_eq!(text("/trace_id").len(), 32);
            let number = text("/actor/id")[5..].parse::<u64>().unwrap();
            assert_eq!(text("/actor/name"), format!("User {number}"));
            let occurred_at = text("/occurred_at");
            assert_eq!(
                (occurred_at.len(), &occurred_at[10..11], &occurred_at[26..]),
                (27, "T", "Z")
            );
        }
    }
    assert_eq!(entries, 30_000);
    assert!(
        actors.len() > 900 && actors.len() <= 1_000,
        "{} actors",
        actors.len()
    );
    assert!(
        actors["user-000000"] > 2_400,
        "the first actor has {}",
        actors["user-000000"]
    );
    assert_eq!((actions.len(), ips.len()), (50, 250));
    assert!(amounts.len() > 1_000);
    let old = targets.keys().filter(|id| id.starts_with("01973400-")).count();
    assert!((2_000..3_500).contains(&old), "{old} old targets");
    assert!(
        targets.len() - old > 26_000,
        "{} fresh targets",
        targets.len() - old
    );
    for id in targets.keys() {
        let dashes: Vec<_> = id.match_indices('-').map(|(at, _)| at).collect();
        assert_eq!(
            (id.len(), dashes.as_slice(), &id[14..15]),
            (36, &[8, 13, 18, 23][..], "7"),
            "{id}"
        );
    }
}

#[test]
fn fresh_targets_ascend() {
    let mut workload = append(1);
    let mut last = String::new();
    for _ in 0..10_000 {
        let mut out = Vec::new();
        workload.write_request(&mut out);
        let id = body_of(&out)
            .pointer("/target/id")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        if !id.starts_with("01973400-") {
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }
}

#[test]
fn answers_are_checked() {
    let good = br#"{"entries":[{"id":"a","index":1,"at":"x"},{"id":"b","index":2,"at":"x"}]}"#;
    let mut workload = append(2);
    assert!(workload.check(good));
    assert_eq!(workload.ids, ["a"]);
    assert!(!append(3).check(good));
    assert!(append(1).check(br#"{"id":"a","index":1,"at":"x"}"#));
    assert!(!append(1).check(br#"{"index":1}"#));
    assert!(!append(1).check(b""));
}
