//! What people change by forms, on the data of the demo.

use serde_json::json;

use crate::chromium::in_browser;
use crate::demo::{Demo, demos};
use crate::page::Page;

/// Ends the session, by the menu.
pub async fn sign_out(page: &Page) {
    page.click("header summary").await;
    page.press("Sign out").await;
    page.wait_for_place("/sign-in?").await;
}

/// Somebody asks for an approval, and is signed out. Gives where it is.
pub async fn asked(page: &Page, demo: &Demo, model: &str) -> String {
    demo.sign_in(page, "alice").await;
    page.press("Approvals").await;
    page.press("Ask for an approval").await;
    page.unfold().await;
    page.enter("action", "model.deploy").await;
    page.enter("arguments", &json!({"model": model}).to_string())
        .await;
    page.enter("reason", "it passed its trials").await;
    page.press("Ask for an approval").await;
    page.wait_for("main", "pending").await;
    let place = page.place().await;
    assert!(place.starts_with("/approvals/"), "{place}");
    sign_out(page).await;
    place
}

#[test]
fn an_approval_is_asked_for_and_voted_on() {
    for demo in demos() {
        in_browser(async |page| {
            let place = asked(page, demo, "m-7").await;
            demo.sign_in(page, "admin").await;
            page.press("Approvals").await;
            page.press("Waiting").await;
            page.wait_for_place("/approvals?status=pending").await;
            demo.open(page, &place).await;
            let text = page.text("main").await;
            assert!(text.contains("model.deploy") && text.contains("m-7"), "{text}");
            page.enter("Why, if you like", "the trials were good").await;
            page.press("Approve").await;
            page.wait_for("main", "granted").await;
            assert!(page.text("main").await.contains("the trials were good"));
        });
    }
}

#[test]
fn a_user_is_made_and_disabled() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.press("Users").await;
            page.press("Create a user").await;
            page.unfold().await;
            page.enter("username", "erin").await;
            page.enter("role", "viewer").await;
            page.press("Create a user").await;
            page.wait_for("main", "Shown now and never again").await;
            page.press("Go on").await;
            page.wait_for_place("/users/").await;
            assert!(page.text("h1").await.contains("erin"));
            page.press("Disable").await;
            page.press("Disable").await;
            assert!(page.text("h1").await.contains("erin"));
            let text = page.text("main").await;
            assert!(text.contains("disabled") || text.contains("Disabled"), "{text}");
            // The name is taken: the form says so beside its field, and keeps what was typed.
            demo.open(page, "/users/new").await;
            page.unfold().await;
            page.enter("username", "erin").await;
            page.enter("role", "viewer").await;
            page.press("Create a user").await;
            page.wait_for("main [aria-invalid=true] ~ .wrong, main .field .wrong", "")
                .await;
            page.only_said(409).await;
        });
    }
}

#[test]
fn a_kyc_record_is_reviewed() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "diana").await;
            demo.open(page, "/kyc?status=pending").await;
            let one = page.first_row().await.unwrap();
            demo.open(page, &one).await;
            page.press("Reject").await;
            page.enter("reason", "the photograph cannot be read").await;
            page.press("Reject").await;
            page.wait_for_place(&one).await;
            let text = page.text("main").await;
            assert!(
                text.contains("rejected") && text.contains("the photograph cannot be read"),
                "{text}"
            );
        });
    }
}

#[test]
fn a_job_is_run() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            page.press("Status").await;
            page.press("Verify the log now").await;
            page.press("Ask for a run").await;
            assert!(!page.place().await.ends_with("/run"));
            // The job's end is an event of its own: each page that is loaded asks again.
            let ended = |text: &str| text.contains("succeeded");
            let mut text = String::new();
            for _ in 0..1_000 {
                demo.open(page, "/jobs").await;
                let row = "return [...document.querySelectorAll('main tbody tr')].find((row) => row.cells[0].textContent.trim() === 'verify')?.textContent ?? ''";
                text = page.script(row, Vec::new()).await.as_str().unwrap().to_owned();
                if ended(&text) {
                    break;
                }
            }
            assert!(ended(&text), "{text}");
            page.press("Backups").await;
            page.wait_for_place("/backups").await;
        });
    }
}
