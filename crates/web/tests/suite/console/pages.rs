//! Every page opens, and leads on.

use domain::{Caller, identity::Role};
use serde_json::json;

use super::browser::{Browser, Page};
use crate::api::{Api, BOTH, On};

/// What a development database has: people, money, KYC, workflows.
pub async fn seeded(on: On) -> Api {
    let api = Api::new(on).await;
    let operator = Caller::Operator { name: "test".into() };
    api.engine.seed(&operator, true).await.unwrap();
    api
}

/// The places of the navigation.
fn places(page: &Page) -> Vec<String> {
    let text = page.text();
    let (_, menu) = text.split_once("id=\"menu\"").unwrap();
    let menu = menu.split("</nav>").next().unwrap();
    menu.split("<a href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_place_of_the_navigation_opens_and_so_does_its_first_row() {
    for on in BOTH {
        let api = seeded(on).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let places = places(&browser.page("/").await);
        assert!(places.len() > 20, "{places:?}");
        let mut with_rows = 0;
        for place in &places {
            let page = browser.page(place).await;
            assert!(page.text().contains("aria-current=\"page\""), "{place}");
            assert!(
                page.got.body.len() < 60_000,
                "{place}: {} bytes",
                page.got.body.len()
            );
            let Some(row) = page.rows().into_iter().next() else {
                continue;
            };
            with_rows += 1;
            let one = browser.page(&row).await;
            assert!(one.text().contains("<h1>"), "{row}");
            // What belongs to it opens too.
            for link in one.links().iter().filter(|link| link.starts_with('/')) {
                let got = browser.get(link).await;
                assert!(
                    [200, 303].contains(&got.status.as_u16()),
                    "{row}: {link}: {}",
                    got.text()
                );
            }
        }
        assert!(with_rows > 12, "{with_rows}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_go_on_and_come_back() {
    for on in BOTH {
        let api = Api::new(on).await;
        let event = json!({"actor": {"kind": "user", "id": "u"}, "action": "order.update"});
        api.record(&json!(vec![event; 120])).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let first = browser.page("/audit/entries?action=order.update").await;
        assert_eq!(first.rows().len(), 50);
        let next = first
            .links()
            .into_iter()
            .find(|link| link.contains("cursor="))
            .unwrap();
        let second = browser.page(&next).await;
        assert_eq!(second.rows().len(), 50);
        assert!(second.rows().iter().all(|row| !first.rows().contains(row)));
        assert!(
            second.links().contains("/audit/entries?action=order.update"),
            "back to the first page"
        );
        let next = second
            .links()
            .into_iter()
            .find(|link| link.contains("cursor="))
            .unwrap();
        let third = browser.page(&next).await;
        assert_eq!(third.rows().len(), 20);
        assert!(third.text().contains("20 shown, no more"));
        assert!(
            first.text().contains("/v1/audit/entries?action=order.update"),
            "the call of the API"
        );
        assert!(
            first
                .text()
                .contains("<title>Audit log, 50 shown · development · Probity</title>")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_a_page_too() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    for path in [
        "/nothing",
        "/audit/entries/999999",
        "/users/nobody",
        "/approvals/01970000-0000-7000-8000-0000000000ab",
    ] {
        let got = browser.get(path).await;
        assert_eq!(got.status, 404, "{path}: {}", got.text());
        let page = Page::of(got);
        assert!(
            page.links().contains("/audit/entries"),
            "{path} has the navigation"
        );
    }
    let got = browser.get("/approvals/7").await;
    assert_eq!(got.status, 400, "{}", got.text());
    assert!(Page::of(got).text().contains("invalid_field"));
    // Programs get what programs read.
    api.get("/nothing")
        .await
        .assert_problem(404, "unknown_path", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_role_may_not_read_says_who_may() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "ann", Role::USER).await;
    let got = browser.get("/audit/entries").await;
    assert_eq!(got.status, 403, "{}", got.text());
    let page = Page::of(got);
    assert!(
        page.text().contains("permission_missing") && page.text().contains("auditor"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("Recorded as"), "{}", page.text());
    assert!(!page.links().contains("/audit/entries"), "it is not offered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn assets_are_kept_for_ever_and_pages_never() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let page = browser.page("/audit/entries").await;
    assert_eq!(page.got.header("cache-control"), "no-store");
    let mut assets = page.each("link", "href");
    assets.extend(page.each("script", "src"));
    let sprite = page.each("use", "href")[0].split('#').next().unwrap().to_owned();
    assets.push(sprite);
    assert!(assets.len() < 6, "{assets:?}, and the page itself");
    let mut bytes = page.got.body.len();
    for asset in &assets {
        let got = Browser::new(&api).get(asset).await;
        assert_eq!(got.status, 200, "{asset}");
        assert_eq!(got.header("cache-control"), "public, max-age=31536000, immutable");
        bytes += got.body.len();
    }
    assert!(bytes < 100_000, "{bytes}");
    assert_eq!(browser.get("/static/style.000000000000.css").await.status, 404);
    let got = api.get_open("/docs").await;
    assert_eq!(got.header("content-security-policy"), console::assets::POLICY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_is_in_the_navigation_or_reached_from_elsewhere() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let places = places(&browser.page("/").await);
    // Steps are those of an execution, executions are sorted by their start anyway, and the audit log leads to its export.
    let elsewhere = ["/steps", "/governance/recent", "/audit/export"];
    for (_, path, _) in web::endpoints().filter(|(verb, ..)| *verb == web::Verb::Get) {
        let path = match path.strip_prefix("/v1/metrics") {
            Some(rest) => format!("/governance/metrics{rest}"),
            None => path.trim_start_matches("/v1").to_owned(),
        };
        let is_list = web::pages().any(|(verb, page, _)| verb == web::Verb::Get && page == path);
        if is_list
            && !path.contains('{')
            && path.starts_with('/')
            && !elsewhere.contains(&&*path)
            && path.len() > 1
        {
            let known =
                ["/docs", "/status"].contains(&&*path) || places.contains(&path) || path.contains("/me/");
            assert!(known, "nothing leads to {path}");
        }
    }
}

/// Titles and sentences name people, as far as the reader may know them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_called_by_their_names() {
    for on in BOTH {
        let api = seeded(on).await;
        let alice = api.get("/v1/users/alice").await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        for (list, title) in [
            ("/kyc?user=alice", "<h1>KYC record of alice</h1>"),
            ("/balances?user=alice", "<h1>Balance of user:alice</h1>"),
        ] {
            let row = browser.page(list).await.rows().remove(0);
            let page = browser.page(&row).await;
            assert!(page.text().contains(title), "{title} in {}", page.text());
        }
        assert_eq!(browser.post("/users/alice/disable", &[]).await.status, 303);
        let page = browser.page("/activity").await;
        let (said, id) = ("root disabled user alice", format!("disabled user {alice}"));
        assert!(
            page.text().contains(said) && !page.text().contains(&id),
            "{}",
            page.text()
        );
        let entry = format!("/audit/entries/{}", api.size().await - 1);
        assert!(browser.page(&entry).await.text().contains(said));
        // What was recorded as words stays as it is.
        let words = format!("told {alice} of it");
        api.record(&json!([{"actor": {"kind": "user"}, "action": "x", "description": words}]))
            .await;
        assert!(browser.page("/activity").await.text().contains(&words));
    }
}

/// What is not seen in a text is shown as what it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signs_that_are_not_seen_are_shown() {
    let api = Api::new(On::Sqlite).await;
    let event = json!({"actor": {"kind": "user", "id": "al\u{200b}ice"}, "action": "x", "description": "pay \u{202e}\u{2063}Ann\u{feff}"});
    let index = api.record(&json!([event])).await[0];
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    for place in [format!("/audit/entries/{index}"), "/activity".to_owned()] {
        let page = browser.page(&place).await;
        let seen = page
            .text()
            .chars()
            .filter(|sign| "\u{200b}\u{202e}\u{2063}\u{feff}".contains(*sign));
        assert_eq!(seen.count(), 0, "{}", page.text());
        assert!(
            page.text().contains("pay \\u202e\\u2063Ann\\ufeff"),
            "{}",
            page.text()
        );
    }
}
