//! What somebody stored does nothing in a page.

use axum::body::Body;
use domain::identity::Role;
use http::{HeaderMap, Request};
use serde_json::json;

use super::browser::{Browser, Page};
use crate::api::{Api, BOTH, On};

pub const BAD: &str =
    "\"'><img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>\u{202e}";
/// What would clear a terminal, where it is copied from a page.
const STEERS: &str = "\u{1b}[2J\u{9b}2J\u{7f}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_stored_text_runs_in_a_page() {
    for on in BOTH {
        let api = Api::new(on).await;
        let event = json!({
            "actor": {"kind": "user", "id": BAD, "name": BAD, "on_behalf_of": BAD},
            "action": "order.update", "target": {"kind": "order", "id": BAD}, "description": BAD,
            "details": {BAD: {BAD: [BAD, "javascript:alert(4)", STEERS]}, STEERS: 1}, "user_agent": BAD, "trace_id": BAD, "session_id": BAD,
        });
        let event_is_taken = api.call("POST", "/v1/audit/entries", event.clone()).await;
        if event_is_taken.status != 201 {
            let mut event = event;
            event.as_object_mut().unwrap().remove("trace_id");
            let got = api.call("POST", "/v1/audit/entries", event).await;
            assert_eq!(got.status, 201, "{}", got.text());
        }
        let agent = json!({"name": "bad", "description": BAD, "release": BAD});
        assert_eq!(api.call("POST", "/v1/agents", agent).await.status, 201);
        let asset = json!({"code": "BAD", "name": BAD, "scale": 2});
        assert_eq!(api.call("POST", "/v1/assets", asset).await.status, 201);
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let bad = console::encoded(BAD);
        for list in [
            "/audit/entries",
            "/activity",
            "/agents",
            "/assets",
            "/users",
            "/api-keys",
        ] {
            let page = browser.page(list).await;
            unharmed(&page, list);
            for row in page.rows() {
                unharmed(&browser.page(&row).await, &row);
            }
        }
        // The same in the address, and in forms.
        for path in [
            format!("/audit/entries?text={bad}&actor={bad}"),
            format!("/audit/entries?outcome={bad}&{bad}={bad}"),
            format!("/agents/new?name={bad}&description={bad}"),
            format!("/sign-in?next={bad}&note={bad}"),
        ] {
            unharmed(&Page::of(browser.get(&path).await), &path);
        }
        let got = browser
            .post("/agents/new", &[("name", BAD), ("description", BAD)])
            .await;
        assert_eq!(got.status, 400);
        unharmed(&Page::of(got), "a form that came back");
        unharmed(&Page::of(browser.get(&format!("/users/{bad}")).await), "a path");
    }
}

/// [`Page::of`] has looked at the elements; none of them came out of a text.
pub fn unharmed(page: &Page, what: &str) {
    assert!(page.each("img", "src").is_empty(), "{what}");
    let scripts = page.each("script", "src");
    assert!(
        scripts.iter().all(|source| source.starts_with("/static/")),
        "{what}: {scripts:?}"
    );
    assert_eq!(page.text().matches("<script").count(), scripts.len(), "{what}");
    assert!(
        !page.text().contains("<img") && !page.text().contains("<svg onload"),
        "{what}"
    );
    let steers = |c: char| c.is_control() && !"\n\r\t".contains(c) || c == '\u{202e}';
    assert!(!page.text().contains(steers), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_says_what_browsers_must_keep_to() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let nobody = Browser::new(&api);
    let mut answers: Vec<(String, HeaderMap)> = Vec::new();
    for (_, path, _) in web::pages().filter(|(verb, ..)| *verb == web::Verb::Get) {
        for who in [&browser, &nobody] {
            let got = who.get(&path.replace("{id}", "x")).await;
            if got.status != 303 && path != "/static/{name}" {
                answers.push((path.to_owned(), got.headers));
            }
        }
    }
    answers.push(("/nothing".into(), browser.get("/nothing").await.headers));
    answers.push(("again".into(), browser.get_from_elsewhere("/").await.headers));
    assert!(answers.len() > 60, "{}", answers.len());
    for (path, headers) in &answers {
        for (name, value) in [
            ("content-security-policy", console::assets::POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(headers.get(name).unwrap(), value, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_ends_a_header() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    for path in [
        "/audit/entries?actor=&action=a%0d%0aSet-Cookie:%20x=y",
        "/sign-in?next=/a%0d%0aSet-Cookie:%20x=y",
    ] {
        let got = browser.get(path).await;
        assert!(got.headers.get("set-cookie").is_none(), "{path}");
        assert!(!got.header("location").contains('\r'), "{path}");
    }
    let request = Request::get("/audit/entries")
        .header("cookie", "probity-zone=%0d%0a<script>; probity-theme=\"><script>");
    let got = api.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(got.status, 303);
}
