//! `/v1/permissions` and `/v1/roles`

use std::sync::Arc;

use domain::identity::{Permission, Role, Rules, Scope};
use engine::IdentityOptions;
use serde_json::{Value, json};

use crate::api::{Api, On};

async fn with_desk() -> Api {
    let mut rules = Rules::default();
    let desk = Role::parse("desk").unwrap();
    rules
        .define(desk, "Sells".into(), vec![Permission::AuditWrite])
        .unwrap();
    rules.require_second_factor(&Role::ADMIN, true).unwrap();
    let options = IdentityOptions {
        rules: Arc::new(rules),
        ..IdentityOptions::default()
    };
    Api::identity(On::Sqlite, options).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_say_what_they_allow_and_who_holds_them() {
    let api = with_desk().await;
    let found = api.get("/v1/permissions").await.json();
    let all = found["permissions"].as_array().unwrap();
    assert_eq!(all.len(), Permission::ALL.len());
    let write = all.iter().find(|one| one["name"] == "audit:write").unwrap();
    assert_eq!(
        *write,
        json!({"name": "audit:write", "description": "Record events.", "actions": ["audit.append"],
            "roles": ["admin", "sre", "developer", "service", "compliance", "user", "desk"],
            "scopes": ["write", "admin"], "held": true})
    );
    // What a refusal names is what the list has.
    api.new_user("vic", Role::VIEWER).await;
    let key = api.new_key("vic", &[Scope::Admin]).await.0;
    let got = api
        .call_as(
            &key,
            "POST",
            "/v1/audit/entries",
            &json!({"actor": {"kind": "user"}, "action": "a"}),
        )
        .await;
    let detail = got.json()["detail"].as_str().unwrap().to_owned();
    for role in write["roles"].as_array().unwrap() {
        assert!(detail.contains(role.as_str().unwrap()), "{detail}");
    }
    let found = api
        .call_as(&key, "GET", "/v1/permissions", &Value::Null)
        .await
        .json();
    let held = found["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["held"] == true);
    assert_eq!(
        held.map(|one| &one["name"]).collect::<Vec<_>>(),
        ["audit:read", "agents:read", "workflows:read"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_say_what_they_may_do() {
    let api = with_desk().await;
    let found = api.get("/v1/roles").await.json();
    let roles = found["roles"].as_array().unwrap();
    assert_eq!(roles.len(), 10);
    assert_eq!(
        roles[9],
        json!({"name": "desk", "description": "Sells", "permissions": ["audit:write"], "second_factor": false,
            "built_in": false})
    );
    assert_eq!(
        (&roles[0]["name"], &roles[0]["second_factor"]),
        (&json!("admin"), &json!(true))
    );
}
