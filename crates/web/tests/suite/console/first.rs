//! The first page, what every page says while something is wrong, and the search.

use domain::identity::Role;
use serde_json::json;

use super::browser::Browser;
use crate::api::{Api, BOTH, On};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_says_whether_all_is_well_and_what_waits() {
    for on in BOTH {
        let api = Api::new(on).await;
        let approval = json!({"action": "model.deploy", "arguments": {"model": "m-7"}, "reason": "tested"});
        let made = api.call("POST", "/v1/approvals", approval).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let page = browser.page("/").await;
        assert!(
            page.text().contains("Everything is all right."),
            "{}",
            page.text()
        );
        let size = api.size().await;
        assert!(
            page.text()
                .contains(&format!("<strong>{size}</strong><span>entries in the log")),
            "{}",
            page.text()
        );
        assert!(
            page.text().contains("<strong>1</strong><span>approvals wait"),
            "{}",
            page.text()
        );
        assert_eq!(
            page.tags.iter().filter(|tag| &**tag.name == b"rect").count(),
            24,
            "hours of a day"
        );
        for link in page.links().iter().filter(|link| link.contains('?')) {
            let list = browser.page(link).await;
            assert!(!list.text().contains("class=\"wrong\""), "{link}");
        }
        // Who may read none of it is told so, and no more.
        let page = Browser::of(&api, "guest", Role::USER).await.page("/").await;
        assert!(
            !page.text().contains("entries in the log") && !page.text().contains("Verifier key"),
            "{}",
            page.text()
        );
    }
}

/// Somebody with the database, and without the key, changes the head under the running server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_log_is_tampered_with_every_page_says_so() {
    for on in BOTH {
        let api = Api::new(on).await;
        let (root, ann) = (
            Browser::of(&api, "root", Role::ADMIN).await,
            Browser::of(&api, "ann", Role::USER).await,
        );
        let mut intruder = api.engine.db().writer().await.unwrap();
        intruder
            .batch("UPDATE log_head SET origin = 'x' || origin")
            .await
            .unwrap();
        drop(intruder);
        let got = root.post("/agents/new", &[("name", "triage")]).await;
        assert_eq!(got.status, 503, "{}", got.text());
        for (browser, path) in [(&root, "/"), (&root, "/users"), (&ann, "/account")] {
            let page = browser.page(path).await;
            assert!(
                page.text().contains("Read only: somebody changed the log"),
                "{path}: {}",
                page.text()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_search_goes_where_there_is_one() {
    let api = Api::new(On::Sqlite).await;
    let ann = api.new_person("ann", Role::VIEWER).await;
    let agent = api
        .call("POST", "/v1/agents", json!({"name": "triage"}))
        .await
        .json();
    let agent = agent["id"].as_str().unwrap();
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    for (text, place) in [
        ("3", "/audit/entries/3".to_owned()),
        (" ann ", "/users/ann".to_owned()),
        ("triage", "/agents/triage".to_owned()),
        (agent, format!("/agents/{agent}")),
        (&ann.to_string(), format!("/users/{ann}")),
    ] {
        let got = browser
            .get(&format!("/search{}", console::query([("q", text)])))
            .await;
        assert_eq!(
            (got.status.as_u16(), got.header("location")),
            (303, &*place),
            "{text}"
        );
        browser.page(&place).await;
    }
    let page = browser.page("/search?q=nobody%2F..%22").await;
    assert!(
        page.text().contains("Looked among") && page.text().contains("users"),
        "{}",
        page.text()
    );
    browser.page("/search").await;
    // Who may not read users does not find out who there is.
    let guest = Browser::of(&api, "guest", Role::USER).await;
    assert!(
        guest
            .page("/search?q=ann")
            .await
            .text()
            .contains("Nothing was found.")
    );
}
