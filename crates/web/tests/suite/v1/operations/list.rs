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
            ("asset=btc&amount_min=0".into(), 7),
            ("asset=btc&amount_min=0.50000001".into(), 6),
            ("asset=btc&amount_min=2.0".into(), 3),
            ("asset=btc&amount_min=5.00000001&order=asc".into(), 1),
            ("asset=btc&amount_min=10.00000001".into(), 0),
            ("asset=btc&amount_min=5&user=ann".into(), 1),
            ("user=ann".into(), 4),
            ("user=bob&kind=transfer".into(), 1),
            (format!("balance={balance}"), 2),
            ("balance=house:omnibus&asset=BTC".into(), 2),
            (format!("user=ann&balance={balance}"), 1),
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
            ("amount_min=1", 400, "invalid_field", "asset"),
            ("asset=BTC&amount_min=-1", 400, "invalid_field", "amount_min"),
            ("asset=BTC&amount_min=1e3", 400, "invalid_field", "amount_min"),
            (
                "asset=BTC&amount_min=0.000000001",
                400,
                "invalid_field",
                "amount_min",
            ),
            (
                &format!("asset=BTC&amount_min={}", "9".repeat(31)),
                400,
                "invalid_field",
                "amount_min",
            ),
            ("user=zoe", 404, "unknown_user", "user"),
        ] {
            let got = api.get(&format!("{OPERATIONS}?{query}")).await;
            got.assert_problem(status, code, Some(field));
        }
        assert_eq!(moved["status"], "completed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_are_found_by_reference_time_and_what_they_reverse() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let body = |reference: &str| {
            json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": "user:ann", "credit": "user:bob",
                "reference": reference})
        };
        let first = make(api, body("order 7")).await;
        let second = make(api, body("order 8")).await;
        let third = make(
            api,
            json!({"kind": "reversal", "reverses": first["id"], "reference": "order 7"}),
        )
        .await;
        let found = async |key: Option<&str>, query: &str| -> Vec<Value> {
            let path = format!("{OPERATIONS}?order=asc&{query}");
            let got = match key {
                Some(key) => world.as_user(key, "GET", &path, Value::Null).await,
                None => api.get(&path).await,
            };
            assert_eq!(got.status, 200, "{}", got.text());
            let page = got.json();
            let all = page["operations"].as_array().unwrap().iter();
            all.map(|operation| operation["id"].clone()).collect()
        };
        let [first_id, second_id, third_id] = [&first, &second, &third].map(|made| made["id"].clone());
        let time = |made: &Value| made["created_at"].as_str().unwrap().to_owned();
        for (query, expected) in [
            ("reference=order%207".to_owned(), vec![&first_id, &third_id]),
            ("reference=order".to_owned(), vec![]),
            ("reference=order%207&kind=reversal".to_owned(), vec![&third_id]),
            (
                format!("reverses={}", first["id"].as_str().unwrap()),
                vec![&third_id],
            ),
            (format!("reverses={}", second["id"].as_str().unwrap()), vec![]),
            (format!("from={}", time(&second)), vec![&second_id, &third_id]),
            (
                format!("from={}&to={}", time(&first), time(&third)),
                vec![&first_id, &second_id],
            ),
            (
                format!("from={}&user=bob&reference=order%208", time(&first)),
                vec![&second_id],
            ),
        ] {
            let ids = found(None, &query).await;
            assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{query}");
        }
        // A user finds no more than their own.
        let carl = api.new_person("carl", domain::identity::Role::USER).await;
        let key = api.new_key("carl", &[domain::identity::Scope::Admin]).await.0;
        assert!(!carl.is_nil());
        assert_eq!(
            found(Some(&key), "reference=order%207").await,
            Vec::<Value>::new()
        );
        assert_eq!(
            found(Some(&world.ann_key), "reference=order%208").await,
            [second_id]
        );
        let long = "x".repeat(201);
        for (query, field) in [
            ("reverses=x", "reverses"),
            ("from=yesterday", "from"),
            ("to=2026-11-21", "to"),
            (&format!("reference={long}"), "reference"),
        ] {
            let got = api.get(&format!("{OPERATIONS}?{query}")).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_about_a_user_are_found_by_that_user() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let too_much = json!({"kind": "transfer", "asset": "BTC", "amount": "11", "debit": "user:ann", "credit": "house:fees"});
        let got = api.call("POST", OPERATIONS, too_much).await;
        got.assert_problem(409, "insufficient_funds", Some("amount"));
        let theirs = json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": format!("user:{}", world.ann),
            "credit": format!("user:{}", world.bob)});
        let got = world.as_user(&world.bob_key, "POST", OPERATIONS, theirs).await;
        got.assert_problem(403, "permission_missing", None);
        for (outcome, code) in [
            ("failed", "insufficient_funds"),
            ("refused", "permission_missing"),
        ] {
            let query = format!("?target={}&outcome={outcome}", world.ann);
            let found = api.get(&format!("/v1/audit/entries{query}")).await.json();
            let entries = found["entries"].as_array().unwrap();
            assert_eq!(entries.len(), 1, "{entries:?}");
            assert_eq!(
                (
                    &entries[0]["action"],
                    &entries[0]["target"]["kind"],
                    &entries[0]["details"]["code"]
                ),
                (&json!("operation.create"), &json!("user"), &json!(code))
            );
        }
        let feed = api
            .get(&format!("/v1/activity?entity={}", world.ann))
            .await
            .json();
        let feed = feed["activities"].as_array().unwrap().iter();
        let refused = feed.filter(|one| one["outcome"] != "success").count();
        assert_eq!(refused, 2);
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
