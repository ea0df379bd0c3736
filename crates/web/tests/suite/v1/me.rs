//! `/v1/me`, and one's own account below it.

mod password;
mod second_factor;

use domain::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::api::{Api, BOTH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_knows_itself() {
    for on in BOTH {
        let mut api = Api::new(on).await;
        api.new_user("dev", Role::DEVELOPER).await;
        let cases: [(&[Scope], Value, Value); 3] = [
            (
                &[Scope::Write, Scope::Read],
                json!(["read", "write"]),
                json!([
                    "audit:read",
                    "audit:write",
                    "agents:read",
                    "custody:read",
                    "approvals:read",
                    "workflows:read"
                ]),
            ),
            (
                &[Scope::Read],
                json!(["read"]),
                json!([
                    "audit:read",
                    "agents:read",
                    "custody:read",
                    "approvals:read",
                    "workflows:read"
                ]),
            ),
            (
                &[Scope::Custody],
                json!(["custody"]),
                json!(["custody:read", "approvals:read", "approvals:request"]),
            ),
        ];
        for (scopes, shown, permissions) in cases {
            let (key, id) = api.new_key("dev", scopes).await;
            api.key = key;
            let me = api.get("/v1/me").await.json();
            assert_eq!(
                me["key"],
                json!({"id": id, "name": "test key", "shown": &api.key[..10], "expires_at": null, "requests_per_minute": null})
            );
            assert_eq!(
                (&me["user"]["username"], &me["user"]["role"]),
                (&json!("dev"), &json!("developer"))
            );
            assert_eq!((&me["scopes"], &me["permissions"]), (&shown, &permissions));
            assert_eq!((&me["session"], &me["must"]), (&json!(null), &json!(null)));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_nobody() {
    for on in BOTH {
        let mut api = Api::new(on).await;
        let (key, id) = api.new_key(&api.admin.clone(), &[Scope::Custody]).await;
        api.key = key;
        assert_eq!(api.get("/v1/me").await.status, 200);
        api.revoke(id).await;
        api.get("/v1/me")
            .await
            .assert_problem(401, "api_key_revoked", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_knows_itself() {
    for on in BOTH {
        let api = Api::new(on).await;
        let user = api.new_person("ann", Role::VIEWER).await;
        let (token, id) = api.new_session(user).await;
        let me = api.call_as(&token, "GET", "/v1/me", &Value::Null).await.json();
        assert_eq!((&me["key"], &me["scopes"]), (&json!(null), &json!(null)));
        assert_eq!(
            me["permissions"],
            json!(["audit:read", "agents:read", "workflows:read"])
        );
        assert_eq!(
            (&me["user"]["id"], &me["session"]["id"], &me["session"]["user"]),
            (&json!(user), &json!(id), &json!(user))
        );
    }
}
