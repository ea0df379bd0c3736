//! Balances and statements.

use serde_json::{Value, json};

use crate::api::{BOTH, On};
use crate::custody::{World, held, make, step};

const PATH: &str = "/v1/balances";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listed_and_shown() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        held(api, "4").await;
        let id = world.balance(world.ann).await;
        let got = api.get(&format!("{PATH}/{id}")).await;
        let shown = got.json();
        assert_eq!(shown["account"], format!("user:{}", world.ann));
        for (name, value) in [
            ("asset", json!("BTC")),
            ("posted", json!("10.00000000")),
            ("held", json!("4.00000000")),
            ("available", json!("6.00000000")),
            ("minimum", json!("0.00000000")),
            ("maximum", Value::Null),
            ("closed_at", Value::Null),
        ] {
            assert_eq!(shown[name], value, "{name}");
        }
        assert_eq!(got.header("etag"), format!("\"{}\"", shown["version"]));
        let count = async |query: &str| {
            let found = api.get(&format!("{PATH}?{query}")).await.json();
            found["balances"].as_array().unwrap().len()
        };
        for (query, expected) in [
            ("", 5),
            ("asset=btc", 5),
            ("house=true", 4),
            ("house=false", 1),
            ("user=ann", 1),
            ("user=bob", 0),
            ("user=me", 0),
        ] {
            assert_eq!(count(query).await, expected, "{query}");
        }
        let (mut seen, mut path) = (Vec::new(), format!("{PATH}?limit=2"));
        loop {
            let page = api.get(&path).await.json();
            seen.extend(page["balances"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{PATH}?limit=2&cursor={next}");
        }
        assert_eq!(json!(seen), api.get(PATH).await.json()["balances"]);
        for (query, status, code, field) in [
            ("asset=eth", 404, "unknown_asset", "asset"),
            ("user=zoe", 404, "unknown_user", "user"),
            ("house=x", 400, "invalid_field", "house"),
        ] {
            let got = api.get(&format!("{PATH}?{query}")).await;
            got.assert_problem(status, code, Some(field));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sees_one_s_own_alone() {
    for on in BOTH {
        let world = World::new(on).await;
        world.transfer("1").await;
        let (anns, bobs) = (world.balance(world.ann).await, world.balance(world.bob).await);
        let get = async |path: String| world.as_user(&world.bob_key, "GET", &path, Value::Null).await;
        let own = get(PATH.into()).await.json();
        assert_eq!(own["balances"].as_array().unwrap().len(), 1);
        assert_eq!(own["balances"][0]["id"], *bobs);
        for user in ["me", "bob", &world.bob.to_string()] {
            assert_eq!(get(format!("{PATH}?user={user}")).await.json(), own, "{user}");
        }
        assert_eq!(
            get(format!("{PATH}?house=true")).await.json()["balances"],
            json!([])
        );
        // Whoever is there or not: the same answer.
        for user in ["ann", "zoe", &world.ann.to_string()] {
            let got = get(format!("{PATH}?user={user}")).await;
            got.assert_problem(403, "permission_missing", None);
        }
        let nobody = "01970000-0000-8000-8000-0000000000bb";
        for path in [
            "",
            "/statement",
            "?at=2026-01-01T00:00:00Z",
            "/statement?format=csv",
        ] {
            assert_eq!(get(format!("{PATH}/{bobs}{path}")).await.status, 200, "{path}");
            for other in [&*anns, nobody] {
                let got = get(format!("{PATH}/{other}{path}")).await;
                got.assert_problem(404, "unknown_balance", Some("id"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_of_any_moment() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let id = world.balance(world.ann).await;
        let first = world.transfer("1").await;
        let second = world.transfer("2").await;
        let at = async |time: &Value| {
            let path = format!("{PATH}/{id}?at={}", time.as_str().unwrap());
            api.get(&path).await.json()
        };
        let then = at(&first["created_at"]).await;
        assert_eq!(
            (&then["posted"], &then["asset"], &then["id"]),
            (&json!("9.00000000"), &json!("BTC"), &json!(id))
        );
        let movement = &then["movement"];
        assert_eq!(movement["operation"], first["id"]);
        assert_eq!(
            (&movement["change"], &movement["counterparty"]),
            (&json!("-1.00000000"), &json!(format!("user:{}", world.bob)))
        );
        assert_eq!(at(&second["created_at"]).await["posted"], "7.00000000");
        let before = at(&json!("2020-01-01T00:00:00Z")).await;
        assert_eq!(
            (&before["posted"], &before["movement"]),
            (&json!("0.00000000"), &Value::Null)
        );
        let got = api.get(&format!("{PATH}/{id}?at=yesterday")).await;
        got.assert_problem(400, "invalid_field", Some("at"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_as_pages_and_as_a_table() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        for (amount, reference) in [("1", "=1+1"), ("2", "a,b"), ("3", "plain")] {
            let body = json!({"kind": "transfer", "asset": "BTC", "amount": amount, "debit": "user:ann",
                "credit": "house:fees", "reference": reference});
            make(api, body).await;
        }
        let pending = held(api, "1").await;
        step(api, &pending, "capture", json!({"amount": "0.5"})).await;
        let path = format!("{PATH}/{}/statement", world.balance(world.ann).await);
        let all = api.get(&path).await.json();
        let lines = all["lines"].as_array().unwrap();
        let posted: Vec<_> = lines
            .iter()
            .map(|line| line["posted"].as_str().unwrap())
            .collect();
        assert_eq!(
            posted,
            [
                "10.00000000",
                "9.00000000",
                "7.00000000",
                "4.00000000",
                "3.50000000"
            ]
        );
        assert_eq!(
            (&lines[0]["kind"], &lines[0]["counterparty"], &lines[0]["change"]),
            (&json!("deposit"), &json!("house:external"), &json!("10.00000000"))
        );
        for order in ["asc", "desc"] {
            let (mut seen, mut next) = (Vec::new(), String::new());
            loop {
                let page = api.get(&format!("{path}?limit=2&order={order}{next}")).await;
                let body = page.json();
                seen.extend(body["lines"].as_array().unwrap().clone());
                let Some(cursor) = body["next"].as_str() else {
                    break;
                };
                assert!(page.header("link").contains(cursor));
                next = format!("&cursor={cursor}");
            }
            if order == "desc" {
                seen.reverse();
            }
            assert_eq!(&seen, lines, "{order}");
        }
        let time = |line: &Value| line["at"].as_str().unwrap().to_owned();
        let part = format!("{path}?from={}&to={}", time(&lines[1]), time(&lines[3]));
        assert_eq!(api.get(&part).await.json()["lines"], json!(lines[1..3]));
        let table = api.get(&format!("{path}?format=csv")).await;
        assert!(table.complete);
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
        let rows: Vec<_> = table.text().split_terminator("\r\n").collect();
        assert_eq!(
            rows[0],
            "entry,at,operation,kind,counterparty,change,posted,asset,reference"
        );
        assert_eq!(rows.len(), 6);
        assert!(
            rows[2].ends_with(",transfer,house:fees,-1.00000000,9.00000000,BTC,'=1+1"),
            "{}",
            rows[2]
        );
        assert!(rows[3].ends_with(",7.00000000,BTC,\"a,b\""), "{}", rows[3]);
        let request = api
            .request("GET", &path)
            .header("accept", "text/csv;q=0.9, */*;q=0.1");
        let accepted = api.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(accepted.text(), table.text());
        for (query, field) in [
            ("format=csv&limit=2", "limit"),
            ("format=xml", "format"),
            ("order=up", "order"),
            ("cursor=x", "cursor"),
            ("from=x", "from"),
        ] {
            let got = api.get(&format!("{path}?{query}")).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_many_pages_is_whole() {
    let world = World::new(On::Sqlite).await;
    let one = json!({"kind": "transfer", "asset": "BTC", "amount": "0.001", "debit": "user:ann", "credit": "house:fees"});
    let many = vec![one; 1_000];
    let got = world.api.call("POST", "/v1/operations", json!(many)).await;
    assert_eq!(got.status, 200);
    let path = format!(
        "{PATH}/{}/statement?format=csv&order=desc",
        world.balance(world.ann).await
    );
    let table = world.api.get(&path).await;
    let rows: Vec<_> = table.text().split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 1_002);
    assert!(rows[1].contains(",9.00000000,"), "{}", rows[1]);
    assert!(rows[1_001].contains(",deposit,"), "{}", rows[1_001]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bounded_closed_and_opened() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let path = format!("{PATH}/{}", world.balance(world.ann).await);
        let change = async |tag: &str, body: Value| api.change("PATCH", &path, tag, body).await;
        let tag = api.get(&path).await.header("etag").to_owned();
        let got = change(&tag, json!({"maximum": "20", "minimum": "-0.5"})).await;
        assert_eq!(got.status, 200, "{}", got.text());
        assert_eq!(
            (&got.json()["maximum"], &got.json()["minimum"]),
            (&json!("20.00000000"), &json!("-0.50000000"))
        );
        change(&tag, json!({"maximum": "30"}))
            .await
            .assert_problem(412, "version_mismatch", None);
        let got = change("*", json!({"maximum": null, "closed": true})).await.json();
        assert_eq!(
            (&got["maximum"], &got["minimum"]),
            (&Value::Null, &json!("-0.50000000"))
        );
        assert!(got["closed_at"].is_string());
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": "user:ann", "credit": "user:bob"});
        let got = api.call("POST", "/v1/operations", body).await;
        got.assert_problem(409, "debit_closed", Some("debit"));
        assert_eq!(
            change("*", json!({"closed": false})).await.json()["closed_at"],
            Value::Null
        );
        held(api, "1").await;
        let size = api.size().await;
        for (body, status, code, field) in [
            (json!({"maximum": "9"}), 409, "above_maximum", Some("maximum")),
            (json!({"minimum": "9.5"}), 409, "below_minimum", Some("minimum")),
            (json!({"closed": true}), 409, "funds_held", None),
        ] {
            change("*", body).await.assert_problem(status, code, field);
        }
        assert_eq!(api.size().await, size + 3, "refusals are recorded");
        for (body, field) in [
            (json!({"minimum": null}), "minimum"),
            (json!({"maximum": 9}), "maximum"),
            (json!({"maximum": "-1"}), "maximum"),
            (json!({"maximum": "0.000000001"}), "maximum"),
            (json!({"minimum": "--1"}), "minimum"),
            (json!({"posted": "1"}), "posted"),
        ] {
            change("*", body)
                .await
                .assert_problem(400, "invalid_field", Some(field));
        }
        let got = api.call("PATCH", &path, json!({"maximum": "9"})).await;
        got.assert_problem(428, "if_match_required", None);
        change("x", json!({}))
            .await
            .assert_problem(400, "malformed_if_match", None);
        let nobody = format!("{PATH}/01970000-0000-8000-8000-0000000000bb");
        let got = api.change("PATCH", &nobody, "*", json!({"closed": true})).await;
        got.assert_problem(404, "unknown_balance", Some("id"));
        assert_eq!(api.get(&path).await.json()["posted"], "10.00000000");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_csv_of_a_statement_has_the_same_columns_everywhere() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": "user:ann", "credit": "user:bob",
            "reference": "a,b"});
        make(api, body).await;
        let id = world.balance(world.ann).await;
        let table = api.get(&format!("{PATH}/{id}/statement?format=csv")).await;
        // What the command line writes, line by line.
        let balance = id.parse().unwrap();
        let asset = api.engine.asset_named("BTC").await.unwrap();
        let times = (None, None);
        let order = store::query::Order::Ascending;
        let statement = api.engine.statement(balance, times, order, None, 10).await;
        let mut expected = engine::custody::STATEMENT_COLUMNS.to_owned();
        for line in statement.unwrap().lines {
            let other = api.engine.account_of(line.other(balance)).await.unwrap();
            line.write_csv(other.unwrap(), &asset, &mut expected);
        }
        assert_eq!(table.text(), expected);
        let document = web::document();
        let columns = engine::custody::STATEMENT_COLUMNS.trim_end().replace(',', ", ");
        let said = document["paths"]["/v1/balances/{id}/statement"]["get"]["description"].as_str();
        assert!(said.unwrap().contains(&columns), "{said:?}");
    }
}
