//! `/v1/auth/invitation`, and inviting.

use std::sync::Arc;

use domain::identity::{Role, Rules};
use engine::IdentityOptions;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On, PASSWORD};

const ACCEPT: &str = "/v1/auth/invitation";

async fn invited(api: &Api, name: &str) -> String {
    let new = json!({"username": name, "role": "viewer", "invite": true});
    let got = api.call("POST", "/v1/users", new).await;
    assert_eq!(got.status, 201, "{}", got.text());
    got.json()["invitation"].as_str().unwrap().to_owned()
}

async fn assert_invalid(api: &Api, token: &str) {
    let body = json!({"token": token, "password": PASSWORD});
    let got = api.call_as("", "POST", ACCEPT, &body).await;
    got.assert_problem(401, "invalid_invitation", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_sets_a_password_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        let token = invited(&api, "ann").await;
        let before = api.size().await;
        let state = api.get("/v1/users/ann").await.json();
        assert!(state["invited_until"].is_string(), "{state}");
        // A password that is refused does not use it up.
        let short = json!({"token": token, "password": "short"});
        let got = api.call_as("", "POST", ACCEPT, &short).await;
        got.assert_problem(400, "invalid_field", Some("password"));
        let body = json!({"token": token, "password": PASSWORD});
        let got = api.call_as("", "POST", ACCEPT, &body).await;
        assert_eq!(got.status, 200, "{}", got.text());
        assert_eq!((got.header("etag"), &got.json()["version"]), ("\"2\"", &json!(2)));
        assert_eq!(got.json()["password_change_required"], false);
        let written = api.entries_from(before).await;
        assert_eq!(written.last().unwrap()["action"], "invitation.accept");
        assert_invalid(&api, &token).await;
        api.token("ann").await;
        assert_eq!(
            api.get("/v1/users/ann").await.json()["invited_until"],
            json!(null)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_invitation_withdraws_the_former_one() {
    let api = Api::new(On::Sqlite).await;
    let first = invited(&api, "ann").await;
    let got = api.call("POST", "/v1/users/ann/invite", Value::Null).await;
    assert_eq!((got.status.as_u16(), got.header("etag")), (200, "\"1\""));
    let second = got.json()["invitation"].as_str().unwrap().to_owned();
    assert_invalid(&api, &first).await;
    // So does a reset, and a disabled user accepts none.
    assert_eq!(
        api.call("POST", "/v1/users/ann/reset-password", Value::Null)
            .await
            .status,
        200
    );
    assert_invalid(&api, &second).await;
    let got = api.call("POST", "/v1/users/ann/invite", Value::Null).await;
    let third = got.json()["invitation"].as_str().unwrap().to_owned();
    assert_eq!(
        api.call("POST", "/v1/users/ann/disable", Value::Null)
            .await
            .status,
        200
    );
    assert_invalid(&api, &third).await;
    let got = api.call("POST", "/v1/users/ann/invite", Value::Null).await;
    got.assert_problem(409, "user_disabled", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepting_ends_every_session() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::VIEWER).await;
    let session = api.token("ann").await;
    let got = api.call("POST", "/v1/users/ann/invite", Value::Null).await;
    let me = api.call_as(&session, "GET", "/v1/me", &Value::Null).await;
    assert_eq!(me.status, 200, "until it is accepted");
    let body = json!({"token": got.json()["invitation"], "password": "another horse, another staple"});
    assert_eq!(api.call_as("", "POST", ACCEPT, &body).await.status, 200);
    let me = api.call_as(&session, "GET", "/v1/me", &Value::Null).await;
    me.assert_problem(401, "session_ended", None);
    api.log_in("ann", PASSWORD, json!({}))
        .await
        .assert_problem(401, "invalid_credentials", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invitations_expire() {
    let mut rules = Rules::default();
    rules.invitation_s = 0;
    let options = IdentityOptions {
        rules: Arc::new(rules),
        ..IdentityOptions::default()
    };
    let api = Api::identity(On::Sqlite, options).await;
    let token = invited(&api, "ann").await;
    assert_invalid(&api, &token).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input() {
    let api = Api::new(On::Sqlite).await;
    let token = invited(&api, "ann").await;
    for (body, field) in [
        (json!({"token": token}), "password"),
        (json!({"password": PASSWORD}), "token"),
        (json!({"token": 7, "password": PASSWORD}), "token"),
        (json!({"token": token, "password": []}), "password"),
        (json!({"token": token, "password": PASSWORD, "more": 1}), "more"),
        (json!({"token": token, "password": "x".repeat(257)}), "password"),
        (json!({"token": token, "password": "password1234"}), "password"),
    ] {
        let got = api.call_as("", "POST", ACCEPT, &body).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    for other in [
        "",
        "junk",
        "pri_0000000000000000000000000000000000000000000AbCdEf",
        &api.key,
    ] {
        assert_invalid(&api, other).await;
    }
}
