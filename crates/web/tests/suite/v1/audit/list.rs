//! Lists: filters, order, pages.

use serde_json::{Value, json};

use crate::api::{Api, BOTH, Got};

fn indexes(got: &Got) -> Vec<u64> {
    assert_eq!(got.status, 200, "{}", got.text());
    got.json()["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["index"].as_u64().unwrap())
        .collect()
}

/// The path in a header `Link: <path>; rel="next"`.
fn next(got: &Got) -> Option<String> {
    let link = got.header("link");
    let cursor = got.json()["next"].as_str().map(str::to_owned);
    assert_eq!(link.is_empty(), cursor.is_none());
    let path = link
        .strip_prefix('<')?
        .strip_suffix(">; rel=\"next\"")?
        .to_owned();
    assert!(path.ends_with(&format!("cursor={}", cursor?)));
    Some(path)
}

async fn follow(api: &Api, first: &str) -> Vec<u64> {
    let mut found = Vec::new();
    let mut path = Some(first.to_owned());
    while let Some(this) = path {
        let got = api.get(&this).await;
        found.extend(indexes(&got));
        path = next(&got);
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_neither_repeat_nor_leave_out() {
    for on in BOTH {
        let api = Api::new(on).await;
        let events: Vec<Value> = (0..25).map(|n| json!({"actor": {"kind": "user", "id": if n % 5 == 0 { "a b&c" } else { "other" }}, "action": "page.test"})).collect();
        let made = api.record(&json!(events)).await;
        let newest: Vec<u64> = made.iter().rev().copied().collect();
        let every_fifth: Vec<u64> = made.iter().step_by(5).copied().collect();
        for limit in [1, 7, 24, 25, 26, 1_000] {
            let path = format!("/v1/audit/entries?action=page.*&limit={limit}");
            assert_eq!(follow(&api, &path).await, newest, "{limit}");
            assert_eq!(follow(&api, &format!("{path}&order=asc")).await, made, "{limit}");
            let path = format!("/v1/audit/entries?limit={limit}&actor=a+b%26c&order=asc");
            assert_eq!(follow(&api, &path).await, every_fifth, "{limit}");
        }
        let all = api.size().await;
        assert_eq!(
            follow(&api, "/v1/audit/entries?limit=3").await,
            (0..all).rev().collect::<Vec<_>>()
        );
        // The page grows at the front only.
        let first = api.get("/v1/audit/entries?action=page.*&limit=20").await;
        api.record(&json!([{"actor": {"kind": "user"}, "action": "page.late"}]))
            .await;
        assert_eq!(follow(&api, &next(&first).unwrap()).await, newest[20..]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_filters() {
    for on in BOTH {
        let api = Api::new(on).await;
        let made = api
            .record(&json!([
                {"actor": {"kind": "user", "id": "anna"}, "action": "order.create", "target": {"kind": "order", "id": "1"}, "ip": "203.0.113.7"},
                {"actor": {"kind": "user", "name": "bob"}, "action": "order.cancel", "target": {"kind": "invoice", "id": "1"}, "outcome": "refused", "description": "100% \"sure\"_"},
                {"actor": {"kind": "agent", "id": "anna"}, "action": "orders", "ip": "::ffff:203.0.113.7"},
            ]))
            .await;
        let at = api.get(&format!("/v1/audit/entries/{}", made[0])).await.json()["at"]
            .as_str()
            .unwrap()
            .to_owned();
        let earlier = "2020-01-01T00:00:00%2B01:00";
        let cases: Vec<(String, Vec<usize>)> = vec![
            ("actor=anna".into(), vec![0, 2]),
            ("actor=bob".into(), vec![1]),
            ("actor=ann".into(), vec![]),
            ("action=order.create".into(), vec![0]),
            ("action=order.*".into(), vec![0, 1]),
            ("action=order*&actor=anna".into(), vec![0, 2]),
            ("actor_kind=agent".into(), vec![2]),
            ("actor_kind=user&actor=anna".into(), vec![0]),
            ("actor_kind=service".into(), vec![]),
            ("target=1".into(), vec![0, 1]),
            ("target=1&target_kind=invoice".into(), vec![1]),
            ("outcome=refused&action=order*".into(), vec![1]),
            ("ip=203.0.113.7".into(), vec![0, 2]),
            ("ip=%3A%3Affff%3A203.0.113.7".into(), vec![0, 2]),
            ("text=SURE".into(), vec![1]),
            ("text=100%25+%22sure%22_".into(), vec![1]),
            ("text=100_".into(), vec![]),
            (format!("from={at}&action=order*"), vec![0, 1, 2]),
            (format!("to={at}&action=order*"), vec![]),
            (format!("from={earlier}&to={earlier}"), vec![]),
            (format!("from={earlier}&action=orders"), vec![2]),
        ];
        for (query, expected) in cases {
            let expected: Vec<u64> = expected.into_iter().map(|position| made[position]).collect();
            let got = api.get(&format!("/v1/audit/entries?order=asc&{query}")).await;
            assert_eq!(indexes(&got), expected, "{on:?} {query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_parameter_is_named() {
    let api = Api::new(crate::api::On::Sqlite).await;
    api.record(&json!([{"actor": {"kind": "user"}, "action": "x"}]))
        .await;
    let descending = api.get("/v1/audit/entries?limit=1").await.json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let long = "x".repeat(1_025);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("order=up", "order"),
        ("cursor=nonsense", "cursor"),
        (&format!("order=asc&cursor={descending}"), "cursor"),
        ("outcome=maybe", "outcome"),
        ("actor_kind=robot", "actor_kind"),
        ("from=now", "from"),
        ("from=2026-11-21T08:30:00+01:00", "from"),
        ("to=2026-13-01T00:00:00Z", "to"),
        ("ip=nowhere", "ip"),
        ("action=a*b", "action"),
        ("action=%C3%A4*", "action"),
        (&format!("actor={long}"), "actor"),
        ("target=%00", "target"),
        ("text=", "text"),
        ("actor=a&actor=b", "actor"),
    ] {
        api.get(&format!("/v1/audit/entries?{query}"))
            .await
            .assert_problem(400, "invalid_field", Some(field));
    }
}
