//! `/v1/me/password`

use domain::identity::Role;
use engine::IdentityOptions;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On, PASSWORD};

const PATH: &str = "/v1/me/password";
const NEW: &str = "another horse, another staple";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_ends_the_other_sessions() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::VIEWER).await;
        let (mine, other) = (api.token("ann").await, api.token("ann").await);
        let before = api.size().await;
        let body = json!({"current_password": PASSWORD, "new_password": NEW});
        let got = api.call_as(&mine, "POST", PATH, &body).await;
        assert_eq!(got.status, 204, "{}", got.text());
        let written = api.entries_from(before).await;
        assert_eq!(written.len(), 1);
        assert_eq!(written[0]["action"], "authn_password_change");
        assert_eq!(
            api.call_as(&mine, "GET", "/v1/me", &Value::Null).await.status,
            200
        );
        let me = api.call_as(&other, "GET", "/v1/me", &Value::Null).await;
        me.assert_problem(401, "session_ended", None);
        api.log_in("ann", PASSWORD, json!({}))
            .await
            .assert_problem(401, "invalid_credentials", None);
        assert_eq!(api.log_in("ann", NEW, json!({})).await.status, 200);
        let user = api.get("/v1/users/ann").await.json();
        assert!(user["password_changed_at"].is_string(), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_one_time_password_is_good_for_nothing_else() {
    for on in BOTH {
        let api = Api::new(on).await;
        let made = api
            .call("POST", "/v1/users", json!({"username": "ann", "role": "viewer"}))
            .await
            .json();
        let once = made["one_time_password"].as_str().unwrap();
        assert_eq!(made["user"]["password_change_required"], true);
        let login = api.log_in("ann", once, json!({})).await.json();
        assert_eq!(login["must"], "password_change_required");
        let token = login["token"].as_str().unwrap();
        let got = api.call_as(token, "GET", "/v1/audit/entries", &Value::Null).await;
        got.assert_problem(403, "password_change_required", None);
        let body = json!({"current_password": once, "new_password": NEW});
        assert_eq!(api.call_as(token, "POST", PATH, &body).await.status, 204);
        let got = api.call_as(token, "GET", "/v1/audit/entries", &Value::Null).await;
        assert_eq!(got.status, 200, "at once");
        let me = api.call_as(token, "GET", "/v1/me", &Value::Null).await.json();
        assert_eq!(
            (&me["must"], &me["user"]["password_change_required"]),
            (&json!(null), &json!(false))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_current_password_is_counted_like_a_wrong_login() {
    let api = Api::standing(On::Sqlite, IdentityOptions::default()).await;
    api.new_login("ann", Role::VIEWER).await;
    let token = api.token("ann").await;
    let before = api.size().await;
    let body = json!({"current_password": "wrong", "new_password": NEW});
    let wrong = 10;
    for _ in 0..wrong {
        let got = api.call_as(&token, "POST", PATH, &body).await;
        got.assert_problem(403, "wrong_password", Some("current_password"));
    }
    let right = json!({"current_password": PASSWORD, "new_password": NEW});
    let got = api.call_as(&token, "POST", PATH, &right).await;
    got.assert_problem(429, "too_many_logins", None);
    assert!(got.header("retry-after").parse::<u64>().unwrap() >= 1);
    let written = api.entries_from(before).await;
    let failed = written
        .iter()
        .filter(|entry| entry["action"] == "authn_password_change_fail");
    assert_eq!(failed.count(), wrong, "{written:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input() {
    let api = Api::new(On::Sqlite).await;
    let user = api.new_person("ann.lovelace", Role::VIEWER).await;
    let token = api.new_session(user).await.0;
    for (new, current, field) in [
        (json!("x7-"), json!("a"), "new_password"),
        (json!("k3Zw9qLm2Xv"), json!("a"), "new_password"),
        (json!("é".repeat(257)), json!("a"), "new_password"),
        (json!("password1234"), json!("a"), "new_password"),
        (json!("lovelace-lovelace-1"), json!("a"), "new_password"),
        (json!(1), json!("a"), "new_password"),
        (json!(NEW), json!(null), "current_password"),
    ] {
        let body = json!({"current_password": current, "new_password": new});
        let got = api.call_as(&token, "POST", PATH, &body).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    for (body, field) in [
        (json!({"new_password": NEW}), "current_password"),
        (json!({"current_password": "a"}), "new_password"),
        (json!({"current_password": "a", "new_password": NEW, "x": 1}), "x"),
    ] {
        let got = api.call_as(&token, "POST", PATH, &body).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    // Twelve characters are enough; so the current one is looked at.
    let body = json!({"current_password": "a", "new_password": "k3Zw9qLm2Xv7"});
    let got = api.call_as(&token, "POST", PATH, &body).await;
    got.assert_problem(403, "wrong_password", Some("current_password"));
}
