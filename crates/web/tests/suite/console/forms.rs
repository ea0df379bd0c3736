//! What can be changed by forms.

use domain::identity::Role;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::api::{Api, BOTH, On};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_sent_twice_does_it_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let page = browser.page("/agents/new").await;
        let key = page.value("_key").unwrap();
        let fields = [
            ("name", "triage"),
            ("description", "Sorts tickets"),
            ("_key", key.as_str()),
        ];
        let first = browser.post("/agents/new", &fields).await;
        assert_eq!(first.status, 303, "{}", first.text());
        let again = browser.post("/agents/new", &fields).await;
        assert_eq!(
            (again.status, again.header("location")),
            (first.status, first.header("location"))
        );
        let agents = api.get("/v1/agents").await.json();
        assert_eq!(agents["agents"].as_array().unwrap().len(), 1);
        let one = browser.page(first.header("location")).await;
        assert!(
            one.text().contains("Sorts tickets") && one.text().contains("Agent triage"),
            "{}",
            one.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_is_shown_first_and_nobody_s_change_is_lost() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::VIEWER).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let path = format!("/users/{ann}/edit");
        let page = browser.page(&path).await;
        let version = page.value("_version").unwrap();
        assert_eq!(
            (page.value("username").as_deref(), page.value("email").as_deref()),
            (Some("ann"), Some(""))
        );
        let fields = [
            ("username", "ann"),
            ("email", "ann@example.com"),
            ("full_name", "Ann Example"),
            ("_version", &*version),
        ];
        let got = browser.post(&path, &fields).await;
        assert_eq!(
            (got.status.as_u16(), got.header("location")),
            (303, &*format!("/users/{ann}")),
            "{}",
            got.text()
        );
        let shown = api.get("/v1/users/ann").await.json();
        assert_eq!(shown["email"], "ann@example.com");
        // Somebody who saw it before that.
        let got = browser.post(&path, &fields).await;
        assert_eq!(got.status, 412, "{}", got.text());
        // What is emptied is removed.
        let page = browser.page(&path).await;
        let version = page.value("_version").unwrap();
        let fields = [
            ("username", "ann"),
            ("email", ""),
            ("full_name", "Ann Example"),
            ("_version", &*version),
        ];
        assert_eq!(browser.post(&path, &fields).await.status, 303);
        assert_eq!(api.get("/v1/users/ann").await.json()["email"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_undone_asks_for_the_name() {
    let api = Api::new(On::Sqlite).await;
    let id = api.new_person("ann", Role::VIEWER).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let page = browser.page("/users/ann/erase").await;
    assert!(page.text().contains("This cannot be undone.") && page.text().contains("Type ann to confirm"));
    let got = browser
        .post("/users/ann/erase", &[("reason", "asked for"), ("_name", "bob")])
        .await;
    assert_eq!(got.status, 400);
    assert!(Page::of(got).text().contains("c-_name-wrong"));
    assert_eq!(api.get("/v1/users/ann").await.status, 200);
    let got = browser
        .post("/users/ann/erase", &[("reason", "asked for"), ("_name", "ann")])
        .await;
    assert_eq!(got.status, 303, "{}", got.text());
    // Its name leads nowhere any more.
    assert_eq!(got.header("location"), format!("/users/{id}"));
    assert_eq!(browser.get(&format!("/users/{id}")).await.status, 200);
    assert_eq!(api.get("/v1/users/ann").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_revoked_by_its_name_or_its_id() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let mut typed = ["till 3".to_owned(), String::new()];
    for place in 0..2 {
        let made = api
            .call(
                "POST",
                "/v1/api-keys",
                json!({"name": "till 3", "scopes": ["read"]}),
            )
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        let id = made.json()["api_key"]["id"].as_str().unwrap().to_owned();
        typed[1].clone_from(&id);
        let path = format!("/api-keys/{id}/revoke");
        assert!(
            browser
                .page(&path)
                .await
                .text()
                .contains("Type till 3 to confirm")
        );
        assert_eq!(browser.post(&path, &[("_name", "till")]).await.status, 400);
        let got = browser.post(&path, &[("_name", &typed[place])]).await;
        assert_eq!(got.status, 303, "{}", got.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_asked_for_leads_to_the_jobs() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let got = browser.post("/jobs/verify/run", &[]).await;
    assert_eq!((got.status.as_u16(), got.header("location")), (303, "/jobs"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_once_is_shown() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let fields = [
        ("name", "shop"),
        ("scopes", "read"),
        ("scopes", "write"),
        ("expires_at", "2030-01-01T00:00"),
    ];
    let got = browser.post("/api-keys/new", &fields).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let page = Page::of(got);
    let key = page.each("pre", "data-copy")[0].clone();
    let me = api.call_as(&key, "GET", "/v1/me", &Value::Null).await.json();
    assert_eq!(me["scopes"], json!(["read", "write"]));
    assert_eq!(me["key"]["expires_at"], "2030-01-01T00:00:00.000000Z");
    let next = page
        .links()
        .into_iter()
        .find(|link| link.starts_with("/api-keys/") && !link.ends_with("/new"))
        .unwrap();
    assert!(
        !browser.page(&next).await.text().contains(&key),
        "and never again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_says_what_to_do_and_names_its_entry() {
    let api = Api::new(On::Sqlite).await;
    api.new_person("ann", Role::VIEWER).await;
    let browser = Browser::of(&api, "eve", Role::AUDITOR).await;
    let got = browser.post("/users/ann/disable", &[]).await;
    assert_eq!(got.status, 403, "{}", got.text());
    let page = Page::of(got);
    let size = api.size().await;
    assert!(
        page.links().contains(&format!("/audit/entries/{}", size - 1)),
        "{:?}",
        page.links()
    );
    assert!(page.text().contains("users:write"), "{}", page.text());
}

/// Every form opens, and no other site can send it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_form_can_be_sent_by_another_site() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let before = api.size().await;
    let mut tried = 0;
    for (verb, template, _) in web::pages().filter(|(verb, ..)| *verb == web::Verb::Post) {
        assert_eq!(verb, web::Verb::Post);
        let path = template
            .replace("{job}", "verify")
            .replace("{id}", "x")
            .replace("{document}", "x");
        let got = browser.post_from_elsewhere(&path, &[("username", "x")]).await;
        assert_eq!(got.status, 403, "{path}: {}", got.text());
        assert!(Page::of(got).text().contains("cross_site"), "{path}");
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
    assert_eq!(api.size().await, before, "nothing was done");
    for (_, template, _) in
        web::pages().filter(|(verb, path, _)| *verb == web::Verb::Get && !path.contains('{'))
    {
        let got = browser.get(template).await;
        assert!(
            [200, 303].contains(&got.status.as_u16()),
            "{template}: {}",
            got.text()
        );
        if got.status == 200 {
            Page::of(got);
        }
    }
}
