//! `verify.html` from a folder, without a network.

use std::fs;

use crate::axe::no_violation;
use crate::chromium::in_browser;
use crate::demo::{Demo, demos};
use crate::page::Page;

/// Opens the page with the network off.
async fn open(page: &Page, demo: &Demo) {
    let html = demo.file("verify.html", &["audit", "verifier"]);
    page.network(false).await;
    page.open(&format!("file://{html}")).await;
}

/// Gives files to the page, as somebody who drops them does.
async fn give(page: &Page, files: &[&str]) {
    page.find("[data-files]")
        .await
        .send_keys(files.join("\n"))
        .await
        .unwrap();
}

/// The same with the first outcome that is shown changed; that in the leaf has its quotes escaped.
fn changed(text: &str) -> String {
    let other = text.replacen("\"success\"", "\"failed\"", 1);
    assert_ne!(other, text);
    other
}

const HOLDS: &str = "Everything that was checked holds.";

#[test]
fn an_entry_is_checked_step_by_step_and_the_log_is_remembered() {
    for demo in demos() {
        let key = demo.file("log.vkey", &["audit", "key"]);
        let entry = demo.file("entry.json", &["audit", "show", "10", "--output", "json"]);
        let receipt = demo.file("entry.tlog-proof", &["audit", "receipt", "10"]);
        in_browser(async |page| {
            open(page, demo).await;
            give(page, &[&entry]).await;
            page.wait_for("[data-given]", "Needs the log's verifier key")
                .await;
            give(page, &[&receipt, &key]).await;
            page.wait_for("[data-verdict]", HOLDS).await;
            assert_eq!(page.states().await, "ok ok ok ok ok ok open");
            assert!(
                page.text("[data-step='7'] output")
                    .await
                    .contains("has not seen this log before")
            );
            no_violation(page).await;

            // A later receipt needs the proof that the log only grew.
            demo.append("order.ship", &[]);
            let later = demo.file("later.tlog-proof", &["audit", "receipt", "10"]);
            give(page, &[&later]).await;
            page.wait_for("[data-step='7'] output", "probity audit consistency")
                .await;
            let says = page.text("[data-step='7'] output").await;
            let words: Vec<&str> = says[says.find("audit consistency").unwrap()..]
                .split_whitespace()
                .collect();
            let proof = demo.file("proof.json", &["audit", "consistency", words[2], words[3]]);
            give(page, &[&proof]).await;
            page.wait_for("[data-step='7'] output", "✓ holds").await;

            // What is changed is found, and named.
            let text = fs::read_to_string(&entry).unwrap();
            let tampered = demo.path("tampered.json");
            fs::write(&tampered, changed(&text)).unwrap();
            give(page, &[&tampered]).await;
            page.wait_for("[data-verdict]", "does NOT hold").await;
            assert!(
                page.text("[data-step='1'] output")
                    .await
                    .contains("outcome is shown as something else")
            );

            // Another key is an alarm, until the old one is forgotten.
            page.click("[data-forget]").await;
            page.nothing_was_said().await;
        });
    }
}

#[test]
fn a_bundle_is_checked_line_by_line() {
    for demo in demos() {
        let key = demo.file("bundle.vkey", &["audit", "key"]);
        let bundle = demo.file("all.jsonl", &["audit", "export", "--format", "bundle"]);
        let text = fs::read_to_string(&bundle).unwrap();
        let entries = text.lines().count() - 2;
        let tampered = demo.path("tampered-bundle.jsonl");
        fs::write(&tampered, changed(&text)).unwrap();
        in_browser(async |page| {
            open(page, demo).await;
            give(page, &[&bundle, &key]).await;
            page.wait_for("[data-progress]", "This bundle holds").await;
            assert_eq!(page.count("[data-entries] [data-state=ok]").await, entries);
            give(page, &[&tampered]).await;
            page.wait_for("[data-progress]", "does NOT hold").await;
            page.wait_for("[data-entries]", "step 1: outcome is shown as something else")
                .await;
        });
    }
}

#[test]
fn text_of_the_log_is_text_on_the_page() {
    for demo in demos() {
        let script = "<img src=x onerror=alert(1)><script>alert(1)</script>";
        let words = [
            "--actor",
            "user:al",
            "--action",
            "note.add",
            "--description",
            script,
            "--target",
            "note:<b>1</b>",
        ];
        let append = [&["--output", "json", "audit", "append"], &words[..]].concat();
        let entry: serde_json::Value = serde_json::from_str(&demo.run(&append)).unwrap();
        let index = entry["index"].to_string();
        let files = [
            demo.file("text.vkey", &["audit", "key"]),
            demo.file("text.json", &["audit", "show", &index, "--output", "json"]),
            demo.file("text.tlog-proof", &["audit", "receipt", &index]),
        ];
        in_browser(async |page| {
            open(page, demo).await;
            give(page, &files.iter().map(String::as_str).collect::<Vec<_>>()).await;
            page.wait_for("[data-verdict]", HOLDS).await;
            assert!(
                page.script("return document.title", Vec::new())
                    .await
                    .as_str()
                    .unwrap()
                    .contains("Probity")
            );
            assert_eq!(page.count("img, b").await, 0);
        });
    }
}
