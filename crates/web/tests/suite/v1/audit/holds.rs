//! Legal holds: setting them, and releasing those of others.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::api::{Api, BOTH};
use crate::people::{Person, assert_documented, assert_refused, ids, text};

const HOLDS: &str = "/v1/audit/holds";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_from_its_beginning_to_its_end() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ada = Person::new(&api, "ada", Role::AUDITOR).await;
        let cleo = Person::new(&api, "cleo", Role::COMPLIANCE).await;
        let vic = Person::new(&api, "vic", Role::VIEWER).await;
        let body = json!({"user": "vic", "from": "2026-11-01T00:00:00Z", "reason": "case 93"});
        let set = ada.post(&api, HOLDS, body.clone()).await;
        assert_eq!(set.status, 201, "{}", set.text());
        let hold = set.json();
        assert_documented(&hold, "LegalHold");
        for (name, expected) in [
            ("user", json!(vic.id)),
            ("created_by", json!(ada.id)),
            ("status", json!("active")),
            ("released_by", Value::Null),
        ] {
            assert_eq!(hold[name], expected, "{name}");
        }
        let path = format!("{HOLDS}/{}", text(&hold, "id"));
        assert_eq!(vic.get(&api, &path).await.json(), hold);
        assert_eq!(ids(&vic.get(&api, HOLDS).await.json(), "holds").len(), 1);
        // Whoever it is about is not erased.
        let erase = format!("/v1/users/{}/erase", vic.id);
        let refused = cleo.post(&api, &erase, json!({"reason": "asked"})).await;
        refused.assert_problem(409, "held", None);
        assert!(refused.text().contains(&text(&hold, "id")), "{}", refused.text());
        // Who may set it may not release it, neither with a key; who may not set it may do neither.
        let release = format!("{path}/release");
        let reason = json!({"reason": "closed"});
        for (who, code) in [(&ada, "own_hold"), (&vic, "permission_missing")] {
            let got = who.post(&api, &release, reason.clone()).await;
            got.assert_problem(403, code, None);
        }
        vic.post(&api, HOLDS, body)
            .await
            .assert_problem(403, "permission_missing", None);
        let (key, _) = api.new_key("cleo", &[Scope::Admin]).await;
        let got = api.call_as(&key, "POST", &release, &reason).await;
        got.assert_problem(403, "session_needed", None);
        let got = cleo.post(&api, &release, reason.clone()).await;
        assert_eq!(got.status, 200, "{}", got.text());
        assert_eq!(got.json()["released_by"], json!(cleo.id));
        assert!(ids(&vic.get(&api, HOLDS).await.json(), "holds").is_empty());
        let all = vic.get(&api, &format!("{HOLDS}?released=true")).await.json();
        assert_eq!(ids(&all, "holds").len(), 1);
        let got = cleo.post(&api, &erase, json!({"reason": "asked"})).await;
        assert_eq!(got.status, 200, "{}", got.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_hold_is_refused() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ada = Person::new(&api, "ada", Role::AUDITOR).await;
        let with = |name: &str, value: Value| {
            let mut body = json!({"actor": "bob", "reason": "case 93"});
            body[name] = value;
            body
        };
        let mut nothing = with("reason", json!("case 93"));
        nothing.as_object_mut().unwrap().remove("actor");
        let cases = vec![
            (nothing, 400, "invalid_field", Some("actor")),
            (with("actor", json!("")), 400, "invalid_field", Some("actor")),
            (
                with("target", json!("é".repeat(257))),
                400,
                "invalid_field",
                Some("target"),
            ),
            (with("reason", json!("")), 400, "invalid_field", Some("reason")),
            (
                with("from", json!("yesterday")),
                400,
                "invalid_field",
                Some("from"),
            ),
            (
                with("until", json!("2026-11-01T00:00:00Z")),
                400,
                "invalid_field",
                Some("until"),
            ),
            (
                with("user", json!("01970000-0000-7000-8000-0000000000ab")),
                404,
                "unknown_user",
                Some("user"),
            ),
        ];
        assert_refused(&api, &ada, HOLDS, cases).await;
        let path = format!("{HOLDS}/01970000-0000-7000-8000-0000000000ab/release");
        let got = ada.post(&api, &path, json!({"reason": "closed"})).await;
        got.assert_problem(404, "unknown_hold", Some("id"));
    }
}
