//! Each area as somebody reads it, on the data of the demo. What is pressed and filled in is found by its words.

use serde_json::{Value, json};

use crate::changing::sign_out;
use crate::chromium::in_browser;
use crate::demo::demos;
use crate::page::Page;

/// Records entries of an action, all at once.
pub async fn record(page: &Page, action: &str, count: usize) {
    let event = json!({"actor": {"kind": "user", "id": "al"}, "action": action});
    page.record(&event, count).await;
}

#[test]
fn the_overview_says_how_all_is_and_each_number_leads_to_its_list() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            assert_eq!(page.text("h1").await, "Overview");
            let text = page.text("main").await;
            for words in [
                "entries in the log",
                "approvals wait",
                "KYC records wait",
                "Verifier key",
            ] {
                assert!(text.contains(words), "{words}: {text}");
            }
            for (figure, place) in [
                ("entries in the log", "/audit/entries"),
                ("KYC records wait", "/kyc?status=pending"),
                ("completed", "/executions?status=completed"),
            ] {
                demo.open(page, "/").await;
                page.press(figure).await;
                page.wait_for_place(place).await;
                assert!(page.first_row().await.is_some(), "{place}");
            }
            // What is drawn is there as numbers, too.
            demo.open(page, "/").await;
            assert!(page.count("main figure tbody tr").await > 20);
        });
    }
}

#[test]
fn the_activity_is_live_and_pushes_nobody_around() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.press("Activity").await;
            page.wait_for_place("/activity").await;
            page.wait_for("main", "Live").await;
            record(page, "parcel.ship", 1).await;
            page.wait_for("main tbody tr", "parcel.ship").await;
            // Further down the rows stay where they are until they are asked for.
            page.script("scrollTo(0, 600)", Vec::new()).await;
            record(page, "parcel.lose", 12).await;
            page.wait_for("main button", "12 new").await;
            assert_eq!(page.count("main tbody tr").await, 50);
            assert!(!page.text("main tbody").await.contains("parcel.lose"));
            page.press("12 new").await;
            page.wait_for("main tbody tr", "parcel.lose").await;
            assert_eq!(page.script("return scrollY", Vec::new()).await, 0);
            // Somebody else's address has the same filter, and so has the other view.
            page.press("Users").await;
            page.wait_for_place("/activity?kind=user.").await;
            page.press("As audit log").await;
            page.wait_for_place("/audit/entries?action=user.").await;
            assert!(page.first_row().await.is_some());
        });
    }
}

#[test]
fn an_entry_is_found_looked_at_and_verified() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.press("Audit log").await;
            page.press("Filter").await;
            page.enter("outcome", "refused").await;
            page.press("Apply").await;
            page.wait_for_place("/audit/entries?outcome=refused").await;
            let filtered = page.first_row().await.unwrap();
            page.press("outcome: refused").await;
            page.wait_for_place("/audit/entries").await;
            assert_eq!(page.place().await, "/audit/entries", "the chip took it away");
            assert_ne!(page.first_row().await.unwrap(), filtered);
            let first = page.first_row().await;
            page.press("Next page").await;
            page.wait_for_place("/audit/entries?cursor=").await;
            assert_ne!(page.first_row().await, first);
            page.press("First page").await;
            page.wait_for_place("/audit/entries").await;
            // Beside the list, and back in it.
            page.keys("jjo").await;
            page.wait_for("dialog[open] h1", "Entry").await;
            page.keys(thirtyfour::Key::Escape).await;
            page.wait_until("!document.querySelector('dialog[open]')", Vec::new())
                .await;
            page.keys(thirtyfour::Key::Enter).await;
            page.wait_for_place("/audit/entries/").await;
            let here = page.place().await;
            page.keys("]").await;
            page.wait_until(
                "document.readyState === 'complete' && location.pathname !== given[0]",
                vec![json!(here)],
            )
            .await;
            page.keys("[").await;
            page.wait_for_place(&here).await;
            page.press("Verify here").await;
            page.wait_for("main", "Everything that was checked holds.").await;
        });
    }
}

