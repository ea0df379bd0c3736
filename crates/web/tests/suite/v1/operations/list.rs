//! Finding operations, and counting them.

use serde_json::{Value, json};

use crate::api::{BOTH, Got};
use crate::custody::{HASH, OPERATIONS, World, deposit, held, make, step, withdrawal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_every_condition() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        deposit(api, "house:omnibus", "5").await;
        let moved = world.transfer("1").await;
        let chained = json!({"kind": "deposit", "asset": "BTC", "amount": "1", "credit": "user:bob", "tx_hash": HASH, "output": 0});
        make(api, chained).await;
        let pending = held(api, "2").await;
        let part = step(api, &pending, "capture", json!({"amount": "0.5"})).await;
        withdrawal(api, "unknown").await;
        let count = async |query: &str| {
            let got = api.get(&format!("{OPERATIONS}?{query}")).await;
            assert_eq!(got.status, 200, "{}", got.text());
            got.json()["operations"].as_array().unwrap().len()
        };
        let balance = world.balance(world.bob).await;
        for (query, expected) in [
            (String::new(), 7),
            ("kind=deposit".into(), 3),
            ("status=completed".into(), 5),
            ("status=unknown".into(), 1),
            ("asset=btc".into(), 7),
            ("user=ann".into(), 4),
            ("user=bob&kind=transfer".into(), 1),
            (format!("balance={balance}"), 2),
            ("balance=house:omnibus&asset=BTC".into(), 2),
            (format!("user=ann&balance={balance}"), 0),
            (format!("tx_hash={HASH}"), 1),
            (format!("tx_hash={HASH}&user=ann"), 0),
            (format!("parent={pending}"), 1),
        ] {
            assert_eq!(count(&query).await, expected, "{query}");
        }
        let found = api.get(&format!("{OPERATIONS}?parent={pending}")).await.json();
        assert_eq!(found["operations"][0]["id"], part["id"]);
        for order in ["asc", "desc"] {
            let (mut seen, mut next) = (Vec::new(), String::new());
            loop {
                let page = api
                    .get(&format!("{OPERATIONS}?limit=3&order={order}{next}"))
                    .await
                    .json();
                seen.extend(page["operations"].as_array().unwrap().clone());
                let Some(cursor) = page["next"].as_str() else {
                    break;
                };
                next = format!("&cursor={cursor}");
            }
            let all = api.get(&format!("{OPERATIONS}?order={order}")).await.json();
            assert_eq!(json!(seen), all["operations"], "{order}");
            let first = if order == "asc" { "deposit" } else { "withdrawal" };
            assert_eq!(seen[0]["kind"], first);
        }
        for (query, status, code, field) in [
            ("kind=gift", 400, "invalid_field", "kind"),
            ("status=lost", 400, "invalid_field", "status"),
            ("order=up", 400, "invalid_field", "order"),
            ("cursor=x", 400, "invalid_field", "cursor"),
            ("parent=x", 400, "invalid_field", "parent"),
            ("balance=x", 400, "invalid_field", "balance"),
            ("balance=house:fees", 400, "invalid_field", "asset"),
            ("asset=eth", 404, "unknown_asset", "asset"),
            ("user=zoe", 404, "unknown_user", "user"),
        ] {
            let got = api.get(&format!("{OPERATIONS}?{query}")).await;
            got.assert_problem(status, code, Some(field));
        }
        assert_eq!(moved["status"], "completed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_finds_one_s_own_alone() {
    for on in BOTH {
        let world = World::new(on).await;
        let moved = world.transfer("1").await;
        let get = async |query: String| -> Got {
            let path = format!("{OPERATIONS}{query}");
            world.as_user(&world.bob_key, "GET", &path, Value::Null).await
        };
        for query in ["", "?user=me", "?user=bob", "?balance=user:BOB"] {
            if query.contains("balance") {
                let path = format!("?balance=user:{}&asset=BTC", world.bob);
                assert_eq!(get(path).await.json()["operations"][0]["id"], moved["id"]);
                continue;
            }
            let found = get(query.into()).await.json();
            let found = found["operations"].as_array().unwrap();
            assert_eq!((found.len(), &found[0]["id"]), (1, &moved["id"]), "{query}");
            assert_eq!(found[0].get("debit_posted"), None);
        }
        let anns = world.balance(world.ann).await;
        let got = get(format!("?balance={anns}")).await;
        got.assert_problem(404, "unknown_balance", Some("balance"));
        get("?user=ann".into())
            .await
            .assert_problem(403, "permission_missing", None);
        get("/statistics".into())
            .await
            .assert_problem(403, "permission_missing", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counted_by_kind_and_status() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let moved = world.transfer("1").await;
        world.transfer("0.5").await;
        held(api, "2").await;
        let path = format!("{OPERATIONS}/statistics");
        let all = api.get(&format!("{path}?asset=btc")).await.json();
        let mut found: Vec<_> = all["figures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| {
                let text = |name: &str| line[name].as_str().unwrap().to_owned();
                (
                    text("kind"),
                    text("status"),
                    line["count"].as_u64().unwrap(),
                    text("amount"),
                )
            })
            .collect();
        found.sort();
        let of = |kind: &str, status: &str, count, amount: &str| {
            (kind.into(), status.into(), count, amount.into())
        };
        assert_eq!(
            found,
            [
                of("deposit", "completed", 1, "10.00000000"),
                of("transfer", "completed", 2, "1.50000000"),
                of("transfer", "pending", 1, "2.00000000"),
            ]
        );
        let from = moved["created_at"].as_str().unwrap();
        let later = api.get(&format!("{path}?from={from}&by=day")).await.json();
        let later = later["figures"].as_array().unwrap();
        assert_eq!(later.len(), 2, "{later:?}");
        assert_eq!(later[0]["day"], from[..10]);
        for (query, field) in [("by=week", "by"), ("from=x", "from")] {
            let got = api.get(&format!("{path}?{query}")).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
    }
}
