//! Recording, and reading one entry back.

use evidence::entry::Entry;
use evidence::receipt;
use serde_json::{Value, json};

use crate::api::{Api, BOTH};

const ID: &str = "01970000-0000-7000-8000-000000000001";

fn event() -> Value {
    json!({
        "id": ID,
        "occurred_at": "2026-11-21T09:30:00.123456+01:00",
        "actor": {"kind": "agent", "id": "bot", "name": "Bot", "on_behalf_of": "anna"},
        "action": "ticket.close",
        "target": {"kind": "ticket", "id": "T-1"},
        "outcome": "failed",
        "description": "Größe: \"7\"\n\\",
        "details": {"list": [1, 2.5, null, true, {"a": {"b": "c"}}], "é": "\u{0000}"},
        "ip": "2001:DB8::0:1",
        "user_agent": "bot/1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "session_id": "s-1",
        "aim": {"actor": "bot", "input": {"x": 1}, "mission": "close"},
        "drag_mode": "grunt"
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_reads_back_as_it_was_sent() {
    for on in BOTH {
        let api = Api::new(on).await;
        let size = api.size().await;
        let got = api.post("/v1/audit/entries", event().to_string()).await;
        assert_eq!(got.status, 201, "{}", got.text());
        assert_eq!(got.header("content-type"), "application/json");
        assert_eq!(got.header("location"), format!("/v1/audit/entries/{ID}"));
        let answer = got.json();
        assert_eq!((&answer["id"], &answer["index"]), (&json!(ID), &json!(size)));
        assert_eq!(
            answer.as_object().unwrap().len(),
            3,
            "no word of a replay: {answer}"
        );

        let entry = api.get(got.header("location")).await.json();
        assert_eq!(entry["at"], answer["at"]);
        assert_eq!(entry["occurred_at"], "2026-11-21T08:30:00.123456Z");
        assert_eq!(entry["ip"], "2001:db8::1");
        for (name, value) in event().as_object().unwrap() {
            if !["occurred_at", "ip"].contains(&name.as_str()) {
                assert_eq!(&entry[name], value, "{name}");
            }
        }
        assert_eq!(api.get(&format!("/v1/audit/entries/{size}")).await.json(), entry);
        let entry: Entry = serde_json::from_value(entry).unwrap();
        entry.check().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_again_answers_as_the_first_time() {
    for on in BOTH {
        let api = Api::new(on).await;
        let mut first = api.post("/v1/audit/entries", event().to_string()).await.json();
        let size = api.size().await;
        let got = api.post("/v1/audit/entries", event().to_string()).await;
        first["replayed"] = json!(true);
        assert_eq!((got.status.as_u16(), got.json()), (200, first.clone()));

        let got = api
            .post("/v1/audit/entries", json!([event(), event()]).to_string())
            .await;
        assert_eq!(
            (got.status.as_u16(), got.json()),
            (200, json!({"entries": [first, first]}))
        );
        assert_eq!(api.size().await, size, "nothing was written");

        let mixed = json!([event(), {"actor": {"kind": "user"}, "action": "new"}]).to_string();
        let got = api.post("/v1/audit/entries", mixed).await;
        assert_eq!(got.status, 201);
        assert_eq!(got.json()["entries"][0]["replayed"], true);
        assert_eq!(got.json()["entries"][1]["index"], size);
        assert_eq!(got.json()["entries"][1].get("replayed"), None);
        assert_eq!(got.header("location"), "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_content_under_the_same_id_is_refused() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.post("/v1/audit/entries", event().to_string()).await;
        let mut other = event();
        other["target"]["id"] = json!("T-2");
        let got = api.post("/v1/audit/entries", other.to_string()).await;
        got.assert_problem(409, "id_conflict", Some("target.id"));
        let new = json!({"actor": {"kind": "user"}, "action": "new"});
        let got = api
            .post("/v1/audit/entries", json!([new, other]).to_string())
            .await;
        got.assert_problem(409, "id_conflict", Some("[1].target.id"));
        let found = api.get("/v1/audit/entries?action=new").await.json();
        assert_eq!(found["entries"], json!([]), "all or none");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        let size = api.size().await;
        let events: Vec<Value> = (0..1_000)
            .map(|n| json!({"actor": {"kind": "user", "id": format!("u{n}")}, "action": "bulk"}))
            .collect();
        let indexes = api.record(&json!(events)).await;
        assert_eq!(indexes, (size..size + 1_000).collect::<Vec<_>>());
        let last = api.get(&format!("/v1/audit/entries/{}", size + 999)).await.json();
        assert_eq!(last["actor"]["id"], "u999");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_proves_its_entry() {
    for on in BOTH {
        let api = Api::new(on).await;
        let indexes = api
            .record(&json!([event(), {"actor": {"kind": "user"}, "action": "x"}]))
            .await;
        let names = [ID.to_owned(), indexes[1].to_string()];
        for (index, name) in indexes.iter().zip(&names) {
            let entry: Entry =
                serde_json::from_value(api.get(&format!("/v1/audit/entries/{name}")).await.json()).unwrap();
            let got = api.get(&format!("/v1/audit/entries/{name}/receipt")).await;
            assert_eq!(got.header("content-type"), "text/plain; charset=utf-8");
            let checked = receipt::check(got.text(), &entry, api.engine.verifier_key()).unwrap();
            assert_eq!(checked.index, *index);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_is_not_there() {
    for on in BOTH {
        let api = Api::new(on).await;
        for rest in ["", "/receipt"] {
            for id in [
                "4711",
                "9223372036854775807",
                "00000000-0000-7000-8000-000000000001",
            ] {
                api.get(&format!("/v1/audit/entries/{id}{rest}"))
                    .await
                    .assert_problem(404, "unknown_entry", Some("id"));
            }
            for id in [
                "-1",
                "007",
                "9223372036854775808",
                "x",
                "%00",
                "0197000000007000800000000000abcd",
            ] {
                api.get(&format!("/v1/audit/entries/{id}{rest}"))
                    .await
                    .assert_problem(400, "invalid_field", Some("id"));
            }
            api.get(&format!("/v1/audit/entries/%ff{rest}"))
                .await
                .assert_problem(404, "unknown_path", None);
        }
    }
}
