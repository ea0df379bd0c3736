//! Filters in the address, in fields and as chips.

use domain::identity::Role;
use serde_json::json;

use super::browser::Browser;
use crate::api::{Api, BOTH, On};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_stands_beside_its_field_and_the_rest_works() {
    for on in BOTH {
        let api = Api::new(on).await;
        let event = |action: &str| json!({"actor": {"kind": "user", "id": "u"}, "action": action});
        api.record(&json!([event("order.update"), event("order.cancel")]))
            .await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let page = browser
            .page(
                "/audit/entries?action=order.cancel&outcome=perhaps&from=someday&nonsense=1&cursor=x&limit=0",
            )
            .await;
        assert_eq!(page.rows().len(), 1, "the filter that is good is in force");
        for wrong in ["f-outcome-wrong", "f-from-wrong"] {
            assert!(page.text().contains(wrong), "{wrong}");
        }
        for wrong in ["nonsense: ", "cursor: ", "limit: "] {
            assert!(
                page.text()
                    .contains(&format!("<p class=\"wrong\" role=\"alert\">{wrong}")),
                "{wrong}"
            );
        }
        assert!(
            page.text().contains("<details class=\"filter\" open>"),
            "what is wrong is not folded away"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chip_removes_its_filter_alone() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let page = browser
        .page("/audit/entries?actor=a%26b&outcome=success&order=asc&limit=10")
        .await;
    for without in [
        "/audit/entries?outcome=success&order=asc&limit=10",
        "/audit/entries?actor=a%26b&order=asc&limit=10",
        "/audit/entries?actor=a%26b&outcome=success&limit=10",
    ] {
        assert!(page.links().contains(without), "{without}: {:?}", page.links());
    }
    assert_eq!(page.value("actor").as_deref(), Some("a&b"));
    assert!(page.text().contains("No entries fulfil these filters."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_go_along_to_another_view_of_the_same_entries() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let page = browser
        .page("/audit/entries?actor=a&action=order.*&outcome=success")
        .await;
    assert!(
        page.links().contains("/activity?user=a&kind=order.%2A"),
        "{:?}",
        page.links()
    );
    let page = browser.page("/activity?user=ann&kind=order.*&entity=A-1").await;
    assert!(
        page.links()
            .contains("/audit/entries?action=order.%2A&target=A-1"),
        "{:?}",
        page.links()
    );
    assert!(
        page.each("option", "value").contains(&"root".to_owned()),
        "names are offered"
    );
}

/// What a form leaves empty is left out of the address, and a time that was typed means the same to everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_can_be_given_to_others() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    browser.keep("probity-zone", "Europe%2FBerlin");
    let got = browser
        .get("/audit/entries?actor=&action=x&from=2026-11-29T13%3A00&to=")
        .await;
    let address = "/audit/entries?action=x&from=2026-11-29T12%3A00%3A00.000000Z";
    assert_eq!((got.status.as_u16(), got.header("location")), (303, address));
    let page = browser.page(address).await;
    assert_eq!(
        page.value("from").as_deref(),
        Some("2026-11-29T13:00:00"),
        "as clocks show it here"
    );
    assert!(page.text().contains("at (Europe/Berlin)"));
    let other = Browser::of(&api, "other", Role::ADMIN).await;
    let page = other.page(address).await;
    assert_eq!(page.value("from").as_deref(), Some("2026-11-29T12:00:00"));
    assert!(page.text().contains("at (UTC)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_often_asked_for_is_a_good_address() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let mut tried = 0;
    for list in [
        "/audit/entries",
        "/activity",
        "/operations",
        "/approvals",
        "/kyc",
        "/executions",
    ] {
        let page = browser.page(list).await;
        for link in page
            .links()
            .iter()
            .filter(|link| link.starts_with(&format!("{list}?")))
        {
            let page = browser.page(link).await;
            assert!(!page.text().contains("class=\"wrong\""), "{link}");
            tried += 1;
        }
    }
    assert!(tried > 12, "{tried}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_chooses_zone_and_colours() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let fields = [("zone", "Mars/Olympus"), ("theme", "dark"), ("keys", "off")];
    let got = browser.post("/preferences", &fields).await;
    assert_eq!(got.status, 400);
    assert!(got.text().contains("p-zone-wrong"));
    let fields = [("zone", "Asia/Kathmandu"), ("theme", "dark"), ("keys", "off")];
    assert_eq!(browser.post("/preferences", &fields).await.status, 303);
    let page = browser.page("/activity").await;
    let html = "<html lang=\"en\" data-theme=\"dark\" data-zone=\"Asia/Kathmandu\" data-keys=\"off\"";
    assert!(page.text().contains(html), "{}", &page.text()[..300]);
    let fields = [("zone", "browser"), ("theme", "system"), ("keys", "on")];
    assert_eq!(browser.post("/preferences", &fields).await.status, 303);
    assert!(
        browser
            .page("/activity")
            .await
            .text()
            .contains("data-zone=\"UTC\" data-zone-of=\"browser\"")
    );
}
