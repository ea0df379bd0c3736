//! Starting, keeping alive, ending, finding and showing executions.

use domain::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, BOTH, On};
use crate::people::{Person, assert_documented, ids, text};

const LIST: &str = "/v1/executions";

async fn started(api: &Api, who: &Person, body: Value) -> Value {
    let got = who.post(api, LIST, body).await;
    assert_eq!(got.status, 201, "{}", got.text());
    got.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_from_its_start_to_its_end() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let body = json!({"workflow": "triage", "drag_mode": "analysis", "lease_s": 60,
            "aim": {"actor": "bot", "input": {"case": 7}, "mission": "find out"}});
        let made = started(&api, &ann, body.clone()).await;
        assert_documented(&made, "Execution");
        for (name, expected) in [
            ("status", json!("running")),
            ("user", json!(ann.id)),
            ("aim", body["aim"].clone()),
            ("depth", json!(1)),
            ("finished_at", Value::Null),
            ("duration_ms", Value::Null),
        ] {
            assert_eq!(made[name], expected, "{name}");
        }
        let path = format!("{LIST}/{}", text(&made, "id"));
        let size = api.size().await;
        let alive = ann.post(&api, &format!("{path}/heartbeat"), json!({})).await;
        assert_eq!(alive.status, 200, "{}", alive.text());
        let until = |execution: &Value| text(execution, "lease_until");
        assert!(until(&alive.json()) > until(&made));
        assert_eq!(until(&ann.get(&api, &path).await.json()), until(&alive.json()));
        assert_eq!(api.size().await, size, "a heartbeat is no entry");
        for verb in ["heartbeat", "complete", "fail", "cancel"] {
            let got = bob.post(&api, &format!("{path}/{verb}"), json!({})).await;
            got.assert_problem(404, "unknown_execution", Some("id"));
        }
        bob.get(&api, &path)
            .await
            .assert_problem(404, "unknown_execution", Some("id"));
        let complete = format!("{path}/complete");
        let tried = ann
            .post(&api, &format!("{complete}?dry_run=true"), json!({}))
            .await;
        assert_eq!(tried.json()["status"], "completed");
        let result = json!({"result": {"logins": 3}});
        let done = ann.post(&api, &complete, result.clone()).await;
        assert_eq!(done.status, 200, "{}", done.text());
        let again = ann.post(&api, &complete, result).await;
        assert_eq!(again.json(), done.json());
        assert_eq!(again.header("idempotent-replayed"), "true");
        let done = done.json();
        assert_eq!(
            (&done["status"], &done["result"]),
            (&json!("completed"), &json!({"logins": 3}))
        );
        assert!(done["duration_ms"].is_u64() && done["lease_until"].is_null());
        for (verb, body) in [
            ("complete", json!({})),
            ("fail", json!({})),
            ("cancel", json!({})),
            ("heartbeat", json!({})),
        ] {
            let got = ann.post(&api, &format!("{path}/{verb}"), body).await;
            got.assert_problem(409, "execution_finished", None);
        }
        let query = format!("/v1/audit/entries?target={}&outcome=success", text(&made, "id"));
        let entries = api.get(&query).await.json();
        assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn found_by_every_filter() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let conversation = json!({"thread_id": "t"});
        let conversation = ann.post(&api, "/v1/conversations", conversation).await.json();
        let plain = started(&api, &ann, json!({"workflow": "a"})).await;
        let rich = json!({"workflow": "b", "drag_mode": "grunt", "trace_id": "4bf9",
            "conversation": conversation["id"], "parent": plain["id"]});
        let rich = started(&api, &ann, rich).await;
        let of_bob = started(&api, &bob, json!({"workflow": "a"})).await;
        let end = format!("{LIST}/{}/fail", text(&of_bob, "id"));
        let failed = bob.post(&api, &end, json!({"error_type": "timeout"})).await;
        assert_eq!(failed.status, 200, "{}", failed.text());
        let made = [&plain, &rich, &of_bob].map(|one| text(one, "id"));
        let since = format!("from={}", text(&rich, "started_at"));
        let until = format!("to={}", text(&rich, "started_at"));
        for (query, expected) in [
            ("", vec![2, 1, 0]),
            ("order=asc", vec![0, 1, 2]),
            ("workflow=a", vec![2, 0]),
            ("workflow=b", vec![1]),
            ("status=running", vec![1, 0]),
            ("status=failed", vec![2]),
            ("status=cancelled", vec![]),
            (&format!("user={}", bob.id), vec![2]),
            (&format!("conversation={}", text(&conversation, "id")), vec![1]),
            (&format!("parent={}", made[0]), vec![1]),
            ("trace_id=4bf9", vec![1]),
            ("drag_mode=grunt", vec![1]),
            ("drag_mode=draft", vec![]),
            (&since, vec![2, 1]),
            (&until, vec![0]),
        ] {
            let page = ann.get(&api, &format!("{LIST}?{query}")).await.json();
            let expected: Vec<_> = expected
                .iter()
                .map(|number: &usize| made[*number].clone())
                .collect();
            assert_eq!(ids(&page, "executions"), expected, "{query}");
        }
        let page = bob.get(&api, LIST).await.json();
        assert_eq!(ids(&page, "executions"), [made[2].clone()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shown_as_a_tree() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let mut made = Vec::new();
    for (workflow, parent) in [
        ("root", None),
        ("left", Some(0)),
        ("right", Some(0)),
        ("leaf", Some(1)),
    ] {
        let parent = parent.map(|number: usize| text(&made[number], "id"));
        let body = json!({"workflow": workflow, "parent": parent});
        made.push(started(&api, &ann, body).await);
    }
    let tree = ann
        .get(&api, &format!("{LIST}/{}", text(&made[0], "id")))
        .await
        .json();
    let names = |parts: &Value| -> Vec<String> {
        let parts = parts.as_array().unwrap().iter();
        parts.map(|part| text(part, "workflow")).collect()
    };
    assert_eq!(
        (text(&tree, "workflow"), &tree["more"]),
        ("root".to_owned(), &json!(false))
    );
    assert_eq!(names(&tree["parts"]), ["left", "right"]);
    assert_eq!(names(&tree["parts"][0]["parts"]), ["leaf"]);
    assert_eq!(tree["parts"][0]["parts"][0]["depth"], 3);
    let nobody = format!("{LIST}/{}", Uuid::from_u128(7));
    let got = ann.get(&api, &nobody).await;
    got.assert_problem(404, "unknown_execution", Some("id"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_somebody_else_it_takes_more_and_they_go_with_their_user() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let service = Person::new(&api, "svc", Role::SERVICE).await;
        let body = json!({"workflow": "triage", "user": ann.id, "aim": {"mission": "quince"}});
        let got = bob.post(&api, LIST, body.clone()).await;
        got.assert_problem(403, "permission_missing", None);
        let made = started(&api, &service, body).await;
        assert_eq!(
            (&made["user"], &made["created_by"]),
            (&json!(ann.id), &json!(service.id))
        );
        let ended = started(&api, &ann, json!({"workflow": "triage"})).await;
        let complete = format!("{LIST}/{}/complete", text(&ended, "id"));
        ann.post(&api, &complete, json!({"result": {"fruit": "medlar"}}))
            .await;
        let erase = api.call("POST", "/v1/users/ann/erase", json!({"reason": "asked for"}));
        assert_eq!(erase.await.status, 200);
        for (made, status) in [(&made, "cancelled"), (&ended, "completed")] {
            let left = api.get(&format!("{LIST}/{}", text(made, "id"))).await.json();
            assert_eq!((&left["aim"], &left["result"]), (&Value::Null, &Value::Null));
            assert_eq!(
                (&left["status"], &left["workflow"]),
                (&json!(status), &json!("triage"))
            );
        }
        let entries = json!(api.entries_from(0).await).to_string();
        for word in ["quince", "medlar"] {
            assert!(!entries.contains(word), "{word}");
        }
    }
}
