//! Requests are well formed, and answers are told apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

fn server() -> SocketAddr {
    "127.0.0.1:8080".parse().unwrap()
}

fn written(workload: &mut impl Workload) -> String {
    let mut out = Vec::new();
    workload.write_request(&mut out);
    String::from_utf8(out).unwrap()
}

/// Checks the framing of a request; its head and its body.
fn parts(request: &str) -> (&str, Value) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    assert_eq!(length.unwrap().parse(), Ok(body.len()), "{head}");
    (head, serde_json::from_str(body).unwrap())
}

#[test]
fn oneself_is_asked_for_with_a_key() {
    let mut me = Repeated::me(server(), "prb_secret");
    let expected = "GET /v1/me HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer prb_secret\r\n\r\n";
    assert_eq!([written(&mut me), written(&mut me)], [expected, expected]);
    assert_eq!(me.sample(), 64);
    assert!(me.check(br#"{"user":{},"key":{"id":"a"},"session":null,"permissions":["audit:read"]}"#));
    assert!(!me.check(br#"{"user":{},"key":null,"session":{},"permissions":["audit:read"]}"#));
}

#[test]
fn a_receipt_is_asked_for_by_id() {
    let mut receipts = Repeated::receipts(server(), "k", &["0197".to_owned()]);
    let expected = "GET /v1/audit/entries/0197/receipt HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer k\r\n\r\n";
    assert_eq!(written(&mut receipts), expected);
    assert_eq!(receipts.items(), "receipts");
    assert!(receipts.check(b"c2sp.org/tlog-proof@v1\nindex 1\n"));
    assert!(!receipts.check(b"{}"));
}

#[test]
fn users_log_in_by_turns_with_their_own_passwords() {
    let accounts = Account::several("bench", 3);
    let mut login = Repeated::logins(server(), &accounts);
    for number in [0, 1, 2, 0] {
        let request = written(&mut login);
        let (head, body) = parts(&request);
        assert!(
            head.starts_with("POST /v1/auth/login HTTP/1.1\r\nHost: "),
            "{head}"
        );
        assert!(!head.contains("Authorization"), "{head}");
        assert_eq!(body["username"], format!("bench000{number}"));
        assert_eq!(body["password"], accounts[number].password);
    }
    assert!(login.sample() == 1 && login.check(br#"{"token":"prs_0","must":null}"#));
    assert!(!login.check(br#"{"must":null}"#));
    assert_eq!(login.items(), "logins");
}

#[test]
fn users_are_made_by_an_admin() {
    let accounts = Account::several("bench", 2);
    let request = String::from_utf8(accounts[1].creation(server(), "prb_admin")).unwrap();
    let (head, body) = parts(&request);
    assert!(head.starts_with("POST /v1/users HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains("\r\nAuthorization: Bearer prb_admin\r\nContent-Type: application/json\r\n"),
        "{head}"
    );
    let expected = json!({"username": "bench0001", "role": "viewer", "password": accounts[1].password});
    assert_eq!(body, expected);
    let mut script = Script::new(vec![request.clone().into_bytes(), b"second".to_vec()]);
    assert_eq!([written(&mut script), written(&mut script)], [&request, "second"]);
    assert!(script.check(br#"{"user":{"id":"u-1"},"by":{"id":"u-0"}}"#));
    assert!(!script.check(b"{"));
    assert_eq!(
        script.answers,
        [json!({"user": {"id": "u-1"}, "by": {"id": "u-0"}})]
    );
}

#[test]
fn refused_logins_come_mixed_and_each_from_an_address_of_its_own() {
    let kinds: Vec<Vec<_>> = ["a", "b"]
        .iter()
        .map(|prefix| {
            let accounts = Account::several(prefix, 100).into_iter();
            accounts.map(|account| (account, "wrong".to_owned())).collect()
        })
        .collect();
    let order_of = |seed: u64| {
        let mut refused = Refused::new(server(), &kinds, seed);
        let (mut order, mut addresses) = (String::new(), BTreeSet::new());
        for number in 0..refused.count() {
            let request = written(&mut refused);
            let (head, body) = parts(&request);
            assert_eq!(body["password"], "wrong");
            let name = body["username"].as_str().unwrap();
            order.push_str(&name[..1]);
            let address = head
                .lines()
                .find_map(|line| line.strip_prefix("X-Forwarded-For: "));
            addresses.insert(address.unwrap().parse::<std::net::Ipv4Addr>().unwrap());
            // The kind of the request gets the time, in whatever order answers come.
            refused.answered(
                number,
                Duration::from_millis(if name.starts_with('a') { 3 } else { 5 }),
            );
        }
        assert_eq!((addresses.len(), order.matches('a').count()), (200, 100));
        assert!(addresses.iter().all(|address| address.octets()[0] == 10));
        assert_eq!(
            refused.times.concat(),
            [vec![3_000.0; 100], vec![5_000.0; 100]].concat()
        );
        order
    };
    assert_eq!(order_of(1), order_of(1));
    assert_ne!(order_of(1), order_of(2));
    let changes = |order: &str| {
        order
            .as_bytes()
            .windows(2)
            .filter(|pair| pair[0] != pair[1])
            .count()
    };
    // Of 199 neighbours half differ, within five standard deviations.
    assert!((65..=135).contains(&changes(&order_of(3))), "{}", order_of(3));
}

#[test]
fn only_the_right_refusal_is_good() {
    let mut refused = Refused::new(server(), &[], 1);
    let good: BTreeMap<_, _> = [200, 400, 401, 429, 503]
        .map(|status| (status, refused.is_good(status)))
        .into();
    assert_eq!(
        good.iter().filter(|(_, good)| **good).collect::<Vec<_>>(),
        [(&401, &true)]
    );
    assert!(refused.check(br#"{"type":"/problems/invalid_credentials","code":"invalid_credentials"}"#));
    assert!(!refused.check(br#"{"code":"second_factor_needed"}"#));
    // An answer to a request that was never written is nobody's.
    refused.answered(7, Duration::ZERO);
    assert!(refused.times.is_empty());
}
