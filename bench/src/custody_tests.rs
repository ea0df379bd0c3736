//! Transfers are well formed and spread as they should be, and what is not right is noticed.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn server() -> SocketAddr {
    "127.0.0.1:8080".parse().unwrap()
}

fn balances(count: usize) -> Vec<String> {
    let balance = |number| format!("00000000-0000-7000-8000-{number:012x}");
    (0..count).map(balance).collect()
}

/// Checks the framing of a request; its head and its body.
fn parts(request: &[u8]) -> (&str, Value) {
    let (head, body) = std::str::from_utf8(request)
        .unwrap()
        .split_once("\r\n\r\n")
        .unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    assert_eq!(length.unwrap().parse(), Ok(body.len()), "{head}");
    assert!(head.contains("\r\nAuthorization: Bearer prb_admin\r\n"), "{head}");
    (head, serde_json::from_str(body).unwrap())
}

/// The transfers of the next request.
fn written(transfers: &mut Transfers) -> Vec<Value> {
    // The buffer of a connection is reused: what is in front must not matter.
    let mut out = b"earlier".to_vec();
    transfers.write_request(&mut out);
    let (head, body) = parts(&out[7..]);
    assert!(
        head.starts_with("POST /v1/operations HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"),
        "{head}"
    );
    match body {
        Value::Array(several) => several,
        one => vec![one],
    }
}

#[test]
fn a_transfer_has_these_members() {
    for (batch, own_ids) in [(1, false), (1, true), (2, false), (100, true)] {
        let all = balances(2);
        let mut transfers = Transfers::new(server(), "prb_admin", &all, batch, own_ids).unwrap();
        let found = written(&mut transfers);
        assert_eq!(
            (found.len(), transfers.items_per_request()),
            (batch, batch as u64)
        );
        for transfer in found {
            let from = usize::from(transfer["debit"] == all[1]);
            let mut expected =
                json!({"kind": "transfer", "debit": all[from], "credit": all[1 - from], "amount": "0.01"});
            if own_ids {
                expected["id"] = transfer["id"].clone();
            }
            assert_eq!(transfer, expected);
        }
    }
    assert!(Transfers::new(server(), "k", &balances(1), 1, false).is_none());
    assert!(Transfers::new(server(), "k", &["a".to_owned(), "b".to_owned()], 1, false).is_none());
}

/// Every pair of different balances is as likely as any other.
#[test]
fn balances_are_drawn_evenly() {
    let mut transfers = Transfers::new(server(), "prb_admin", &balances(10), 100, false).unwrap();
    let mut pairs = BTreeMap::new();
    for _ in 0..450 {
        for transfer in written(&mut transfers) {
            let side = |name: &str| transfer[name].as_str().unwrap().to_owned();
            *pairs.entry((side("debit"), side("credit"))).or_insert(0) += 1;
        }
    }
    assert_eq!(pairs.len(), 90);
    assert!(pairs.keys().all(|(debit, credit)| debit != credit));
    // 500 each, within six standard deviations.
    assert!(
        pairs.values().all(|count| (366..=634).contains(count)),
        "{pairs:?}"
    );
}

#[test]
fn own_ids_are_of_the_present_and_ascend() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let mut transfers = Transfers::new(server(), "prb_admin", &balances(3), 1_000, true).unwrap();
    let (before, mut last, mut ids) = (now(), String::new(), BTreeSet::new());
    for _ in 0..20 {
        for transfer in written(&mut transfers) {
            let id = transfer["id"].as_str().unwrap().to_owned();
            assert!(id > last, "{id} after {last}");
            assert_eq!((id.len(), &id[14..15]), (36, "7"));
            ids.insert(id.clone());
            last = id;
        }
    }
    let ms = u128::from_str_radix(&last.replace('-', "")[..12], 16).unwrap();
    assert!((before..=now() + 10).contains(&ms), "{ms} after {before}");
    assert_eq!(ids.len(), 20_000);
}

/// A millisecond has 4,096 places: what does not fit goes ahead of the clock.
#[test]
fn more_ids_than_a_millisecond_holds() {
    let ahead = u64::MAX >> 17;
    let (mut ids, mut random) = (
        Ids {
            ms: ahead,
            within: 0xFFE,
            last: Vec::new(),
        },
        Random::new(1),
    );
    let mut next = || String::from_utf8(ids.next(&mut random)[..18].to_vec()).unwrap();
    assert_eq!([next(), next()], ["7fffffff-ffff-7fff", "80000000-0000-7000"]);
}

