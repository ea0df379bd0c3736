//! The page of an entry, and "Verify here" on it.

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
            demo.run(&["audit", "append", "--actor", "user:al", "--action", "order.ship"]);
            page.click("[data-start]").await;
            page.wait_for("[data-step='7'] output", "✓ holds").await;
            page.size(390, 844).await;
            let sideways = "return document.documentElement.scrollWidth > innerWidth";
            assert_eq!(page.script(sideways, Vec::new()).await, false);
        });
    }
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
