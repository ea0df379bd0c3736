//! `/v1/me/second-factor`, and logging in with it.

use std::sync::Arc;

use domain::identity::{Role, Rules};
use engine::IdentityOptions;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On, PASSWORD};
use crate::totp::code;

const PATH: &str = "/v1/me/second-factor";

fn password() -> Value {
    json!({"password": PASSWORD})
}

async fn enrolled(api: &Api, token: &str) -> String {
    let got = api.call_as(token, "POST", PATH, &password()).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let answer = got.json();
    let secret = answer["secret"].as_str().unwrap().to_owned();
    let uri = answer["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Probity:ann?secret=") && uri.contains(&secret),
        "{uri}"
    );
    secret
}

/// The secret, and the recovery codes. The code of the step before this one is used.
async fn confirmed(api: &Api, token: &str) -> (String, Vec<String>) {
    let secret = enrolled(api, token).await;
    let body = json!({"code": code(&secret, -1)});
    let got = api
        .call_as(token, "POST", &format!("{PATH}/confirm"), &body)
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
    let codes = got.json()["recovery_codes"].as_array().unwrap().clone();
    (
        secret,
        codes
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enrolling_confirming_and_logging_in() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::VIEWER).await;
        let token = api.token("ann").await;
        let secret = enrolled(&api, &token).await;
        // It does not count yet.
        api.token("ann").await;
        let confirm = format!("{PATH}/confirm");
        let got = api
            .call_as(&token, "POST", &confirm, &json!({"code": "000000"}))
            .await;
        // One in a million is right.
        got.assert_problem(403, "invalid_second_factor", Some("code"));
        let first = code(&secret, -1);
        let got = api
            .call_as(&token, "POST", &confirm, &json!({"code": first}))
            .await;
        let codes = got.json()["recovery_codes"].as_array().unwrap().len();
        assert_eq!((got.status.as_u16(), codes), (200, 10), "{}", got.text());
        let me = api.call_as(&token, "GET", "/v1/me", &Value::Null).await.json();
        assert_eq!(me["session"]["second_factor"], true);
        assert_eq!(api.get("/v1/users/ann").await.json()["second_factor"], true);

        let got = api.log_in("ann", PASSWORD, json!({})).await;
        got.assert_problem(401, "second_factor_needed", Some("totp"));
        for wrong in [first.as_str(), "000000", "", "abc"] {
            let got = api.log_in("ann", PASSWORD, json!({"totp": wrong})).await;
            got.assert_problem(401, "invalid_second_factor", None);
        }
        let right = code(&secret, 0);
        let got = api.log_in("ann", "wrong", json!({"totp": right})).await;
        got.assert_problem(401, "invalid_credentials", None);
        let before = api.size().await;
        let got = api.log_in("ann", PASSWORD, json!({"totp": right})).await;
        assert_eq!(got.json()["session"]["second_factor"], true, "{}", got.text());
        let written = api.entries_from(before).await;
        assert_eq!(written[0]["authority"], "password totp");
        let got = api.log_in("ann", PASSWORD, json!({"totp": right})).await;
        got.assert_problem(401, "invalid_second_factor", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recovery_codes_work_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::VIEWER).await;
        let token = api.token("ann").await;
        let (_, codes) = confirmed(&api, &token).await;
        let recover = |code: &str| json!({"recovery_code": code.to_uppercase()});
        let got = api.log_in("ann", PASSWORD, recover(&codes[0])).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let got = api.log_in("ann", PASSWORD, recover(&codes[0])).await;
        got.assert_problem(401, "invalid_second_factor", None);
        let both = json!({"totp": "000000", "recovery_code": codes[1]});
        let got = api.log_in("ann", PASSWORD, both).await;
        got.assert_problem(400, "invalid_field", Some("recovery_code"));
        let path = format!("{PATH}/recovery-codes");
        let got = api.call_as(&token, "POST", &path, &password()).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let new = got.json()["recovery_codes"][0].as_str().unwrap().to_owned();
        let got = api.log_in("ann", PASSWORD, recover(&codes[1])).await;
        got.assert_problem(401, "invalid_second_factor", None);
        assert_eq!(api.log_in("ann", PASSWORD, recover(&new)).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_needs_the_password_and_its_turn() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::VIEWER).await;
    let token = api.token("ann").await;
    for (path, body, status, problem) in [
        ("/confirm", json!({"code": "000000"}), 409, "nothing_to_confirm"),
        ("/recovery-codes", password(), 409, "no_second_factor"),
        ("/remove", password(), 409, "no_second_factor"),
    ] {
        let got = api.call_as(&token, "POST", &format!("{PATH}{path}"), &body).await;
        got.assert_problem(status, problem, None);
    }
    for path in ["", "/recovery-codes", "/remove"] {
        let path = format!("{PATH}{path}");
        let got = api
            .call_as(&token, "POST", &path, &json!({"password": "wrong"}))
            .await;
        got.assert_problem(403, "wrong_password", Some("password"));
        for (body, field) in [
            (json!({}), "password"),
            (json!({"password": 1}), "password"),
            (json!({"password": "a", "x": 1}), "x"),
        ] {
            let got = api.call_as(&token, "POST", &path, &body).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
    }
    confirmed(&api, &token).await;
    let got = api.call_as(&token, "POST", PATH, &password()).await;
    got.assert_problem(409, "second_factor_exists", None);
    let got = api
        .call_as(&token, "POST", &format!("{PATH}/remove"), &password())
        .await;
    assert_eq!(got.status, 204, "{}", got.text());
    api.token("ann").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_can_demand_one() {
    let mut rules = Rules::default();
    rules.require_second_factor(&Role::AUDITOR, true).unwrap();
    let options = IdentityOptions {
        rules: Arc::new(rules),
        ..IdentityOptions::default()
    };
    let api = Api::identity(On::Sqlite, options).await;
    api.new_login("ann", Role::AUDITOR).await;
    let login = api.log_in("ann", PASSWORD, json!({})).await.json();
    assert_eq!(login["must"], "second_factor_required");
    let token = login["token"].as_str().unwrap();
    let got = api.call_as(token, "GET", "/v1/audit/entries", &Value::Null).await;
    got.assert_problem(403, "second_factor_required", None);
    confirmed(&api, token).await;
    let got = api.call_as(token, "GET", "/v1/audit/entries", &Value::Null).await;
    assert_eq!(got.status, 200);
    let got = api
        .call_as(token, "POST", &format!("{PATH}/remove"), &password())
        .await;
    got.assert_problem(403, "second_factor_required", None);
    // Somebody entitled removes it for one who lost it.
    let got = api
        .call("POST", "/v1/users/ann/reset-second-factor", Value::Null)
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
    let login = api.log_in("ann", PASSWORD, json!({})).await.json();
    assert_eq!(login["must"], "second_factor_required");
}
