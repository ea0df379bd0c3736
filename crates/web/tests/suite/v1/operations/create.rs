//! Making one operation, and who sees what of it.

use serde_json::{Value, json};

use crate::api::{BOTH, On};
use crate::custody::{HASH, OPERATIONS, World, deposit, make};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_shown_with_what_it_has() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let body = json!({"kind": "deposit", "asset": "BTC", "amount": "2.5", "credit": "user:ann", "tx_hash": HASH,
            "output": 1, "block": 870_000, "confirmations": 6, "reference": "D-17", "metadata": {"b": [1, 2.5], "a": "é"}});
        let got = api.call("POST", OPERATIONS, body).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let made = got.json();
        let id = made["id"].as_str().unwrap();
        assert_eq!(got.header("location"), format!("{OPERATIONS}/{id}"));
        assert_eq!(got.header("etag"), "\"1\"");
        for (name, value) in [
            ("kind", json!("deposit")),
            ("status", json!("completed")),
            ("asset", json!("BTC")),
            ("amount", json!("2.50000000")),
            ("debit_posted", json!("-12.50000000")),
            ("credit_posted", json!("12.50000000")),
            ("chain", json!("bitcoin")),
            ("tx_hash", json!(HASH)),
            ("output", json!(1)),
            ("block", json!(870_000)),
            ("confirmations", json!(6)),
            ("reference", json!("D-17")),
            ("metadata", json!({"a": "é", "b": [1, 2.5]})),
            ("version", json!(1)),
        ] {
            assert_eq!(made[name], value, "{name}");
        }
        assert_eq!(made["debit"]["account"], "house:external");
        assert_eq!(made["credit"]["account"], format!("user:{}", world.ann));
        assert!(
            made.get("held").is_none() && made.get("error").is_none(),
            "{made}"
        );
        let shown = api.get(&format!("{OPERATIONS}/{id}")).await;
        assert_eq!((shown.json(), shown.header("etag")), (made.clone(), "\"1\""));
        let nobody = api
            .get(&format!("{OPERATIONS}/01970000-0000-7000-8000-0000000000bc"))
            .await;
        nobody.assert_problem(404, "unknown_operation", Some("id"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_name_a_balance() {
    for on in BOTH {
        let world = World::new(on).await;
        let anns = world.balance(world.ann).await;
        let id = world.ann.to_string();
        for debit in [
            anns.clone(),
            format!("user:{id}"),
            "user:ann".into(),
            "user:ANN".into(),
        ] {
            let body = json!({"kind": "transfer", "asset": "BTC", "amount": "0.1", "debit": debit, "credit": "house:fees"});
            assert_eq!(make(&world.api, body).await["debit"]["balance"], *anns, "{debit}");
        }
        // The asset follows from a balance.
        let body = json!({"kind": "transfer", "amount": "0.1", "debit": anns, "credit": "user:bob"});
        assert_eq!(make(&world.api, body).await["asset"], "BTC");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_s_own_balance_and_no_more() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let ann = async |body: Value| world.as_user(&world.ann_key, "POST", OPERATIONS, body).await;
        let of = |debit: String, credit: String| json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": debit, "credit": credit});
        let (own, other) = (format!("user:{}", world.ann), format!("user:{}", world.bob));
        let got = ann(of(own.clone(), other.clone())).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let made = got.json();
        assert_eq!(made["created_by"], world.ann.to_string());
        // What the other has posted is none of ann's business.
        assert_eq!(
            (&made["debit_posted"], made.get("credit_posted")),
            (&json!("9.00000000"), None)
        );
        let path = format!("{OPERATIONS}/{}", made["id"].as_str().unwrap());
        let seen = world
            .as_user(&world.bob_key, "GET", &path, Value::Null)
            .await
            .json();
        assert_eq!(
            (seen.get("debit_posted"), &seen["credit_posted"]),
            (None, &json!("1.00000000"))
        );
        let both = api.get(&path).await.json();
        assert!(both["debit_posted"].is_string() && both["credit_posted"].is_string());
        let size = api.size().await;
        let got = ann(of(other.clone(), own.clone())).await;
        got.assert_problem(403, "permission_missing", None);
        let mint = json!({"kind": "mint", "asset": "BTC", "amount": "1", "credit": own});
        ann(mint).await.assert_problem(403, "permission_missing", None);
        assert_eq!(api.size().await, size + 2, "refusals are recorded");
        // Names tell who is there.
        for name in ["user:bob", "user:zoe"] {
            let got = ann(of(own.clone(), name.into())).await;
            got.assert_problem(400, "invalid_field", Some("credit"));
        }
        // Somebody else's operation is not there.
        let foreign = deposit(api, "house:omnibus", "1").await;
        let path = format!("{OPERATIONS}/{}", foreign["id"].as_str().unwrap());
        let got = world.as_user(&world.ann_key, "GET", &path, Value::Null).await;
        got.assert_problem(404, "unknown_operation", Some("id"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_rule_is_told() {
    for on in BOTH {
        let world = World::new(on).await;
        let destination = json!({"kind": "withdrawal", "asset": "BTC", "amount": "1", "debit": "user:ann",
            "destination": "01970000-0000-7000-8000-0000000000bf"});
        let got = world.api.call("POST", OPERATIONS, destination).await;
        got.assert_problem(404, "unknown_destination", Some("destination"));
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "11", "debit": "user:ann", "credit": "user:bob"});
        let size = world.api.size().await;
        let got = world.api.call("POST", OPERATIONS, body).await;
        got.assert_problem(409, "insufficient_funds", Some("amount"));
        let problem = got.json();
        assert_eq!(problem["entry"], size);
        for member in ["rule", "lifted_by"] {
            assert!(
                !problem[member].as_str().unwrap().is_empty(),
                "{member}: {problem}"
            );
        }
        assert_eq!(problem["remaining"], "10.00000000", "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_says_what_would_be() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let path = format!("{OPERATIONS}?dry_run=true");
        // Bob's balance is not open yet.
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "4", "debit": "user:ann", "credit": "user:bob",
            "metadata": {"a": 1}});
        let size = api.size().await;
        let got = api.call("POST", &path, body.clone()).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let shown = got.json();
        assert_eq!(
            (
                &shown["dry_run"],
                shown.get("id"),
                &shown["debit_posted"],
                &shown["metadata"]
            ),
            (&json!(true), None, &json!("6.00000000"), &json!({"a": 1}))
        );
        let mut much = body.clone();
        much["amount"] = json!("10.00000001");
        let got = api.call("POST", &path, much).await;
        got.assert_problem(409, "insufficient_funds", Some("amount"));
        assert!(got.json().get("entry").is_none());
        // One after the other: the second would find less.
        let two = api.call("POST", &path, json!([body, body, body])).await.json();
        let results = two["results"].as_array().unwrap();
        let statuses: Vec<_> = results
            .iter()
            .map(|result| result["status"].as_str().unwrap())
            .collect();
        assert_eq!(statuses, ["created", "created", "refused"]);
        assert_eq!(results[1]["operation"]["debit_posted"], "2.00000000");
        assert!(results[0]["operation"].get("id").is_none());
        assert_eq!(results[2]["problem"]["code"], "insufficient_funds");
        assert_eq!(two["dry_run"], true);
        assert_eq!(api.size().await, size);
        let balances = api.get("/v1/balances?user=bob").await.json();
        assert_eq!(balances["balances"], json!([]));
        // And then it is so.
        assert_eq!(make(api, body).await["debit_posted"], "6.00000000");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_takes_what_it_needs_from_the_original() {
    let world = World::new(On::Sqlite).await;
    let made = world.transfer("1.5").await;
    let body = json!({"kind": "reversal", "reverses": made["id"]});
    let back = make(&world.api, body.clone()).await;
    assert_eq!(
        (
            &back["amount"],
            &back["debit"],
            &back["credit"],
            &back["reverses"]
        ),
        (&json!("1.50000000"), &made["credit"], &made["debit"], &made["id"])
    );
    let got = world.api.call("POST", OPERATIONS, body).await;
    got.assert_problem(409, "already_reversed", Some("reverses"));
    let nobody = json!({"kind": "reversal", "reverses": "01970000-0000-7000-8000-0000000000bc"});
    let got = world.api.call("POST", OPERATIONS, nobody).await;
    got.assert_problem(404, "unknown_operation", Some("reverses"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_has_does_not_follow_from_a_refusal() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        world.transfer("1.23").await;
        let path = format!("/v1/balances/{}", world.balance(world.bob).await);
        let bounded = api.change("PATCH", &path, "*", json!({"maximum": "2"})).await;
        assert_eq!(bounded.status, 200);
        let own = format!("user:{}", world.ann);
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": own,
            "credit": format!("user:{}", world.bob)});
        let pending = {
            let mut body = body.clone();
            body["pending"] = json!(true);
            let made = world.as_user(&world.ann_key, "POST", OPERATIONS, body).await;
            made.json()["id"].as_str().unwrap().to_owned()
        };
        let capture = format!("{OPERATIONS}/{pending}/capture");
        for (path, body) in [
            (OPERATIONS.to_owned(), body.clone()),
            (format!("{OPERATIONS}?dry_run=true"), body.clone()),
            (OPERATIONS.to_owned(), json!([body])),
            (capture.clone(), json!({})),
            (format!("{capture}?dry_run=true"), json!({})),
        ] {
            let whole = api.call("POST", &path, body.clone()).await;
            assert!(whole.text().contains("1.23000000"), "{path}: {}", whole.text());
            let got = world.as_user(&world.ann_key, "POST", &path, body).await;
            assert!(got.text().contains("above_maximum"), "{path}: {}", got.text());
            for secret in ["1.23", "0.77", "2.00000000"] {
                assert!(!got.text().contains(secret), "{path}: {}", got.text());
            }
        }
    }
}
