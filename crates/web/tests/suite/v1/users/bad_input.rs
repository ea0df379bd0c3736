//! Bodies that are refused, at the edges of their bounds.

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::{Api, On, PASSWORD};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creating() {
    let api = Api::new(On::Sqlite).await;
    let email = |local: usize, domain: usize| format!("{}@{}", "a".repeat(local), "b".repeat(domain));
    let with = |name: &str, value: Value| {
        let mut body = json!({"username": "ann", "role": "viewer", "invite": true});
        body[name] = value;
        body
    };
    for (name, value) in [
        ("username", json!("")),
        ("username", json!("x".repeat(65))),
        ("username", json!("Ann")),
        ("username", json!("a@b")),
        ("username", json!("a b")),
        ("username", json!("é")),
        ("username", json!("me")),
        ("username", json!(".")),
        ("username", json!("..")),
        ("username", json!("01970000-0000-7000-8000-0000000000ab")),
        ("username", json!("0197000000007000800000000000000b")),
        ("username", json!(1)),
        ("username", json!(null)),
        ("email", json!("")),
        ("email", json!("ann")),
        ("email", json!("@example.com")),
        ("email", json!("ann@")),
        ("email", json!("ann@exa..com")),
        ("email", json!("a b@example.com")),
        ("email", json!("<ann@example.com>")),
        ("email", json!(email(65, 10))),
        ("email", json!(email(64, 190))),
        ("email", json!(true)),
        ("full_name", json!("")),
        ("full_name", json!("x".repeat(201))),
        ("full_name", json!("a\nb")),
        ("full_name", json!("a\u{0}b")),
        ("role", json!("")),
        ("role", json!("king")),
        ("role", json!("Admin")),
        ("role", json!(null)),
        ("role", json!("x".repeat(1_000))),
        ("invite", json!("true")),
        ("password", json!(1)),
        ("admin", json!(true)),
        ("id", json!("01970000-0000-7000-8000-0000000000ab")),
    ] {
        let got = api.call("POST", "/v1/users", with(name, value.clone())).await;
        got.assert_problem(400, "invalid_field", Some(name));
    }
    for (body, field) in [
        (json!({"role": "viewer"}), "username"),
        (json!({"username": "ann"}), "role"),
        (
            json!({"username": "ann", "role": "viewer", "password": "short"}),
            "password",
        ),
        (
            json!({"username": "ann", "role": "viewer", "password": PASSWORD, "invite": true}),
            "invite",
        ),
    ] {
        let got = api.call("POST", "/v1/users", body).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    for (username, email, full_name) in [
        ("x".repeat(64), email(64, 189), "é".repeat(200)),
        ("a".to_owned(), "a@b".to_owned(), "x".to_owned()),
        (
            "0._-".to_owned(),
            "ann+x@ex-ample.com".to_owned(),
            "Ann \u{1f600}".to_owned(),
        ),
    ] {
        let body = json!({"username": username, "email": email, "full_name": full_name, "role": "viewer", "invite": true});
        let got = api.call("POST", "/v1/users", body).await;
        assert_eq!(got.status, 201, "{}", got.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changing() {
    let api = Api::new(On::Sqlite).await;
    api.new_user("ann", Role::VIEWER).await;
    api.new_login("bob", Role::VIEWER).await;
    for (path, body, field) in [
        ("", json!({"username": ""}), "username"),
        ("", json!({"username": "A"}), "username"),
        ("", json!({"username": "me"}), "username"),
        (
            "",
            json!({"username": "01970000-0000-7000-8000-0000000000ab"}),
            "username",
        ),
        ("", json!({"username": ["a"]}), "username"),
        ("", json!({"email": "no address"}), "email"),
        ("", json!({"email": 7}), "email"),
        ("", json!({"full_name": "x".repeat(201)}), "full_name"),
        ("", json!({"full_name": {}}), "full_name"),
        ("", json!({"role": "admin"}), "role"),
        ("", json!({"active": false}), "active"),
        ("/role", json!({"role": "king"}), "role"),
        ("/role", json!({"role": 1}), "role"),
        ("/role", json!({"role": "user", "x": 1}), "x"),
        ("/role", json!({}), "role"),
    ] {
        let method = if path.is_empty() { "PATCH" } else { "POST" };
        let got = api
            .change(method, &format!("/v1/users/ann{path}"), "*", body)
            .await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    // An array is no object whose members have no names.
    for (method, path, body) in [
        ("PATCH", "/v1/users/ann", json!(["x", null, null])),
        ("POST", "/v1/users/ann/role", json!(["user"])),
        ("POST", "/v1/users/ann/erase", json!(["reason"])),
        ("POST", "/v1/activity", json!(["action"])),
        ("POST", "/v1/sessions/end", json!([])),
    ] {
        let got = api.change(method, path, "*", body).await;
        got.assert_problem(400, "invalid_field", None);
    }
    for (body, code, field) in [
        (json!({"username": "bob"}), "username_taken", "username"),
        (json!({"email": "BOB@example.com"}), "email_taken", "email"),
    ] {
        let got = api.change("PATCH", "/v1/users/ann", "*", body).await;
        got.assert_problem(409, code, Some(field));
    }
    for (body, field) in [
        (json!({}), "reason"),
        (json!({"reason": ""}), "reason"),
        (json!({"reason": "é".repeat(501)}), "reason"),
        (json!({"reason": 1}), "reason"),
        (json!({"reason": "x", "force": true}), "force"),
    ] {
        let got = api.call("POST", "/v1/users/ann/erase", body).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    let got = api
        .call("POST", "/v1/users/ann/erase", json!({"reason": "é".repeat(500)}))
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
}
