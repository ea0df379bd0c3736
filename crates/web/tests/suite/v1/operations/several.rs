//! Several operations in one request.

use serde_json::{Value, json};

use crate::api::{BOTH, On};
use crate::custody::{OPERATIONS, World};

fn transfer(amount: &str, linked: bool) -> Value {
    json!({"kind": "transfer", "asset": "BTC", "amount": amount, "debit": "user:ann", "credit": "user:bob", "linked": linked})
}

fn statuses(results: &Value) -> Vec<&str> {
    let results = results["results"].as_array().unwrap();
    let word = |result: &'_ Value| {
        let code = result["problem"].get("code").unwrap_or(&Value::Null).clone();
        (code, result["status"].clone())
    };
    for result in results {
        let (code, status) = word(result);
        assert_eq!(code.is_null(), status != "refused", "{result}");
        assert_eq!(result.get("operation").is_some(), status != "refused", "{result}");
    }
    results
        .iter()
        .map(|result| {
            let code = result["problem"]["code"].as_str();
            code.unwrap_or_else(|| result["status"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_stands_for_itself_but_linked_ones_together() {
    for on in BOTH {
        let world = World::new(on).await;
        let list = json!([
            transfer("1", false),
            transfer("1", true),
            transfer("90", true),
            transfer("1", false),
            transfer("2", true),
            transfer("2", false),
            {"kind": "transfer", "asset": "ETH", "amount": "1", "debit": "user:ann", "credit": "user:bob"},
            transfer("1", true),
            {"kind": "transfer", "asset": "BTC", "amount": "0.000000001", "debit": "user:ann", "credit": "user:bob"},
        ]);
        let got = world.api.call("POST", OPERATIONS, list).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let answer = got.json();
        assert_eq!(
            statuses(&answer),
            [
                "created",
                "linked_failed",
                "insufficient_funds",
                "linked_failed",
                "created",
                "created",
                "unknown_asset",
                "linked_failed",
                "invalid_field"
            ]
        );
        let results = &answer["results"];
        assert_eq!(results[4]["operation"].get("link"), None);
        assert_eq!(results[5]["operation"]["link"], results[4]["operation"]["id"]);
        for position in [2, 8] {
            assert_eq!(results[position]["problem"]["field"], "amount", "{position}");
        }
        let balance = world.api.get("/v1/balances?user=bob").await.json();
        assert_eq!(balance["balances"][0]["posted"], "5.00000000");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bounds_of_a_list() {
    let world = World::new(On::Sqlite).await;
    let api = &world.api;
    let size = api.size().await;
    for (count, field) in [(0, "[0]"), (1_001, "[1000]")] {
        let got = api
            .call("POST", OPERATIONS, json!(vec![transfer("1", false); count]))
            .await;
        got.assert_problem(400, "too_many_operations", Some(field));
    }
    let got = api.call("POST", OPERATIONS, json!([transfer("1", true)])).await;
    got.assert_problem(400, "invalid_field", Some("[0].linked"));
    let got = api.call("POST", OPERATIONS, transfer("1", true)).await;
    got.assert_problem(400, "invalid_field", Some("linked"));
    for (bad, field) in [
        (json!({"kind": "gift"}), "[1].kind"),
        (json!({"kind": "transfer", "amount": 1}), "[1].amount"),
        (json!({"kind": "transfer", "wen": 1}), "[1].wen"),
        (json!({}), "[1].kind"),
    ] {
        let got = api
            .call("POST", OPERATIONS, json!([transfer("1", false), bad]))
            .await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    assert_eq!(api.size().await, size, "nothing was written");
}

/// The largest request that there is fits into the body that the server takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_of_the_largest() {
    let world = World::new(On::Sqlite).await;
    let chain = "c".repeat(32);
    let beside = |number: usize, at: usize| json!({"chain": chain, "tx_hash": "e".repeat(128), "output": number * 10 + at, "block": u32::MAX, "confirmations": 6});
    let of = |number: usize| {
        json!({"kind": "deposit", "asset": "BTC", "amount": "123456789.12345678", "credit": format!("user:{}", world.ann),
            "chain": chain, "tx_hash": "f".repeat(128), "output": number,
            "transactions": (0..8).map(|at| beside(number, at)).collect::<Vec<_>>(), "block": u32::MAX, "confirmations": 6,
            "reference": "r".repeat(200), "metadata": {"text": "m".repeat(4_085)}})
    };
    let list: Vec<Value> = (0..1_000).map(of).collect();
    let got = world.api.call("POST", OPERATIONS, json!(list)).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let answer = got.json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 1_000);
    for (number, result) in results.iter().enumerate() {
        assert_eq!(
            (&result["status"], &result["operation"]["output"]),
            (&json!("created"), &json!(number))
        );
    }
    let balance = world.api.get("/v1/balances?user=ann").await.json();
    assert_eq!(balance["balances"][0]["posted"], "123456789133.45678000");
}
