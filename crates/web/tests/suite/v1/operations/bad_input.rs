//! Operations that cannot be, field by field.

use serde_json::{Value, json};

use crate::api::{BOTH, Got};
use crate::custody::{HASH, OPERATIONS, World};

const NOBODY: &str = "01970000-0000-7000-8000-0000000000bb";

fn transfer() -> Value {
    json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": "user:ann", "credit": "user:bob"})
}

fn deposit() -> Value {
    json!({"kind": "deposit", "asset": "BTC", "amount": "1", "credit": "user:ann"})
}

/// What makes a good transfer bad, by field.
fn bad_transfers() -> Vec<(&'static str, Value)> {
    vec![
        ("kind", json!("gift")),
        ("kind", Value::Null),
        ("id", json!("x")),
        ("asset", Value::Null),
        ("amount", json!(1)),
        ("amount", json!(0.5)),
        ("amount", json!("0")),
        ("amount", json!("-1")),
        ("amount", json!("1e3")),
        ("amount", json!("01")),
        ("amount", json!("0.000000001")),
        ("amount", json!("9".repeat(39))),
        ("amount", Value::Null),
        ("debit", Value::Null),
        ("debit", json!("ann")),
        ("debit", json!("user:")),
        ("debit", json!("house:roof")),
        ("debit", json!("house:external")),
        ("credit", json!("user:ann")),
        ("expires_at", json!("2099-01-01T00:00:00Z")),
        ("expires_at", json!("tomorrow")),
        ("destination", json!(NOBODY)),
        ("reverses", json!(NOBODY)),
        ("output", json!(0)),
        ("reference", json!("")),
        ("reference", json!("x".repeat(201))),
        ("metadata", json!([])),
        ("metadata", json!({"a": "x".repeat(4_096)})),
        ("note", json!("x")),
    ]
}

/// What makes a good deposit bad: members, and the field that is named.
fn bad_deposits() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"debit": "house:fees"}), "debit"),
        (json!({"chain": "bitcoin"}), "tx_hash"),
        (json!({"chain": "Bitcoin", "tx_hash": HASH}), "chain"),
        (json!({"tx_hash": ""}), "tx_hash"),
        (json!({"tx_hash": "x".repeat(129)}), "tx_hash"),
        (json!({"output": -1}), "output"),
        (json!({"tx_hash": HASH, "output": u64::MAX}), "output"),
        (json!({"tx_hash": HASH, "block": u64::MAX}), "block"),
        (
            json!({"tx_hash": HASH, "confirmations": u64::MAX}),
            "confirmations",
        ),
        (
            json!({"pending": true, "expires_at": "2020-01-01T00:00:00Z"}),
            "expires_at",
        ),
    ]
}

async fn tried(world: &World, good: Value, members: Value) -> Got {
    let mut body = good;
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    let got = world.api.call("POST", OPERATIONS, body.clone()).await;
    assert!(got.status.is_client_error(), "{body}: {}", got.text());
    got
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_is_checked_and_named() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let size = api.size().await;
        for (field, value) in bad_transfers() {
            let got = tried(&world, transfer(), json!({field: value})).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
        for (members, field) in bad_deposits() {
            let got = tried(&world, deposit(), members).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
        for (field, value, code) in [
            ("asset", "ETH", "unknown_asset"),
            ("debit", "user:zoe", "unknown_user"),
            ("debit", "user:z\u{0}e", "unknown_user"),
            ("credit", NOBODY, "unknown_balance"),
        ] {
            let got = tried(&world, transfer(), json!({field: value})).await;
            got.assert_problem(404, code, Some(field));
        }
        let needless = tried(&world, transfer(), json!({"approval": NOBODY})).await;
        needless.assert_problem(409, "approval_not_needed", Some("approval"));
        let number = tried(&world, transfer(), json!({"amount": 0.5})).await.json();
        let detail = number["detail"].as_str().unwrap();
        assert!(detail.contains("not a number"), "{detail}");
        for entry in api.entries_from(size).await {
            assert_ne!(entry["outcome"], "success", "{entry}");
        }
        let found = api.get(OPERATIONS).await.json();
        assert_eq!(
            found["operations"].as_array().unwrap().len(),
            1,
            "the first deposit alone"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_twice_from_a_chain() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let mut body = deposit();
        for (name, value) in [("tx_hash", json!(HASH)), ("output", json!(0))] {
            body[name] = value;
        }
        let first = api.call("POST", OPERATIONS, body.clone()).await;
        let again = api.call("POST", OPERATIONS, body.clone()).await;
        assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
        body["amount"] = json!("2");
        let got = api.call("POST", OPERATIONS, body).await;
        got.assert_problem(409, "output_conflict", Some("amount"));
    }
}
