//! Filters in the address, in fields and as chips.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::custody::OperationKind;
use domain::custody::rules::ThresholdRule;
use domain::identity::{Role, Rules};
use engine::IdentityOptions;
use engine::clock::{Clock, Reading};
use engine::list::Order;
use serde_json::json;
use views::Place as _;

use super::browser::Browser;
use crate::api::{Api, BOTH, On};
use crate::custody::asset;

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

/// A page says sooner than the API how far a search has looked, and going on leaves nothing out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_says_how_far_it_is_and_goes_on() {
    for on in BOTH {
        let ticks = AtomicU64::new(0);
        let clock = Clock::of(move || Reading {
            wall: engine::now(),
            steady: Duration::from_millis(90 * ticks.fetch_add(1, Ordering::SeqCst)),
        });
        let api = Api::clocked(on, clock).await;
        let mut made = Vec::new();
        for _ in 0..2 {
            let event = |n: u64| json!({"actor": {"kind": "user"}, "action": "x", "description": if n % 400 == 7 { "a needle" } else { "hay" }});
            made.extend(
                api.record(&json!((0..1_000).map(event).collect::<Vec<_>>()))
                    .await,
            );
        }
        let mut expected: Vec<String> = made
            .iter()
            .enumerate()
            .filter(|(n, _)| n % 1_000 % 400 == 7)
            .map(|(_, index)| format!("/audit/entries/{index}"))
            .collect();
        expected.reverse();
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let first = "?text=a+needle";
        let (mut path, mut found, mut pages) = (format!("/audit/entries{first}"), Vec::new(), 0);
        loop {
            let page = browser.page(&path).await;
            found.extend(page.rows());
            pages += 1;
            let mut links = page.links().into_iter();
            let Some(next) = links.find(|link| link.contains("cursor=")) else {
                break;
            };
            // The time is that of the last entry that was looked at, behind which it goes on.
            let (_, cursor) = next.split_once("cursor=").unwrap();
            let reached = u64::decode(Order::Descending, cursor).unwrap();
            let at = api.get(&format!("/v1/audit/entries/{reached}")).await.json()["at"].clone();
            let until = format!("has looked as far as <time datetime=\"{}\"", at.as_str().unwrap());
            assert!(page.text().contains(&until), "{until}");
            assert!(page.text().contains("Go on looking"));
            path = next;
        }
        assert_eq!(found, expected);
        // The last of several pages says what is true of the search, not of itself.
        let last = browser.page(&path).await;
        assert!(
            last.rows().is_empty() == last.text().contains("No entries from here on."),
            "{}",
            last.text()
        );
        assert!(!last.text().contains("fulfil these filters"), "{}", last.text());
        let (mut query, mut parts) = (first.to_owned(), 0);
        loop {
            let page = api.get(&format!("/v1/audit/entries{query}")).await.json();
            parts += 1;
            let Some(next) = page["next"].as_str() else { break };
            query = format!("{first}&cursor={next}");
        }
        assert!(pages > parts, "{pages} pages, {parts} of the API");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_says_how_many_there_are_as_far_as_it_counts() {
    for on in BOTH {
        let api = Api::new(on).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let event = json!({"actor": {"kind": "user"}, "action": "many"});
        api.record(&json!(vec![event.clone(); 1_000])).await;
        let said = async |words: &str| {
            let page = browser.page("/audit/export?action=many").await;
            assert!(page.text().contains(words), "{words} in {}", page.text());
        };
        said("<title>Export, 1,000 entries").await;
        api.record(&json!([event])).await;
        said("<title>Export, at least 1,000 entries").await;
        let all = api.size().await;
        let page = browser.page("/audit/export").await;
        assert!(page.text().contains("none: the whole log"));
        assert!(
            page.text()
                .contains(&format!("<title>Export, {} entries", views::count(all)))
        );
        // A file of what nobody asked for is not offered.
        let got = browser.get("/audit/export?outcome=perhaps").await;
        assert_eq!(got.status, 400);
        assert!(!got.text().contains("/v1/audit/export"));
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
    let page = browser.page("/audit/entries").await;
    assert!(page.text().contains("at (Europe/Berlin)"));
    let other = Browser::of(&api, "other", Role::ADMIN).await;
    let page = other.page(address).await;
    assert_eq!(page.value("from").as_deref(), Some("2026-11-29T12:00:00"));
    let page = other.page("/audit/entries").await;
    assert!(page.text().contains("at (UTC)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_often_asked_for_is_a_good_address() {
    let mut rules = Rules::default();
    let threshold = |asset: &str| ThresholdRule {
        asset: asset.to_owned(),
        kind: OperationKind::Withdrawal,
        amount: "1.5".to_owned(),
        quorum: 1,
    };
    // Of an asset that is not there yet there is nothing.
    rules.custody.thresholds = vec![threshold("btc"), threshold("ETH")];
    let identity = IdentityOptions {
        rules: rules.into(),
        ..IdentityOptions::default()
    };
    let api = Api::identity(On::Sqlite, identity).await;
    asset(&api).await;
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
    let page = browser.page("/operations").await;
    let above = "/operations?kind=withdrawal&asset=BTC&amount_min=1.50000001";
    assert!(page.links().contains(above), "{:?}", page.links());
    assert!(page.text().contains("Withdrawal above 1.5 BTC") && !page.text().contains("ETH"));
    let agents = "/audit/entries?actor_kind=agent";
    assert!(browser.page("/audit/entries").await.links().contains(agents));
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
