//! Who may record and who may read.

use domain::identity::{Role, Scope};
use serde_json::json;

use crate::api::{Api, BOTH};

const EVENT: &str = r#"{"actor":{"kind":"user","id":"u"},"action":"a.b"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn role_and_scopes_both_count() {
    for on in BOTH {
        let mut api = Api::new(on).await;
        let cases: [(Role, Scope, Option<&str>, Option<&str>); 6] = [
            (Role::DEVELOPER, Scope::Admin, None, None),
            (Role::DEVELOPER, Scope::Read, Some("scope_missing"), None),
            (Role::DEVELOPER, Scope::Write, None, Some("scope_missing")),
            (Role::VIEWER, Scope::Admin, Some("permission_missing"), None),
            (Role::USER, Scope::Admin, None, Some("permission_missing")),
            (
                Role::ADMIN,
                Scope::Custody,
                Some("scope_missing"),
                Some("scope_missing"),
            ),
        ];
        for (number, (role, scope, write, read)) in cases.into_iter().enumerate() {
            let user = format!("user{number}");
            api.new_user(&user, role.clone()).await;
            api.key = api.new_key(&user, &[scope]).await.0;
            let before = api.size().await;
            let got = api.post("/v1/audit/entries", EVENT).await;
            match write {
                None => assert_eq!(got.status, 201),
                Some(code) => {
                    got.assert_problem(403, code, None);
                    assert_eq!(got.json()["entry"], before, "the refusal is recorded");
                }
            }
            assert_eq!(api.size().await, before + 1, "{role:?} {scope:?}");
            let got = api.get("/v1/audit/entries").await;
            let Some(code) = read else {
                assert_eq!(got.status, 200);
                assert_eq!(api.size().await, before + 1);
                continue;
            };
            got.assert_problem(403, code, None);
            api.key = api.new_key(&api.admin, &[Scope::Read]).await.0;
            let written = api.entries_from(before + 1).await;
            assert_eq!(written.len(), 2, "the refusal, and the new key: {written:?}");
            assert_eq!(
                (&written[0]["action"], &written[0]["details"]),
                (
                    &json!("authz_fail"),
                    &json!({"code": code, "method": "GET", "path": "/v1/audit/entries"})
                )
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_recorded_with_where_it_came_from() {
    for on in BOTH {
        let mut api = Api::new(on).await;
        let reader = api.new_key(&api.admin.clone(), &[Scope::Read]).await.0;
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        api.key = reader;
        let request = api
            .request("POST", "/v1/audit/entries")
            .header("content-type", "application/json")
            .header("user-agent", "shop/1.2")
            .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        let refused = api.send(request.body(EVENT.into()).unwrap()).await;
        let entry = refused.json()["entry"].as_u64().unwrap();
        let entry = api.get(&format!("/v1/audit/entries/{entry}")).await.json();
        assert_eq!(
            (&entry["outcome"], &entry["action"]),
            (&json!("refused"), &json!("audit.append"))
        );
        assert_eq!(
            (&entry["user_agent"], &entry["trace_id"]),
            (&json!("shop/1.2"), &json!(trace))
        );
        assert_eq!(entry["details"]["code"], "scope_missing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revocation_takes_effect_at_once() {
    for on in BOTH {
        let mut api = Api::new(on).await;
        let (key, id) = api.new_key(&api.admin.clone(), &[Scope::Admin]).await;
        api.key = key;
        assert_eq!(api.post("/v1/audit/entries", EVENT).await.status, 201);
        assert_eq!(api.get("/v1/audit/entries").await.status, 200);
        api.revoke(id).await;
        api.post("/v1/audit/entries", EVENT)
            .await
            .assert_problem(401, "api_key_revoked", None);
        api.get("/v1/audit/entries")
            .await
            .assert_problem(401, "api_key_revoked", None);
    }
}
