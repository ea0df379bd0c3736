//! Making users.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On, PASSWORD};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_each_first_credential() {
    for on in BOTH {
        let api = Api::new(on).await;
        let before = api.size().await;
        let full = json!({"username": "ann", "email": "Ann@Example.com", "full_name": "Ann Example",
            "role": "developer", "password": PASSWORD});
        let got = api.call("POST", "/v1/users", full).await;
        assert_eq!(
            (got.status.as_u16(), got.header("etag")),
            (201, "\"1\""),
            "{}",
            got.text()
        );
        let made = got.json();
        assert_eq!(made.as_object().unwrap().len(), 1, "nothing else is shown");
        let user = &made["user"];
        assert_eq!(
            (&user["email"], &user["full_name"], &user["role"], &user["active"]),
            (
                &json!("Ann@Example.com"),
                &json!("Ann Example"),
                &json!("developer"),
                &json!(true)
            )
        );
        assert_eq!(
            got.header("location"),
            format!("/v1/users/{}", user["id"].as_str().unwrap())
        );
        let shown = api.get(got.header("location")).await;
        assert_eq!(
            (shown.header("etag"), &shown.json()["username"]),
            ("\"1\"", &json!("ann"))
        );
        api.token("ann@example.com").await;

        let once = api
            .call("POST", "/v1/users", json!({"username": "bob", "role": "viewer"}))
            .await
            .json();
        assert!(
            once["one_time_password"].is_string() && once.get("invitation").is_none(),
            "{once}"
        );
        let body = json!({"username": "cy", "role": "viewer", "invite": true, "email": null});
        let invited = api.call("POST", "/v1/users", body).await.json();
        assert!(invited["invitation"].as_str().unwrap().starts_with("pri_"));
        assert_eq!(invited.get("one_time_password"), None);
        let written = api.entries_from(before).await;
        let made: Vec<_> = written
            .iter()
            .filter(|entry| entry["action"] == "user.create")
            .collect();
        assert_eq!(made.len(), 3);
        assert_eq!(made[0]["authority"], "role:admin users:write");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_addresses_are_unique_in_any_case() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::VIEWER).await;
        let new =
            |username: &str, email: &str| json!({"username": username, "email": email, "role": "viewer"});
        let got = api
            .call("POST", "/v1/users", new("ann", "other@example.com"))
            .await;
        got.assert_problem(409, "username_taken", Some("username"));
        let got = api
            .call("POST", "/v1/users", new("other", "ANN@example.com"))
            .await;
        got.assert_problem(409, "email_taken", Some("email"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_more_than_they_have() {
    let mut rules = domain::identity::Rules::default();
    let clerk = Role::parse("clerk").unwrap();
    let held = vec![
        domain::identity::Permission::UsersWrite,
        domain::identity::Permission::UsersRead,
    ];
    rules.define(clerk.clone(), "Keeps users".into(), held).unwrap();
    let options = engine::IdentityOptions {
        rules: std::sync::Arc::new(rules),
        ..engine::IdentityOptions::default()
    };
    let api = Api::identity(On::Sqlite, options).await;
    api.new_user("ann", clerk).await;
    api.new_user("vic", Role::VIEWER).await;
    let key = api.new_key("ann", &[Scope::Admin]).await.0;
    let by_clerk = async |method: &str, path: &str, body: Value| {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("if-match", "*")];
        api.call_with(&headers, method, path, &body).await
    };
    for (path, body) in [
        ("/v1/users", json!({"username": "x", "role": "viewer"})),
        ("/v1/users/vic/role", json!({"role": "clerk"})),
        ("/v1/users/ann/role", json!({"role": "admin"})),
        ("/v1/users/vic/reset-password", Value::Null),
        ("/v1/users/vic/invite", Value::Null),
        ("/v1/users/vic/disable", Value::Null),
        ("/v1/users/vic/reset-second-factor", Value::Null),
    ] {
        let got = by_clerk("POST", path, body).await;
        got.assert_problem(403, "exceeds_own", None);
        assert!(
            got.json()["detail"].as_str().unwrap().contains(':'),
            "{}",
            got.text()
        );
    }
    let got = by_clerk("POST", "/v1/users", json!({"username": "x", "role": "clerk"})).await;
    assert_eq!(got.status, 201, "{}", got.text());
}
