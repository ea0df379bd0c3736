//! `/v1/me`

use domain::identity::{Role, Scope};
use serde_json::json;

use crate::api::{Api, BOTH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_knows_itself() {
    for on in BOTH {
        let mut api = Api::new(on).await;
        api.new_user("dev", Role::DEVELOPER).await;
        let cases: [(&[Scope], serde_json::Value, serde_json::Value); 3] = [
            (
                &[Scope::Write, Scope::Read],
                json!(["read", "write"]),
                json!(["audit:read", "audit:write"]),
            ),
            (&[Scope::Read], json!(["read"]), json!(["audit:read"])),
            (&[Scope::Custody], json!(["custody"]), json!([])),
        ];
        for (scopes, shown, permissions) in cases {
            let (key, id) = api.new_key("dev", scopes).await;
            api.key = key;
            let me = api.get("/v1/me").await.json();
            assert_eq!(
                me["key"],
                json!({"id": id, "name": "test key", "expires_at": null})
            );
            assert_eq!(
                (&me["owner"]["username"], &me["role"]),
                (&json!("dev"), &json!("developer"))
            );
            assert_eq!((&me["scopes"], &me["permissions"]), (&shown, &permissions));
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
