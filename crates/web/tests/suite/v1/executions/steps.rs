//! Recording steps, finding and checking them.

use domain::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, BOTH, On};
use crate::people::{Person, assert_documented, assert_refused, ids, text};

const LIST: &str = "/v1/executions";

/// The path of the steps of an execution of somebody's.
async fn started(api: &Api, who: &Person) -> (String, String) {
    let made = who.post(api, LIST, json!({"workflow": "triage"})).await.json();
    let id = text(&made, "id");
    (format!("{LIST}/{id}/steps"), id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_listed_shown_and_checked() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let (path, id) = started(&api, &ann).await;
        let model = json!({"kind": "model", "name": "chat", "finish_reasons": ["stop"],
            "usage": {"input": 5, "output": 2}, "cost_usd": "0.25", "input": ["who?"]});
        let tool = json!({"kind": "tool", "name": "search", "outcome": "failed", "error_type": "timeout",
            "output": {"found": 3}});
        let size = api.size().await;
        let body = json!({"steps": [model, tool]});
        let tried = ann
            .post(&api, &format!("{path}?dry_run=true"), body.clone())
            .await;
        assert_eq!(tried.json()["steps"], json!([{"number": 0}, {"number": 1}]));
        let made = ann.post(&api, &path, body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(api.size().await, size + 1, "one entry for both");
        assert_eq!(made.header("location"), format!("{LIST}/{id}"));
        assert_documented(&made.json(), "RecordedSteps");
        let made = made.json();
        assert_eq!(made["steps"][1]["number"], 1);
        let list = format!("/v1/steps?execution={id}");
        let page = ann.get(&api, &format!("{list}&limit=1")).await.json();
        assert_documented(&page["steps"][0], "Step");
        let next = format!("{list}&limit=1&cursor={}", text(&page, "next"));
        let page = ann.get(&api, &next).await.json();
        assert_eq!(
            (&page["steps"][0]["name"], &page["next"]),
            (&json!("search"), &Value::Null)
        );
        let made: Vec<String> = made["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| text(step, "id"))
            .collect();
        for (query, expected) in [
            ("&order=desc", vec![1, 0]),
            ("&kind=tool", vec![1]),
            ("&kind=plan", vec![]),
        ] {
            let page = ann.get(&api, &format!("{list}{query}")).await.json();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|place: usize| made[place].clone())
                .collect();
            assert_eq!(ids(&page, "steps"), expected, "{query}");
        }
        // Of an execution that is not theirs they learn as much as of one that is not there.
        let nobody = format!("/v1/steps?execution={}", Uuid::from_u128(7));
        for list in [&list, &nobody] {
            let got = bob.get(&api, list).await;
            got.assert_problem(404, "unknown_execution", Some("execution"));
        }
        let step = format!("/v1/steps/{}", made[0]);
        let shown = ann.get(&api, &step).await.json();
        assert_eq!(
            (&shown["input"], &shown["output"]),
            (&json!(["who?"]), &Value::Null)
        );
        bob.get(&api, &step)
            .await
            .assert_problem(404, "unknown_step", Some("id"));
        for (body, expected) in [
            (
                json!({"input": ["who?"], "output": 7}),
                json!({"input": true, "output": null}),
            ),
            (json!({"input": ["who"]}), json!({"input": false, "output": null})),
        ] {
            let checked = ann.post(&api, &format!("{step}/check"), body).await;
            assert_eq!(checked.json(), expected, "{}", checked.text());
        }
        let got = bob.post(&api, &format!("{step}/check"), json!({})).await;
        got.assert_problem(404, "unknown_step", Some("id"));
        let tree = ann.get(&api, &format!("{LIST}/{id}")).await.json();
        assert_eq!(ids(&tree, "steps"), made);
        assert_eq!((&tree["step_count"], &tree["usage"]), (&json!(2), &tree["total"]));
        assert_eq!(tree["total"]["input"], 5);
        assert_eq!(tree["total"]["cost_usd"], "0.250000000000");
        let entries = json!(api.entries_from(size).await).to_string();
        assert!(
            entries.contains("search") && !entries.contains("who?"),
            "{entries}"
        );
        let gone = api.call("POST", "/v1/users/ann/erase", json!({"reason": "asked for"}));
        assert_eq!(gone.await.status, 200);
        let left = api.get(&step).await.json();
        assert_eq!(
            (&left["input"], &left["content_salt"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(left["input_commitment"], shown["input_commitment"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sent_again_it_is_answered_as_the_first_time() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let (path, _) = started(&api, &ann).await;
    let marked = |first: &Value| {
        let mut marked = first.clone();
        for step in marked["steps"].as_array_mut().unwrap() {
            step["replayed"] = true.into();
        }
        marked
    };
    let body = |name: &str, id: Option<Uuid>| json!({"steps": [{"id": id, "kind": "tool", "name": name}]});
    let own = body("search", Some(Uuid::from_u128(7)));
    let first = ann.post(&api, &path, own.clone()).await;
    assert_eq!(first.status, 201);
    let again = ann.post(&api, &path, own).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json(), marked(&first.json()));
    let other = ann
        .post(&api, &path, body("other", Some(Uuid::from_u128(7))))
        .await;
    other.assert_problem(409, "id_conflict", Some("steps[0].name"));
    let keyed = async |body: Value| {
        let key = ("idempotency-key", "k-1");
        ann.post_with(&api, key, &path, &body).await
    };
    let twice = json!({"id": Uuid::from_u128(9), "kind": "tool", "name": "search"});
    let twice = ann.post(&api, &path, json!({"steps": [twice, twice]})).await;
    assert_eq!(twice.status, 201);
    let steps = &twice.json()["steps"];
    assert_eq!(marked(&json!({"steps": [steps[0]]}))["steps"][0], steps[1]);
    assert_eq!(steps[0]["replayed"], Value::Null);
    let first = keyed(body("search", None)).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = keyed(body("search", None)).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json(), marked(&first.json()));
    let reused = keyed(body("other", None)).await;
    reused.assert_problem(422, "idempotency_key_reused", Some("steps[0].name"));
    let search = json!({"kind": "tool", "name": "search"});
    let longer = keyed(json!({"steps": [search, search]})).await;
    longer.assert_problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
    let both = keyed(body("search", Some(Uuid::from_u128(8)))).await;
    both.assert_problem(400, "invalid_field", Some("steps[0].id"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_step_is_refused() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let (path, id) = started(&api, &ann).await;
    let with = |name: &str, value: Value| {
        let mut step = json!({"kind": "tool", "name": "search"});
        step[name] = value;
        json!({"steps": [{"kind": "tool", "name": "good"}, step]})
    };
    let cases = [
        ("kind", json!("guess"), "kind"),
        ("kind", json!(7), "kind"),
        ("name", json!(""), "name"),
        ("name", json!("x".repeat(201)), "name"),
        ("name", Value::Null, "name"),
        ("goal", json!("x"), "goal"),
        ("finish_reasons", json!("stop"), "finish_reasons"),
        ("finish_reasons", json!(["a,b"]), "finish_reasons[0]"),
        ("started_at", json!("yesterday"), "started_at"),
        ("outcome", json!("good"), "outcome"),
        ("usage", json!({"input": -1}), "usage.input"),
        ("usage", json!({"input": 1.5}), "usage.input"),
        ("usage", json!({"input": 1_000_000_001}), "usage.input"),
        ("usage", json!({"reasoning": "7"}), "usage.reasoning"),
        ("usage", json!({"tokens": 1}), "usage.tokens"),
        ("cost_usd", json!(0.25), "cost_usd"),
        ("cost_usd", json!("1e-3"), "cost_usd"),
        ("approval", json!("x"), "approval"),
        ("input", json!("x".repeat(262_143)), "input"),
        ("id", json!(Uuid::nil()), "id"),
    ];
    let mut cases: Vec<_> = cases
        .into_iter()
        .map(|(name, value, field)| {
            let field = &*format!("steps[1].{field}").leak();
            (with(name, value), 400, "invalid_field", Some(field))
        })
        .collect();
    cases.push((json!({}), 400, "invalid_field", Some("steps")));
    cases.push((json!({"steps": {}}), 400, "invalid_field", Some("steps")));
    cases.push((json!({"steps": []}), 400, "too_many_steps", Some("steps[0]")));
    let many = vec![json!({"kind": "tool", "name": "search"}); 1_001];
    cases.push((json!({"steps": many}), 400, "too_many_steps", Some("steps[1000]")));
    let nobody = with("approval", json!(Uuid::from_u128(7)));
    cases.push((nobody, 404, "unknown_approval", Some("steps[1].approval")));
    assert_refused(&api, &ann, &path, cases).await;
    for wrong in [json!(-1), json!(1.5), json!("7"), json!(1_000_000_001)] {
        let body = with("usage", json!({ "cache_read": wrong }));
        let detail = ann.post(&api, &path, body).await.json()["detail"].to_string();
        let expected = "must be an integer from 0 to 1000000000, or null";
        assert!(detail.contains(expected), "{wrong}: {detail}");
    }
    let list = format!("/v1/steps?execution={id}");
    assert_eq!(
        ann.get(&api, &list).await.json()["steps"],
        json!([]),
        "all or none"
    );
    for (query, field) in [
        ("", "execution"),
        ("execution=x", "execution"),
        ("execution=7", "execution"),
    ] {
        let got = ann.get(&api, &format!("/v1/steps?{query}")).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    for (query, field) in [
        ("kind=guess", "kind"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
    ] {
        let got = ann.get(&api, &format!("{list}&{query}")).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    let complete = format!("{LIST}/{id}/complete");
    assert_eq!(ann.post(&api, &complete, json!({})).await.status, 200);
    let late = ann
        .post(&api, &path, json!({"steps": [{"kind": "tool", "name": "late"}]}))
        .await;
    late.assert_problem(409, "execution_finished", None);
}
