//! Recording metrics, finding them, and what is said of them.

use domain::identity::Role;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, BOTH};
use crate::people::{Person, ids, text};

const LIST: &str = "/v1/metrics";

async fn recorded(api: &Api, who: &Person, body: Value) -> Value {
    let got = who.post(api, LIST, body).await;
    assert_eq!(got.status, 201, "{}", got.text());
    got.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_and_several_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let size = api.size().await;
        let got = ann
            .post(
                &api,
                LIST,
                json!({"name": "reward", "value": -0.50, "unit": "points"}),
            )
            .await;
        assert_eq!(got.status, 201, "{}", got.text());
        let made = got.json();
        assert_eq!(got.header("location"), format!("{LIST}/{}", text(&made, "id")));
        assert_eq!((&made["value"], &made["user"]), (&json!(-0.5), &json!(ann.id)));
        assert_eq!(ann.get(&api, got.header("location")).await.json(), made);
        let id = Uuid::from_u128(0x77);
        let list = json!([
            {"id": id, "name": "a", "value": 1, "at": "2026-11-21T08:30:00Z"},
            {"name": "b", "value": 1e21},
        ]);
        let tried = ann
            .post(&api, &format!("{LIST}?dry_run=true"), list.clone())
            .await;
        assert_eq!(tried.status, 200, "{}", tried.text());
        let tried = tried.json();
        assert_eq!(tried["dry_run"], json!(true));
        assert!(tried["metrics"][0].get("id").is_none() && tried["metrics"][1].get("id").is_none());
        assert_eq!(api.size().await, size + 1);
        let several = recorded(&api, &ann, list).await;
        assert_eq!(several["metrics"].as_array().unwrap().len(), 2);
        assert_eq!(several["metrics"][1]["value"], json!(1e21));
        assert_eq!(api.size().await, size + 2, "one entry for all of a request");
        // Sent again: what has an own id was there.
        let one = json!({"id": id, "name": "a", "value": 1.0});
        let again = ann.post(&api, LIST, one.clone()).await;
        assert_eq!(
            (again.status, again.header("idempotent-replayed")),
            (StatusCode::OK, "true")
        );
        assert_eq!(again.json()["replayed"], json!(true));
        let mixed = recorded(&api, &ann, json!([one, {"name": "c", "value": 3}])).await;
        assert_eq!(mixed["metrics"][0]["replayed"], json!(true));
        assert!(mixed["metrics"][1].get("replayed").is_none());
        let other = json!([{"name": "d", "value": 4}, {"id": id, "name": "a", "value": 2}]);
        let got = ann.post(&api, LIST, other).await;
        got.assert_problem(409, "id_conflict", Some("[1].value"));
        let names = ann.get(&api, &format!("{LIST}?name=d")).await.json();
        assert_eq!(names["metrics"], json!([]), "all or none");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_names_the_request() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let list = json!([{"name": "a", "value": 1}, {"name": "b", "value": 2}]);
        let first = ann.post_with(&api, ("idempotency-key", "k-1"), LIST, &list).await;
        assert_eq!(first.status, 201, "{}", first.text());
        let again = ann.post_with(&api, ("idempotency-key", "k-1"), LIST, &list).await;
        assert_eq!(
            (again.status, again.header("idempotent-replayed")),
            (StatusCode::OK, "true")
        );
        assert_eq!(ids(&again.json(), "metrics"), ids(&first.json(), "metrics"));
        for other in [
            json!([{"name": "a", "value": 1}, {"name": "b", "value": 3}]),
            json!([{"name": "a", "value": 1}]),
            json!([{"name": "a", "value": 1}, {"name": "b", "value": 2}, {"name": "c", "value": 3}]),
        ] {
            let got = ann
                .post_with(&api, ("idempotency-key", "k-1"), LIST, &other)
                .await;
            assert_eq!(got.status, 422, "{}", got.text());
            assert_eq!(got.json()["code"], "idempotency_key_reused");
        }
        let own = json!([{"name": "a", "value": 1}, {"id": Uuid::from_u128(1), "name": "b", "value": 2}]);
        let got = ann.post_with(&api, ("idempotency-key", "k-2"), LIST, &own).await;
        got.assert_problem(400, "invalid_field", Some("[1].id"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn found_by_every_filter_and_counted() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let start = json!({"workflow": "triage", "drag_mode": "analysis"});
        let execution = text(&ann.post(&api, "/v1/executions", start).await.json(), "id");
        let made = [
            json!({"name": "ms", "value": 10, "unit": "ms", "at": "2026-11-21T08:30:00Z", "execution": execution}),
            json!({"name": "ms", "value": 30, "unit": "ms", "at": "2026-11-21T08:59:59Z", "drag_mode": "grunt"}),
            json!({"name": "ms", "value": 0.1, "at": "2026-11-21T09:00:00Z", "workflow": "w"}),
        ];
        let mut found = Vec::new();
        for body in made {
            found.push(text(&recorded(&api, &ann, body).await, "id"));
        }
        let of_bob = recorded(&api, &bob, json!({"name": "ms", "value": 5, "unit": "ms"})).await;
        found.push(text(&of_bob, "id"));
        for (query, expected) in [
            ("", vec![3, 2, 1, 0]),
            ("order=asc", vec![0, 1, 2, 3]),
            ("name=ms&unit=ms", vec![3, 1, 0]),
            ("name=other", vec![]),
            ("workflow=triage", vec![0]),
            ("workflow=w", vec![2]),
            ("drag_mode=analysis", vec![0]),
            ("drag_mode=grunt", vec![1]),
            (&format!("execution={execution}"), vec![0]),
            (&format!("user={}", bob.id), vec![3]),
            ("from=2026-11-21T08:59:59Z&to=2026-11-21T09:00:00Z", vec![1]),
        ] {
            let page = ann.get(&api, &format!("{LIST}?{query}")).await.json();
            let expected: Vec<_> = expected
                .iter()
                .map(|number: &usize| found[*number].clone())
                .collect();
            assert_eq!(ids(&page, "metrics"), expected, "{query}");
        }
        let page = bob.get(&api, LIST).await.json();
        assert_eq!(ids(&page, "metrics"), [found[3].clone()]);
        let path = format!("{LIST}/{}", found[0]);
        bob.get(&api, &path)
            .await
            .assert_problem(404, "unknown_metric", Some("id"));
        let figures = async |who: &Person, query: &str| {
            let got = who.get(&api, &format!("{LIST}/figures?name=ms{query}")).await;
            got.json()["figures"].clone()
        };
        let day = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z";
        let expected = json!([
            {"at": "2026-11-21T08:00:00.000000Z", "unit": "ms", "count": 2, "sum": 40, "mean": 20, "min": 10, "max": 30,
                "percentiles": {"50": 10, "51": 30}},
            {"at": "2026-11-21T09:00:00.000000Z", "unit": null, "count": 1, "sum": 0.1, "mean": 0.1, "min": 0.1, "max": 0.1,
                "percentiles": {"50": 0.1, "51": 0.1}},
        ]);
        let told = figures(&ann, &format!("&{day}&by=hour&percentiles=50,51.00")).await;
        assert_eq!(told, expected);
        let told = figures(&ann, "&unit=ms").await;
        assert_eq!((told[0]["count"].clone(), told[0].get("at")), (json!(3), None));
        let told = figures(&bob, "").await;
        assert_eq!(
            (told[0]["count"].clone(), told[0]["sum"].clone()),
            (json!(1), json!(5))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_by_time_while_metrics_arrive() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let at = |hour: u8, id: u128| json!({"id": Uuid::from_u128(id), "name": "a", "value": 1, "at": format!("2026-11-21T{hour:02}:00:00Z")});
        // Ids go against the times, and three are of one time.
        recorded(
            &api,
            &ann,
            json!([at(1, 9), at(2, 3), at(2, 8), at(2, 5), at(4, 2), at(5, 1)]),
        )
        .await;
        for (order, passed, ahead, expected) in [
            ("desc", at(6, 0x20), at(0, 0x21), vec![1, 2, 8, 5, 3, 9, 0x21]),
            (
                "asc",
                at(0, 0x22),
                at(4, 0x23),
                vec![0x21, 9, 3, 5, 8, 2, 0x23, 1, 0x20],
            ),
        ] {
            let query = format!("{LIST}?limit=2&order={order}&to=2026-11-21T07:00:00Z");
            let mut page = ann.get(&api, &query).await.json();
            // One where the walk has been, one where it comes to.
            recorded(&api, &ann, json!([passed, ahead])).await;
            let mut found = ids(&page, "metrics");
            while let Some(next) = page["next"].as_str() {
                page = ann.get(&api, &format!("{query}&cursor={next}")).await.json();
                found.extend(ids(&page, "metrics"));
            }
            let expected: Vec<_> = expected
                .into_iter()
                .map(|id| Uuid::from_u128(id).to_string())
                .collect();
            assert_eq!(found, expected, "{order}");
        }
        let word = text(&ann.get(&api, &format!("{LIST}?limit=1")).await.json(), "next");
        ann.get(&api, &format!("{LIST}?order=asc&cursor={word}"))
            .await
            .assert_problem(400, "invalid_field", Some("cursor"));
    }
}
