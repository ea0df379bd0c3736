//! What holds of every page.

use crate::axe::{no_violation, violations};
use crate::changing::{asked, sign_out};
use crate::chromium::{HEIGHT, WIDTH, in_browser};
use crate::crawl::each;
use crate::demo::demos;
use crate::page::Page;

/// A telephone, a screen of 1280 points at 400 %, and screens of desks.
const SIZES: [(u32, u32); 5] = [(390, 844), (320, 256), (1024, 768), (1200, 800), (WIDTH, HEIGHT)];

/// At which sizes the page that is open can be scrolled sideways.
async fn sideways(page: &Page, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (width, height) in SIZES {
        page.size(width, height).await;
        if page.goes_sideways().await {
            found.push(format!("{path} goes sideways at {width}"));
        }
    }
    page.size(WIDTH, HEIGHT).await;
    found
}

#[test]
fn axe_finds_nothing_and_no_page_goes_sideways() {
    // What pages are made of is the same on both engines; what differs, their rows, is looked at in other tests.
    let demo = demos()[0];
    in_browser(async |page| {
        let mut found = Vec::new();
        asked(page, demo, "m-8").await;
        demo.open(page, "/sign-in").await;
        found.extend(violations(page).await);
        demo.sign_in(page, "admin").await;
        each(page, demo, async |path| {
            for violation in violations(page).await {
                found.push(format!("{path}: {violation}"));
            }
            found.extend(sideways(page, path).await);
        })
        .await;
        // Real events, whose actions, actors and targets are long.
        let long = "/audit/entries?order=asc";
        demo.open(page, long).await;
        found.extend(sideways(page, long).await);
        assert!(found.is_empty(), "{}", found.join("\n"));
    });
}

#[test]
fn axe_finds_nothing_in_what_opens_over_a_page_and_in_problems() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            demo.open(page, "/audit/entries").await;
            page.keys("jo").await;
            page.wait_for("dialog[open] h1", "Entry").await;
            no_violation(page).await;
            demo.open(page, "/audit/entries").await;
            page.keys("?").await;
            page.wait_for("dialog[open]", "next row").await;
            no_violation(page).await;
            demo.open(page, "/audit/entries?outcome=perhaps&from=someday")
                .await;
            no_violation(page).await;
            // The menu lies over what is at the right; here that is nothing that is pressed.
            demo.open(page, "/preferences").await;
            page.click("header summary").await;
            no_violation(page).await;
            page.nothing_was_said().await;
            for (path, status) in [("/nothing", 404), ("/approvals/7", 400)] {
                demo.open(page, path).await;
                no_violation(page).await;
                page.only_said(status).await;
            }
            demo.open(page, "/").await;
            sign_out(page).await;
            demo.sign_in(page, "charlie").await;
            demo.open(page, "/users").await;
            page.wait_for("main", "permission_missing").await;
            no_violation(page).await;
            page.only_said(403).await;
        });
    }
}

#[test]
fn every_page_can_be_read_and_every_form_sent_without_scripts() {
    let demo = demos()[1];
    in_browser(async |page| {
        page.scripts(false).await;
        let approval = asked(page, demo, "m-9").await;
        demo.sign_in(page, "admin").await;
        each(page, demo, async |path| {
            let read = "const shown = (one) => one.checkVisibility();
                const forms = [...document.querySelectorAll('main form')].filter((form) => ![...form.querySelectorAll('button, input[type=submit]')].some(shown));
                return [document.querySelector('h1')?.textContent ?? '', document.title, forms.length]";
            let said = page.script(read, Vec::new()).await;
            assert!(said[0].as_str().is_some_and(|title| !title.is_empty()), "{path}: {said}");
            assert!(said[1].as_str().unwrap().ends_with("Probity"), "{path}: {said}");
            assert_eq!(said[2], 0, "{path} has a form that nothing sends");
        })
        .await;
        // Some of them are sent: a user is made, and an approval is voted on.
        demo.open(page, "/users/new").await;
        page.enter("username", "scriptless").await;
        page.enter("role", "viewer").await;
        page.press("Create a user").await;
        assert!(page.text("main").await.contains("Shown now and never again"));
        demo.open(page, &approval).await;
        page.enter("Why not", "not on a Friday").await;
        page.press("Reject").await;
        let text = page.text("main").await;
        assert!(
            text.contains("rejected") && text.contains("not on a Friday"),
            "{text}"
        );
        // Times say in which zone they are.
        demo.open(page, "/audit/entries").await;
        assert!(page.text("main thead").await.contains("(UTC)"));
        page.scripts(true).await;
    });
}

#[test]
fn a_choice_of_colours_outdoes_the_system_s() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            let dark = "return getComputedStyle(document.body).colorScheme + getComputedStyle(document.body).backgroundColor";
            let light = page.script(dark, Vec::new()).await;
            page.dark(true).await;
            assert_ne!(page.script(dark, Vec::new()).await, light);
            demo.open(page, "/preferences").await;
            page.enter("Colours", "light").await;
            page.press("Keep").await;
            let theme = "return document.documentElement.dataset.theme";
            assert_eq!(page.script(theme, Vec::new()).await, "light");
            demo.open(page, "/").await;
            let chosen = "return getComputedStyle(document.body).backgroundColor";
            assert!(
                light
                    .as_str()
                    .unwrap()
                    .ends_with(page.script(chosen, Vec::new()).await.as_str().unwrap()),
                "light, though the system is dark"
            );
            page.dark(false).await;
        });
    }
}
