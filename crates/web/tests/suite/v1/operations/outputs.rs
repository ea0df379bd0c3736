//! Outputs of transactions over HTTP: spelling, what came to nothing, what was reversed, several of one operation; and
//! lists by the clock.

use domain::identity::Role;
use engine::clock::Clock;
use serde_json::{Value, json};

use crate::api::{Api, BOTH};
use crate::custody::{HASH, OPERATIONS, World, asset, deposit, make, step};
use crate::people::Person;

fn output(hash: &str, more: &Value) -> Value {
    let mut body = json!({"kind": "deposit", "asset": "BTC", "amount": "1", "credit": "user:bob", "tx_hash": hash, "output": 0});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_output_is_one_operation_however_it_is_spelt() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let made = make(api, output(&HASH.to_uppercase(), &json!({}))).await;
        assert_eq!(made["tx_hash"], HASH);
        for spelt in [
            HASH.to_owned(),
            format!("0x{HASH}"),
            format!("0X{}", HASH.to_uppercase()),
        ] {
            for chain in ["bitcoin", "btc"] {
                let got = api
                    .call("POST", OPERATIONS, output(&spelt, &json!({"chain": chain})))
                    .await;
                assert_eq!(
                    (got.status.as_u16(), &got.json()["id"]),
                    (200, &made["id"]),
                    "{}",
                    got.text()
                );
            }
            let more = output(&spelt, &json!({"amount": "2"}));
            let got = api.call("POST", OPERATIONS, more).await;
            got.assert_problem(409, "output_conflict", Some("amount"));
            let found = api.get(&format!("{OPERATIONS}?tx_hash={spelt}")).await.json();
            assert_eq!(found["operations"].as_array().unwrap().len(), 1, "{spelt}");
        }
        for (hash, chain) in [
            (format!("{HASH}\u{a0}"), "litecoin"),
            (format!(" {HASH}"), "litecoin"),
            (HASH[2..].to_owned(), "litecoin"),
            (HASH[2..].to_owned(), "stellar"),
            (HASH[2..].to_owned(), "ethereum"),
            ("a b".to_owned(), "my-chain"),
        ] {
            let got = api
                .call("POST", OPERATIONS, output(&hash, &json!({"chain": chain})))
                .await;
            got.assert_problem(400, "invalid_field", Some("tx_hash"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_to_nothing_and_what_was_reversed_is_credited_again() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let (root, cora) = (
            Person::new(api, "root", Role::ADMIN).await,
            Person::new(api, "cora", Role::COMPLIANCE).await,
        );
        let first = make(api, output(HASH, &json!({"pending": true}))).await;
        step(
            api,
            first["id"].as_str().unwrap(),
            "fail",
            json!({"error": "reorganised away"}),
        )
        .await;
        let second = make(api, output(HASH, &json!({"block": 870_001}))).await;
        assert_eq!(second["replaces"], first["id"]);
        let reversal = make(api, json!({"kind": "reversal", "reverses": second["id"]})).await;
        let path = format!("{OPERATIONS}/{}", second["id"].as_str().unwrap());
        assert_eq!(api.get(&path).await.json()["reversed_by"], reversal["id"]);
        for (query, expected) in [("true", 1), ("false", 2)] {
            let found = api
                .get(&format!("{OPERATIONS}?kind=deposit&reversed={query}"))
                .await
                .json();
            let found = found["operations"].as_array().unwrap();
            assert_eq!(found.len(), expected, "{query}");
            assert_eq!(
                found
                    .iter()
                    .filter(|one| one["reversed_by"] == reversal["id"])
                    .count(),
                2 - expected
            );
        }
        api.get(&format!("{OPERATIONS}?reversed=1")).await.assert_problem(
            400,
            "invalid_field",
            Some("reversed"),
        );
        let again = root.post(api, OPERATIONS, output(HASH, &json!({}))).await;
        assert_eq!(
            (again.status.as_u16(), &again.json()["reversed_by"]),
            (200, &reversal["id"])
        );
        let shown = output(HASH, &json!({"evidence": "block 870004, 12 deep"}));
        let got = root.post(api, OPERATIONS, shown.clone()).await;
        got.assert_problem(409, "approval_required", Some("approval"));
        let asked = json!({"action": "operation.create", "arguments": shown});
        let asked = root.post(api, "/v1/approvals", asked).await.json();
        assert_eq!(asked["arguments"]["evidence"], "block 870004, 12 deep");
        let id = asked["id"].as_str().unwrap();
        let vote = format!("/v1/approvals/{id}/vote");
        let voted = cora.post(api, &vote, json!({"approve": true})).await;
        assert_eq!(voted.json()["status"], "granted");
        let approved = output(
            HASH,
            &json!({"evidence": "block 870004, 12 deep", "approval": id}),
        );
        let got = root.post(api, OPERATIONS, approved.clone()).await;
        assert_eq!(
            (got.status.as_u16(), &got.json()["replaces"]),
            (201, &second["id"]),
            "{}",
            got.text()
        );
        assert_eq!(root.post(api, OPERATIONS, approved).await.status, 200);
        let needless = output(&"ab".repeat(32), &json!({"evidence": "none needed"}));
        let got = api.call("POST", OPERATIONS, needless).await;
        got.assert_problem(400, "invalid_field", Some("evidence"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_names_several_transactions() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let soroban = "5a".repeat(32);
        let beside =
            json!({"transactions": [{"chain": "soroban", "tx_hash": soroban.to_uppercase(), "block": 7}]});
        let made = make(api, output(HASH, &beside)).await;
        assert_eq!(
            made["transactions"],
            json!([{"chain": "soroban", "tx_hash": soroban, "block": 7}])
        );
        let found = api.get(&format!("{OPERATIONS}?tx_hash={soroban}")).await.json();
        assert_eq!(found["operations"][0]["id"], made["id"]);
        let stolen = output(&soroban, &json!({"chain": "stellar", "output": null}));
        let got = api.call("POST", OPERATIONS, stolen).await;
        got.assert_problem(409, "output_conflict", Some("output"));
        let pending = make(api, output(&"ab".repeat(32), &json!({"pending": true}))).await;
        let id = pending["id"].as_str().unwrap();
        let report = |hash: &str| json!({"transactions": [{"chain": "stellar", "tx_hash": hash}]});
        let path = format!("{OPERATIONS}/{id}/report");
        let got = api.call("POST", &path, report(&soroban)).await;
        got.assert_problem(409, "output_conflict", Some("transactions"));
        let shown = step(api, id, "report", report(&"cd".repeat(32))).await;
        assert_eq!(shown["transactions"][0]["tx_hash"], "cd".repeat(32));
        assert_eq!(
            step(api, id, "report", json!({"transactions": []}))
                .await
                .get("transactions"),
            None
        );
        for (bad, field) in [
            (json!([{"tx_hash": "x"}]), "transactions[0].tx_hash"),
            (json!([{"chain": "B", "tx_hash": "x"}]), "transactions[0].chain"),
            (json!([{"chain": "stellar"}]), "transactions[0].tx_hash"),
            (json!([{"tx_hash": soroban, "wen": 1}]), "transactions[0].wen"),
            (
                json!([{"tx_hash": soroban, "output": u64::MAX}]),
                "transactions[0].output",
            ),
        ] {
            let got = api.call("POST", &path, json!({"transactions": bad})).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
    }
}

/// The lists say what the clock says, before the sweeper has written it down and after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_statistics_and_supply_go_by_the_clock() {
    for on in BOTH {
        let start = engine::now();
        let (clock, set_clock) = Clock::set_by_hand(start);
        let api = Api::clocked(on, clock).await;
        for name in ["ann", "bob"] {
            Person::new(&api, name, Role::USER).await;
        }
        asset(&api).await;
        deposit(&api, "user:ann", "10").await;
        let hold = json!({"kind": "transfer", "asset": "BTC", "amount": "2", "debit": "user:ann", "credit": "user:bob", "pending": true,
            "expires_at": start.plus_seconds(60).to_string()});
        let made = make(&api, hold).await;
        let asked =
            json!({"action": "cat.feed", "arguments": {}, "expires_at": start.plus_seconds(60).to_string()});
        let root = Person::new(&api, "root", Role::ADMIN).await;
        let asked = root.post(&api, "/v1/approvals", asked).await;
        assert_eq!(asked.status, 201, "{}", asked.text());
        let answers = async || {
            let mut answers = Vec::new();
            for path in [
                "/v1/operations?status=pending",
                "/v1/operations?status=cancelled",
                "/v1/approvals?status=pending",
                "/v1/approvals?status=expired",
            ] {
                let got = api.get(path).await.json();
                let list = got
                    .as_object()
                    .unwrap()
                    .values()
                    .find_map(Value::as_array)
                    .unwrap();
                answers.push(list.len().to_string());
            }
            let figures = api.get("/v1/operations/statistics").await.json();
            let figures = figures["figures"].as_array().unwrap().clone();
            let transfers = figures
                .into_iter()
                .find(|figure| figure["kind"] == "transfer")
                .unwrap();
            answers.push(transfers["status"].as_str().unwrap().to_owned());
            let supply = api.get("/v1/assets/btc/supply").await.json();
            answers.push(supply["held"].as_str().unwrap().to_owned());
            let path = format!("{OPERATIONS}/{}", made["id"].as_str().unwrap());
            answers.push(api.get(&path).await.json()["status"].as_str().unwrap().to_owned());
            answers
        };
        assert_eq!(
            answers().await,
            ["1", "0", "1", "0", "pending", "2.00000000", "pending"]
        );
        set_clock(start.plus_seconds(60));
        let then = ["0", "1", "0", "1", "cancelled", "0.00000000", "cancelled"];
        assert_eq!(answers().await, then);
        let swept = api.engine.sweep().await.unwrap();
        assert_eq!((swept.operations, swept.approvals), (1, 1));
        assert_eq!(answers().await, then);
    }
}
