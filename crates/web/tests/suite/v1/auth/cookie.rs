//! The session cookie of a browser.

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::{Api, Got, On, PASSWORD};

const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn log_in(api: &Api, headers: &[(&str, &str)]) -> Got {
    let body = json!({"username": "ann", "password": PASSWORD, "cookie": true});
    api.call_with(headers, "POST", "/v1/auth/login", &body).await
}

/// Name and value of the cookie that was set.
fn pair(got: &Got) -> String {
    got.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_gets_a_cookie_that_no_page_reads_and_no_other_site_sends() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::DEVELOPER).await;
    let got = log_in(&api, &[OURS]).await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert_eq!(got.json().get("token"), None, "the token is in the cookie alone");
    let cookie = got.header("set-cookie");
    let mut parts = cookie.split("; ");
    assert!(parts.next().unwrap().starts_with("__Host-probity=prs_"));
    let mut attributes: Vec<_> = parts.collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict", "Secure"]
    );
    // The other sign that a browser gives.
    let headers = [("origin", "https://probity.example"), ("host", "probity.example")];
    assert_eq!(log_in(&api, &headers).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_cannot_log_a_browser_in() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::DEVELOPER).await;
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("host", "probity.example")],
        &[("origin", "null"), ("host", "probity.example")],
    ];
    let before = api.size().await;
    for headers in foreign {
        let got = log_in(&api, headers).await;
        got.assert_problem(403, "cross_site", None);
        assert_eq!(got.header("set-cookie"), "");
    }
    assert_eq!(api.size().await, before, "no session began");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_cookie_reading_is_free_and_changing_needs_our_own_page() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::ADMIN).await;
    let cookie = pair(&log_in(&api, &[OURS]).await);
    let with = ("cookie", cookie.as_str());
    let me = api.call_with(&[with], "GET", "/v1/me", &Value::Null).await;
    assert_eq!(me.json()["user"]["username"], "ann");
    let new = json!({"username": "bob", "role": "viewer", "invite": true});
    for headers in [&[with][..], &[with, ("sec-fetch-site", "cross-site")]] {
        let got = api.call_with(headers, "POST", "/v1/users", &new).await;
        got.assert_problem(403, "cross_site", None);
    }
    let got = api.call_with(&[with, OURS], "POST", "/v1/users", &new).await;
    assert_eq!(got.status, 201, "{}", got.text());
    // With the same token in the header no browser is involved.
    let bearer = cookie.replace("__Host-probity=", "Bearer ");
    let bob = json!({"reason": "test"});
    let got = api
        .call_with(&[("authorization", &bearer)], "POST", "/v1/users/bob/erase", &bob)
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
    // A header counts before the cookie, also a bad one.
    let got = api
        .call_with(
            &[with, ("authorization", "Bearer prs_x")],
            "GET",
            "/v1/me",
            &Value::Null,
        )
        .await;
    got.assert_problem(401, "malformed_token", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_removes_the_cookie_and_ends_the_session() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::DEVELOPER).await;
    let cookie = pair(&log_in(&api, &[OURS]).await);
    let with = ("cookie", cookie.as_str());
    let got = api
        .call_with(&[with], "POST", "/v1/auth/logout", &Value::Null)
        .await;
    got.assert_problem(403, "cross_site", None);
    let got = api
        .call_with(&[with, OURS], "POST", "/v1/auth/logout", &Value::Null)
        .await;
    assert_eq!(got.status, 204);
    assert_eq!(
        got.header("set-cookie"),
        "__Host-probity=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"
    );
    let got = api.call_with(&[with], "GET", "/v1/me", &Value::Null).await;
    got.assert_problem(401, "session_ended", None);
}

/// A key does not end by itself, and nobody logs it out: it is no session, wherever it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_key_in_the_cookie_is_no_session() {
    let api = Api::new(On::Sqlite).await;
    let cookie = format!("__Host-probity={}", api.key);
    for (method, path) in [
        ("GET", "/v1/me"),
        ("GET", "/v1/audit/entries"),
        ("POST", "/v1/auth/logout"),
    ] {
        let headers = [("cookie", cookie.as_str()), OURS];
        let got = api.call_with(&headers, method, path, &Value::Null).await;
        got.assert_problem(401, "malformed_credential", None);
    }
    let bearer = format!("Bearer {}", api.key);
    let headers = [("cookie", cookie.as_str()), ("authorization", &bearer)];
    let got = api.call_with(&headers, "GET", "/v1/me", &Value::Null).await;
    assert_eq!(got.status, 200, "the header counts: {}", got.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_without_a_token_is_no_credential() {
    let api = Api::new(On::Sqlite).await;
    let cookie = "__Host-probity=junk";
    let got = api
        .call_with(&[("cookie", cookie)], "GET", "/v1/me", &Value::Null)
        .await;
    got.assert_problem(401, "malformed_token", None);
    let got = api
        .call_with(&[("cookie", "probity=x")], "GET", "/v1/me", &Value::Null)
        .await;
    got.assert_problem(401, "no_credential", None);
}
