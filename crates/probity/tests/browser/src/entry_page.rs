//! The page of an entry, and "Verify here" on it.

use serde_json::json;

use crate::axe::no_violation;
use crate::chromium::in_browser;
use crate::demo::demos;

#[test]
fn the_page_of_an_entry_checks_itself() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.open(&format!("{}/audit/entries/10", demo.url)).await;
            no_violation(page).await;
            page.click("[data-start]").await;
            page.wait_for("[data-verdict]", "Everything that was checked holds.")
                .await;
            assert_eq!(page.states().await, "ok ok ok ok ok ok open");
            no_violation(page).await;
            // The log has grown: the page asks for the proof by itself.
            demo.append("order.ship", &[]);
            page.click("[data-start]").await;
            page.wait_for("[data-step='7'] output", "✓ holds").await;
            page.size(390, 844).await;
            assert!(!page.goes_sideways().await);
        });
    }
}

#[test]
fn details_that_are_gone_are_not_said_to_hold() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            demo.append("order.forget", &[]);
            demo.open(page, "/audit/entries?action=order.forget").await;
            let entry = page.first_row().await.unwrap();
            let index = entry.rsplit('/').next().unwrap();
            demo.run(&["audit", "erase", index, "--reason", "asked to", "--yes"]);
            demo.open(page, &entry).await;
            page.click("[data-start]").await;
            page.wait_for(
                "[data-verdict]",
                "Everything that was checked holds. The details are gone",
            )
            .await;
            assert_eq!(page.states().await.split(' ').nth(1), Some("gone"));
            let says = page.text("[data-step='2'] output").await;
            assert!(
                says.starts_with("– not done: The details were erased by entry "),
                "{says}"
            );
            assert!(says.contains(", which was checked too and says so."), "{says}");
            no_violation(page).await;
            page.click("[data-step='2'] output a").await;
            page.wait_for("h1", "Entry ").await;
        });
    }
}

#[test]
fn what_would_steer_a_terminal_is_seen_and_checked() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            let details = json!({"\u{1b}[2J": "a\u{202e}b\u{7f}\u{9b}"}).to_string();
            demo.append("order.spoof", &["--details", &details]);
            demo.open(page, "/audit/entries?action=order.spoof").await;
            let entry = page.first_row().await.unwrap();
            demo.open(page, &entry).await;
            let text = page.text("main").await;
            assert!(text.contains(r"a\u202eb\u007f\u009b"), "{text}");
            let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!text.contains(steers), "{text:?}");
            page.click("[data-start]").await;
            page.wait_for("[data-verdict]", "Everything that was checked holds.")
                .await;
        });
    }
}

#[test]
fn a_receipt_that_is_pasted_into_the_search_is_checked() {
    let paste = "const data = new DataTransfer();
        data.setData('text', arguments[0]);
        document.getElementById('q').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, cancelable: true}));";
    let [demo, _] = demos();
    let receipt = demo.run(&["audit", "receipt", "10"]);
    let hash = receipt.lines().nth(2).unwrap();
    let broken = receipt.replacen(hash, &("A".repeat(43) + "="), 1);
    in_browser(async |page| {
        demo.sign_in(page, "admin").await;
        for (receipt, verdict) in [
            (
                receipt,
                "By the receipt that was pasted: Everything that was checked holds.",
            ),
            (broken, "By the receipt that was pasted: This does NOT hold"),
        ] {
            demo.open(page, "/users").await;
            page.script(paste, vec![receipt.into()]).await;
            page.wait_for_place("/audit/entries/10").await;
            page.wait_for("[data-verdict]", verdict).await;
        }
        // It is gone with the page: what comes next is the server's.
        demo.open(page, "/audit/entries/10").await;
        page.click("[data-start]").await;
        page.wait_for("[data-verdict]", "Everything that was checked holds.")
            .await;
        assert!(!page.text("[data-verdict]").await.contains("pasted"));
    });
}

#[test]
fn what_is_changed_on_the_page_is_found() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.open(&format!("{}/audit/entries/10", demo.url)).await;
            let change = "document.querySelector('[data-shown=\"action\"]').textContent = 'nothing.happened'";
            page.script(change, Vec::new()).await;
            page.click("[data-start]").await;
            page.wait_for("[data-verdict]", "does NOT hold").await;
            assert_eq!(page.states().await.split(' ').next(), Some("wrong"));
        });
    }
}

#[test]
fn what_the_server_refuses_to_prove_is_marked_and_the_rest_is_checked() {
    let refuse = "const real = window.fetch;
        window.fetch = (path) => path.endsWith('/receipt')
            ? Promise.resolve(new Response(JSON.stringify({code: 'tampered', detail: 'entry 9 is missing'}), {status: 500}))
            : real(path);";
    let [demo, _] = demos();
    in_browser(async |page| {
        demo.sign_in(page, "admin").await;
        page.open(&format!("{}/audit/entries/10", demo.url)).await;
        page.script(refuse, Vec::new()).await;
        page.click("[data-start]").await;
        page.wait_for("[data-verdict]", "does NOT hold").await;
        assert_eq!(page.states().await, "ok ok ok wrong open open open");
        assert_eq!(
            page.text("[data-step='4'] output").await,
            "✗ does not hold: entry 9 is missing"
        );
    });
}

#[test]
fn every_entry_of_the_demo_is_shown_as_it_was_recorded() {
    // The begin and the end of the log: what was imported, and what people and agents did.
    for demo in demos().into_iter().take(1) {
        let size: u64 = demo
            .run(&["audit", "export", "--format", "jsonl"])
            .lines()
            .count() as u64;
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            for index in (0..size).step_by(23).chain(size - 12..size) {
                page.open(&format!("{}/audit/entries/{index}", demo.url)).await;
                page.click("[data-start]").await;
                page.wait_for("[data-verdict]", "Everything that was checked holds.")
                    .await;
            }
        });
    }
}

#[test]
fn the_page_of_an_entry_can_be_read_without_scripts() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.scripts(false).await;
            page.open(&format!("{}/audit/entries/10", demo.url)).await;
            assert_eq!(page.count("[data-step]").await, 7);
            assert!(page.text("[data-verify]").await.contains("Scripts are off"));
            assert!(page.count("dl.details [data-shown]").await > 8);
        });
    }
}