#[test]
fn answers_are_checked() {
    let transfers = |batch| Transfers::new(server(), "k", &balances(2), batch, false).unwrap();
    let mut one = transfers(1);
    assert_eq!(
        [200, 201, 409, 503].map(|status| one.is_good(status)),
        [false, true, false, false]
    );
    assert!(one.check(br#"{"id":"a","kind":"transfer","status":"completed"}"#));
    assert!(!one.check(br#"{"id":"a","kind":"transfer","status":"pending"}"#));
    assert_eq!(one.sample(), 64);
    let mut two = transfers(2);
    assert_eq!([200, 201].map(|status| two.is_good(status)), [true, false]);
    let created = r#"{"status":"created","operation":{"status":"completed"}}"#;
    for (other, good) in [
        (created, true),
        (r#"{"status":"refused","problem":{}}"#, false),
        (
            r#"{"status":"replayed","operation":{"status":"completed"}}"#,
            false,
        ),
    ] {
        let body = format!(r#"{{"results":[{created},{other}]}}"#);
        assert_eq!(two.check(body.as_bytes()), good, "{other}");
    }
}

#[test]
fn balances_come_from_deposits_to_the_owners() {
    let names: Vec<Value> = owners(1_001)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let requests = preparation(server(), "prb_admin", 1_001);
    let bodies: Vec<_> = requests.iter().map(|request| parts(request)).collect();
    assert!(bodies[0].0.starts_with("POST /v1/assets HTTP/1.1\r\n"));
    assert_eq!(
        bodies[0].1,
        json!({"code": "BENCH", "name": "Benchmark", "scale": 2})
    );
    let deposits: Vec<_> = bodies[1..]
        .iter()
        .map(|(_, body)| body.as_array().unwrap())
        .collect();
    assert_eq!([deposits[0].len(), deposits[1].len()], [1_000, 1]);
    for (deposit, user) in deposits.into_iter().flatten().zip(&names) {
        let credit = format!("user:{}", user["username"].as_str().unwrap());
        let expected = json!({"kind": "deposit", "asset": "BENCH", "credit": credit, "amount": "1000000.00"});
        assert_eq!((deposit, &user["role"]), (&expected, &json!("user")));
    }
    let result = |status: &str, balance: &str| json!({"status": status, "operation": {"credit": {"balance": balance}}});
    let [a, b] = [&balances(2)[0], &balances(2)[1]];
    let answer = |second| json!({"results": [result("created", a), second]});
    assert_eq!(credited(&answer(result("created", b))), Some(balances(2)));
    for wrong in [
        result("refused", b),
        result("created", "b"),
        json!({"status": "refused", "problem": {}}),
    ] {
        assert_eq!(credited(&answer(wrong)), None);
    }
    assert_eq!(credited(&json!({"code": "overloaded"})), None);
}

#[test]
fn what_is_wrong_after_a_load_is_said() {
    let supply = |supply: &str, sum: &str| json!({"supply": supply, "sum": sum});
    let figure =
        |kind: &str, status: &str, count: u64| json!({"kind": kind, "status": status, "count": count});
    let statistics = json!({"figures": [
        figure("deposit", "completed", 3), figure("transfer", "completed", 500), figure("transfer", "failed", 9),
    ]});
    let right = supply("3000000.00", "0.00");
    let look = |supply: &Value, acknowledged, certain| {
        audit(&[supply.clone(), statistics.clone()], 3, acknowledged, certain)
    };
    assert_eq!(look(&right, 500, true), Ok(()));
    assert_eq!(look(&right, 499, false), Ok(()));
    for (supply, acknowledged, certain) in [
        (&right, 501, true),
        (&right, 501, false),
        (&right, 499, true),
        (&supply("3000000.00", "0.01"), 500, true),
        (&supply("2999999.99", "0.00"), 500, true),
    ] {
        assert!(
            look(supply, acknowledged, certain).is_err(),
            "{supply} {acknowledged}"
        );
    }
    assert!(audit(std::slice::from_ref(&right), 3, 500, true).is_err());
    assert!(audit(&[right.clone(), right], 3, 0, true).is_err());
    let asked = questions(server(), "prb_admin")
        .into_iter()
        .map(|one| String::from_utf8(one).unwrap());
    let expected = ["/v1/assets/BENCH/supply", "/v1/operations/statistics?asset=BENCH"].map(|path| {
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer prb_admin\r\n\r\n")
    });
    assert_eq!(asked.collect::<Vec<_>>(), expected);
}
