//! Programs with their own users: an application of the role `service`, and what reads metrics.

use std::sync::Arc;

use domain::identity::permission::BUILT_IN;
use domain::identity::{Permission, Role, Rules, Scope};
use engine::IdentityOptions;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On};
use crate::custody::{OPERATIONS, asset};

const EVENT: &str = r#"{"actor":{"kind":"user"},"action":"order.cancel"}"#;

/// From a user without a password to money, KYC and events, with no admin's key in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_needs_no_admin_s_key() {
    for on in BOTH {
        let api = Api::new(on).await;
        asset(&api).await;
        api.new_person("ann", Role::USER).await;
        let body = json!({"username": "shop", "role": "service"});
        let made = api.call("POST", "/v1/users", body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.json().get("one_time_password"), None, "it needs no password");
        let key = api.new_key("shop", &[Scope::Write, Scope::Custody]).await.0;
        let shop = async |method: &str, path: &str, body: Value| api.call_as(&key, method, path, &body).await;

        let event = serde_json::from_str(EVENT).unwrap();
        let got = shop("POST", "/v1/audit/entries", event).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let deposit = json!({"kind": "deposit", "asset": "BTC", "amount": "2", "credit": "user:ann"});
        let got = shop("POST", OPERATIONS, deposit).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let path = format!("{OPERATIONS}/{}", got.json()["id"].as_str().unwrap());
        assert_eq!(
            shop("GET", &path, Value::Null).await.json()["amount"],
            "2.00000000"
        );
        let balances = shop("GET", "/v1/balances?user=ann", Value::Null).await.json();
        assert_eq!(balances["balances"][0]["available"], "2.00000000");
        let kyc =
            json!({"user": "ann", "tier": 1, "documents": [{"kind": "passport", "sha256": "0".repeat(64)}]});
        let got = shop("POST", "/v1/kyc", kyc).await;
        assert_eq!(got.status, 201, "{}", got.text());

        // Users and what is configured are not its business, nor are decisions and the log.
        let id = got.json()["id"].as_str().unwrap().to_owned();
        let asset = json!({"code": "EUR", "name": "Euro", "scale": 2});
        for (method, path, body) in [
            ("POST", "/v1/users", json!({"username": "eve", "role": "viewer"})),
            ("GET", "/v1/users", Value::Null),
            ("GET", "/v1/sessions?user=ann", Value::Null),
            (
                "POST",
                "/v1/api-keys",
                json!({"name": "more", "scopes": ["custody"]}),
            ),
            ("POST", "/v1/assets", asset),
            ("POST", &format!("/v1/kyc/{id}/approve"), json!({})),
            ("GET", "/v1/audit/entries", Value::Null),
            ("GET", "/metrics", Value::Null),
        ] {
            let got = shop(method, path, body).await;
            assert_eq!(got.status, 403, "{method} {path}: {}", got.text());
        }
    }
}

/// A key of too few scopes is told of the scope, not of a permission that its role has no use for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_too_few_scopes_is_told_of_the_scope() {
    let api = Api::new(On::Sqlite).await;
    let body = json!({"username": "shop", "role": "service"});
    api.call("POST", "/v1/users", body).await;
    let key = api.new_key("shop", &[Scope::Write]).await.0;
    let deposit = json!({"kind": "deposit", "asset": "BTC", "amount": "2", "credit": "user:shop"});
    let kyc = json!({"user": "shop", "tier": 0, "documents": []});
    for (method, path, body) in [
        ("POST", OPERATIONS, deposit),
        ("GET", OPERATIONS, Value::Null),
        ("GET", "/v1/balances", Value::Null),
        ("POST", "/v1/kyc", kyc),
        ("GET", "/v1/kyc", Value::Null),
    ] {
        let got = api.call_as(&key, method, path, &body).await;
        got.assert_problem(403, "scope_missing", None);
    }
}

/// Who scraped before goes on: whoever reads the log. And a program that shall read nothing else need not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_for_who_may_read_them_or_the_log() {
    let mut rules = Rules::default();
    let scraper = Role::parse("scraper").unwrap();
    let held = vec![Permission::MetricsRead];
    rules.define(scraper.clone(), String::new(), held).unwrap();
    let identity = IdentityOptions {
        rules: Arc::new(rules),
        ..IdentityOptions::default()
    };
    let api = Api::identity(On::Sqlite, identity).await;
    let mut programs = vec![(scraper, true)];
    let before = |role: &[Permission]| role.contains(&Permission::AuditRead);
    programs.extend(
        BUILT_IN
            .iter()
            .map(|role| (role.name.clone(), before(role.permissions))),
    );
    for (role, may) in programs {
        let name = format!("program-{role}");
        api.new_user(&name, role.clone()).await;
        for (scope, enough) in [(Scope::Read, true), (Scope::Admin, true), (Scope::Write, false)] {
            let key = api.new_key(&name, &[scope]).await.0;
            let got = api.call_as(&key, "GET", "/metrics", &Value::Null).await;
            let expected = if may && enough { 200 } else { 403 };
            assert_eq!(got.status, expected, "{role} {scope:?}: {}", got.text());
        }
    }
    let key = api.new_key("program-scraper", &[Scope::Admin]).await.0;
    for path in ["/v1/audit/entries", "/v1/activity", "/v1/users", "/v1/balances"] {
        let got = api.call_as(&key, "GET", path, &Value::Null).await;
        assert_eq!(got.status, 403, "{path}: {}", got.text());
    }
}