#[test]
fn governance_shows_what_failed_and_why() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.press("Executions").await;
            page.wait_for_place("/executions").await;
            page.press("failed").await;
            page.wait_for_place("/executions?status=failed").await;
            let failed = page.first_row().await.unwrap();
            demo.open(page, &failed).await;
            let text = page.text("main").await;
            for words in [
                "morning-briefing",
                "timeout",
                "the source of prices did not answer",
                "get_prices",
            ] {
                assert!(text.contains(words), "{words}: {text}");
            }
            page.press("Its entries").await;
            page.wait_for_place("/audit/entries?target=").await;
            assert!(page.first_row().await.is_some());
            for (place, words) in [
                ("/governance/workflows", "holdings-helper"),
                ("/governance/drag-modes", "research"),
                ("/governance/users", "bob"),
                ("/conversations", "Morning briefing"),
                ("/agents", "market-briefer"),
            ] {
                demo.open(page, place).await;
                assert!(page.text("main").await.contains(words), "{place}: {words}");
            }
        });
    }
}

#[test]
fn money_is_shown_to_its_last_digit() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.press("Balances").await;
            page.wait_for_place("/balances").await;
            let text = page.text("main tbody").await;
            assert!(
                text.contains("0.10000000") && text.contains("1000.0000000"),
                "{text}"
            );
            let one = page.first_row().await.unwrap();
            demo.open(page, &one).await;
            assert!(page.text("main").await.contains("BTC") || page.text("main").await.contains("iSTSi"));
            demo.open(page, "/operations").await;
            let one = page.first_row().await.unwrap();
            demo.open(page, &one).await;
            page.press("Its entries").await;
            page.wait_for_place("/audit/entries?target=").await;
            assert!(page.first_row().await.is_some());
            demo.open(page, "/kyc").await;
            page.press("Waiting").await;
            page.wait_for_place("/kyc?status=pending").await;
            assert!(page.text("main tbody").await.contains("pending"));
        });
    }
}

#[test]
fn times_are_those_of_the_browser_s_zone() {
    for demo in demos() {
        in_browser(async |page| {
            let zone = json!({"timezoneId": "Asia/Tokyo"});
            page.devtools("Emulation.setTimezoneOverride", zone).await;
            demo.sign_in(page, "admin").await;
            demo.open(page, "/audit/entries").await;
            page.wait_for("main thead", "at (Asia/Tokyo)").await;
            // Told once, it is what the server makes pages by.
            demo.open(page, "/activity").await;
            assert!(page.text("main thead").await.contains("(Asia/Tokyo)"));
            page.devtools("Emulation.setTimezoneOverride", json!({"timezoneId": ""}))
                .await;
        });
    }
}

#[test]
fn a_search_goes_to_what_is_meant() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            for (text, place) in [
                ("10", "/audit/entries/10"),
                ("alice", "/users/alice"),
                ("market-briefer", "/agents/"),
            ] {
                demo.open(page, "/").await;
                page.enter("Search", text).await;
                page.keys(thirtyfour::Key::Enter).await;
                page.wait_for_place(place).await;
            }
            demo.open(page, "/").await;
            page.enter("Search", "nobody-at-all").await;
            page.keys(thirtyfour::Key::Enter).await;
            page.wait_for("main", "Nothing was found").await;
        });
    }
}

#[test]
fn after_signing_out_no_page_comes_back() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            demo.open(page, "/users").await;
            sign_out(page).await;
            page.back().await;
            page.wait_for_place("/sign-in?").await;
            assert!(!page.text("body").await.contains("alice"));
            // A link keeps where it led.
            demo.open(page, "/kyc?status=pending").await;
            assert_eq!(page.place().await, "/sign-in?next=%2Fkyc%3Fstatus%3Dpending");
            let signed_in = page.script("return document.cookie", Vec::new()).await;
            assert_ne!(signed_in, Value::Null);
        });
    }
}
