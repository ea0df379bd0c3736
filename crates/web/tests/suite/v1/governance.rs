//! The four views: what was executed last, and how it ended by workflow, DRAG mode and user.

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::{Api, BOTH};
use crate::people::{Person, text};

async fn ran(api: &Api, who: &Person, body: Value, ends: Option<&str>) -> String {
    let made = who.post(api, "/v1/executions", body).await.json();
    let id = text(&made, "id");
    if let Some(verb) = ends {
        let got = who
            .post(api, &format!("/v1/executions/{id}/{verb}"), json!({}))
            .await;
        assert_eq!(got.status, 200, "{}", got.text());
    }
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_four_views() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let first = ran(
            &api,
            &ann,
            json!({"workflow": "a", "drag_mode": "draft"}),
            Some("complete"),
        )
        .await;
        ran(
            &api,
            &ann,
            json!({"workflow": "a", "drag_mode": "draft"}),
            Some("fail"),
        )
        .await;
        ran(&api, &bob, json!({"workflow": "b"}), Some("cancel")).await;
        let last = ran(&api, &bob, json!({"workflow": "c"}), None).await;
        let recent = api.get("/v1/governance/recent?limit=100").await.json();
        let recent = recent["executions"].as_array().unwrap();
        assert_eq!(recent.len(), 4);
        let (newest, oldest) = (&recent[0], &recent[3]);
        assert_eq!(
            (text(newest, "id"), text(newest, "username")),
            (last, "bob".to_owned())
        );
        assert_eq!(
            (text(oldest, "id"), text(oldest, "username")),
            (first, "ann".to_owned())
        );
        let counts = |row: &Value| {
            ["executions", "running", "completed", "failed", "cancelled"]
                .map(|name| row[name].as_u64().unwrap())
        };
        let found = api.get("/v1/governance/workflows").await.json();
        let rows = found["workflows"].as_array().unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| (text(row, "workflow"), counts(row)))
            .collect();
        let expected = [
            ("a", [2, 0, 1, 1, 0]),
            ("b", [1, 0, 0, 0, 1]),
            ("c", [1, 1, 0, 0, 0]),
        ];
        assert_eq!(told, expected.map(|(name, counts)| (name.to_owned(), counts)));
        let rates: Vec<_> = rows.iter().map(|row| row["success_rate"].clone()).collect();
        assert_eq!(rates, [json!(0.5), json!(0), Value::Null]);
        let found = api.get("/v1/governance/drag-modes").await.json();
        let rows = found["drag_modes"].as_array().unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row["drag_mode"].clone(), row["share"].clone()))
            .collect();
        assert_eq!(told, [(Value::Null, json!(0.5)), (json!("draft"), json!(0.5))]);
        let found = api.get("/v1/governance/users").await.json();
        let rows = found["users"].as_array().unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| (text(row, "username"), row["executions"].clone()))
            .collect();
        assert_eq!(told, [("ann".to_owned(), json!(2)), ("bob".to_owned(), json!(2))]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_pages_and_who_may_read_them() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        for (who, body) in [
            (&ann, json!({"workflow": "a", "drag_mode": "draft"})),
            (&ann, json!({"workflow": "b"})),
            (&bob, json!({"workflow": "c", "drag_mode": "grunt"})),
        ] {
            ran(&api, who, body, None).await;
        }
        // A time without any.
        let before = "to=2020-01-01T00:00:00Z";
        for (view, list) in [
            ("recent", "executions"),
            ("workflows", "workflows"),
            ("drag-modes", "drag_modes"),
            ("users", "users"),
        ] {
            let found = api.get(&format!("/v1/governance/{view}?{before}")).await.json();
            assert_eq!(
                (&found[list], &found["next"]),
                (&json!([]), &Value::Null),
                "{view}"
            );
            // Page by page it is the same.
            let whole = api.get(&format!("/v1/governance/{view}")).await.json()[list].clone();
            let mut paged = Vec::new();
            let mut query = "limit=1".to_owned();
            loop {
                let page = api.get(&format!("/v1/governance/{view}?{query}")).await.json();
                paged.extend(page[list].as_array().unwrap().clone());
                match page["next"].as_str() {
                    Some(next) => query = format!("limit=1&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(Value::from(paged), whole, "{view}");
            for (query, field) in [
                ("from=yesterday", "from"),
                ("cursor=x", "cursor"),
                ("limit=0", "limit"),
            ] {
                let got = api.get(&format!("/v1/governance/{view}?{query}")).await;
                got.assert_problem(400, "invalid_field", Some(field));
            }
            let got = bob.get(&api, &format!("/v1/governance/{view}")).await;
            got.assert_problem(403, "permission_missing", None);
            let got = ann.get(&api, &format!("/v1/governance/{view}")).await;
            assert_eq!(got.status, 200, "{}", got.text());
        }
        let unknown = "cursor=AAAAAAAAAAAAAAAAAAAAAA";
        let got = api.get(&format!("/v1/governance/users?{unknown}")).await;
        got.assert_problem(400, "invalid_field", Some("cursor"));
    }
}
