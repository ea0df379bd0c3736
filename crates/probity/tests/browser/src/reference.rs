//! `/docs` in a browser.

use crate::axe::no_violation;
use crate::chromium::in_browser;
use crate::demo::demos;

#[test]
fn the_reference_can_be_read_in_both_themes_and_is_narrow_enough() {
    for demo in demos() {
        in_browser(async |page| {
            page.open(&format!("{}/docs", demo.url)).await;
            assert!(page.text("h1").await.contains("Probity"));
            no_violation(page).await;
            page.size(390, 844).await;
            assert!(!page.goes_sideways().await);
        });
    }
}

#[test]
fn the_reference_can_be_read_without_scripts() {
    for demo in demos() {
        in_browser(async |page| {
            page.scripts(false).await;
            page.open(&format!("{}/docs", demo.url)).await;
            assert!(page.count("section, article, details").await > 20);
        });
    }
}
