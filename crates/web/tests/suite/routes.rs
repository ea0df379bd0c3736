//! What holds for every endpoint.

use axum::body::Body;
use domain::identity::Role;
use http::Request;
use serde_json::Value;
use web::{Access, endpoints};

use crate::api::{Api, On};

/// A path that matches the template.
fn concrete(template: &str) -> String {
    template
        .replace("/{*position}", "/0/000")
        .replace("{id}", "0")
        .replace("{document}", "0")
        .replace("{job}", "verify")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_only_health_checkpoint_tiles_and_documentation_answer() {
    let api = Api::new(On::Sqlite).await;
    let mut open = Vec::new();
    let before = api.size().await;
    for (verb, template, access) in endpoints() {
        let path = concrete(template);
        let request = |credential: Option<&str>| {
            let mut request = Request::builder().method(verb.as_str()).uri(&path);
            if let Some(credential) = credential {
                request = request.header("authorization", credential);
            }
            request.body(Body::empty()).unwrap()
        };
        if matches!(access, Access::Open | Access::Credentials) {
            let got = api.send(request(None)).await;
            assert!(
                got.status != 401 && got.status != 403,
                "{template}: {}",
                got.text()
            );
            open.push(template);
            continue;
        }
        let unknown = engine::Engine::new_token(domain::identity::token::TokenKind::ApiKey).unwrap();
        let mut typo = api.key.clone();
        typo.replace_range(10..11, if &typo[10..11] == "x" { "y" } else { "x" });
        let unknown = format!("Bearer {}", unknown.secret());
        let no_session = engine::Engine::new_token(domain::identity::token::TokenKind::Session).unwrap();
        let no_session = format!("Bearer {}", no_session.secret());
        let invitation = engine::Engine::new_token(domain::identity::token::TokenKind::Invitation).unwrap();
        let invitation = format!("Bearer {}", invitation.secret());
        for (credential, code) in [
            (None, "no_credential"),
            (Some("Basic dXNlcjpwYXNz"), "malformed_credential"),
            (Some("Bearer"), "malformed_credential"),
            (Some("Bearer "), "malformed_token"),
            (Some(&*format!("Bearer {typo}")), "malformed_token"),
            (Some(&*unknown), "unknown_api_key"),
            (Some(&*no_session), "unknown_session"),
            (Some(&*invitation), "malformed_token"),
        ] {
            let got = api.send(request(credential)).await;
            got.assert_problem(401, code, None);
            assert!(
                got.header("www-authenticate").starts_with("Bearer"),
                "{template} {credential:?}"
            );
        }
    }
    assert_eq!(api.size().await, before, "who is not known writes nothing");
    assert_eq!(
        open,
        [
            "/v1/auth/login",
            "/v1/auth/invitation",
            "/log/checkpoint",
            "/log/tile/{*position}",
            "/health/live",
            "/health/ready",
            "/openapi.json",
            "/docs",
            "/docs/style.css"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_credentials_are_none() {
    let api = Api::new(On::Sqlite).await;
    let request = api
        .request("GET", "/v1/me")
        .header("authorization", format!("Bearer {}", api.key));
    api.send(request.body(Body::empty()).unwrap())
        .await
        .assert_problem(401, "malformed_credential", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_says_what_browsers_may_not_do() {
    let api = Api::new(On::Sqlite).await;
    let mut paths: Vec<String> = endpoints().map(|(_, template, _)| concrete(template)).collect();
    paths.extend(["/".into(), "/v1/nothing".into(), "/log/tile/x".into()]);
    for path in paths.iter().filter(|path| !path.ends_with("/stream")) {
        for method in ["GET", "DELETE"] {
            let got = api
                .send(api.request(method, path).body(Body::empty()).unwrap())
                .await;
            assert_eq!(got.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(got.header("referrer-policy"), "no-referrer", "{method} {path}");
            assert!(
                got.header("content-security-policy")
                    .starts_with("default-src 'none'")
                    && got.header("content-security-policy").contains("base-uri 'none'"),
                "{method} {path}"
            );
            assert_eq!(got.header("server"), "", "{method} {path}");
            let cache = got.header("cache-control");
            assert!(
                cache == "no-store" || path.starts_with("/log/") && cache.starts_with("public"),
                "{path}: {cache}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_a_problem_too() {
    let api = Api::new(On::Sqlite).await;
    for path in [
        "/v1",
        "/v1/audit/entries/",
        "/v1/audit/entries/0/receipt/x",
        "/V1/me",
        "/v1/me/",
        "/log/",
    ] {
        api.get(path).await.assert_problem(404, "unknown_path", None);
    }
    for (method, path, allow) in [
        ("DELETE", "/v1/audit/entries", "GET, HEAD, POST"),
        ("PUT", "/v1/audit/entries/0", "GET, HEAD"),
        ("POST", "/v1/me", "GET, HEAD"),
        ("PATCH", "/log/checkpoint", "GET, HEAD"),
        ("POST", "/log/tile/0/000", "GET, HEAD"),
        ("DELETE", "/v1/activity", "GET, HEAD, POST"),
    ] {
        let got = api
            .send(api.request(method, path).body(Body::empty()).unwrap())
            .await;
        got.assert_problem(405, "method_not_allowed", None);
        let allowed = got.headers.get_all("allow").iter().collect::<Vec<_>>();
        assert_eq!(allowed, [allow], "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_parameters_are_refused_everywhere() {
    let api = Api::new(On::Sqlite).await;
    let user = api.new_person("ann", Role::ADMIN).await;
    let session = api.new_session(user).await.0;
    for (verb, template, _) in endpoints() {
        let path = format!("{}?nonsense=1", concrete(template));
        let got = api.call_as(&session, verb.as_str(), &path, &Value::Null).await;
        got.assert_problem(400, "unknown_parameter", Some("nonsense"));
    }
}
