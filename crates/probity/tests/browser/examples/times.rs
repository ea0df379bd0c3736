//! How long the browser takes to check an entry and a bundle: `bench/shots --times ENTRIES`.
#![expect(dead_code, reason = "the tests use the rest of what these can do")]

#[path = "../src/chromium.rs"]
mod chromium;
#[path = "../src/demo.rs"]
mod demo;
#[path = "../src/guarded.rs"]
mod guarded;
#[path = "../src/page.rs"]
mod page;

use chromium::in_browser;
use demo::Demo;
use page::Page;
use serde_json::json;

/// Entries of the log that are checked, one after the other.
const ENTRIES: u64 = 20;
/// Entries of the bundle, and how often it is checked.
const BUNDLE: usize = 1_000;
const BUNDLES: usize = 5;

/// Begins to wait for a text in an element; the milliseconds are asked for later.
const TIMED: &str = "const [css, text, begin] = arguments, done = arguments[arguments.length - 1];
    const watched = document.querySelector(css), begun = performance.now();
    const look = () => watched.textContent.includes(text) && (watch.disconnect(), done(performance.now() - begun));
    const watch = new MutationObserver(look);
    watch.observe(watched, { subtree: true, childList: true, characterData: true });
    if (begin) document.querySelector(begin).click();
    else document.querySelector('[data-files]').dispatchEvent(new Event('change', { bubbles: true }));";

fn main() {
    let size = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let size: u64 = size.expect("bench/shots --times ENTRIES");
    let mut demo = Demo::alone("sqlite");
    demo.stop();
    demo.run(&["db", "seed", "--force", "--scale", &size.to_string()]);
    demo.start_again();
    in_browser(async |page| {
        demo.sign_in(page, "admin").await;
        let mut times = Vec::new();
        for number in 0..ENTRIES {
            let index = size / ENTRIES * number;
            demo.open(page, &format!("/audit/entries/{index}")).await;
            times.push(
                timed(
                    page,
                    "[data-verdict]",
                    "Everything that was checked holds.",
                    "[data-start]",
                )
                .await,
            );
        }
        said(&format!("an entry of {size}"), times);
        let event = json!({"actor": {"kind": "user", "id": "al"}, "action": "bench.bundle", "details": {"order": "A-1042"}});
        page.record(&event, BUNDLE).await;
        let key = demo.file("log.vkey", &["audit", "key"]);
        let only = [
            "audit",
            "export",
            "--action",
            "bench.bundle",
            "--format",
            "bundle",
        ];
        let bundle = demo.file("thousand.jsonl", &only);
        let html = demo.file("verify.html", &["audit", "verifier"]);
        let mut times = Vec::new();
        for _ in 0..BUNDLES {
            page.open(&format!("file://{html}")).await;
            let files = page.find("[data-files]").await;
            // The page begins when it has the key too: what is timed is the second of two times.
            files.send_keys(format!("{bundle}\n{key}")).await.unwrap();
            page.wait_for("[data-progress]", "This bundle holds").await;
            let again = "document.querySelector('[data-progress]').textContent = ''";
            page.script(again, Vec::new()).await;
            times.push(timed(page, "[data-progress]", "This bundle holds", "").await);
            assert_eq!(page.count("[data-entries] [data-state=ok]").await, BUNDLE);
        }
        said(&format!("a bundle of {BUNDLE}"), times);
    });
    demo.stop();
}

async fn timed(page: &Page, css: &str, text: &str, begin: &str) -> f64 {
    let took = page
        .script_later(TIMED, vec![json!(css), json!(text), json!(begin)])
        .await;
    took.as_f64().unwrap()
}

fn said(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: median {middle:.0} ms, at most {last:.0} ms");
}
