//! Pictures of each page of the console, light and dark, wide and narrow, on the data of the demo: `bench/shots`.
//! With `--pictures` those of the README alone.
#![expect(dead_code, reason = "the tests use the rest of what these can do")]

#[path = "../src/chromium.rs"]
mod chromium;
#[path = "../src/crawl.rs"]
mod crawl;
#[path = "../src/demo.rs"]
mod demo;
#[path = "../src/guarded.rs"]
mod guarded;
#[path = "../src/page.rs"]
mod page;

use std::fs;
use std::path::Path;

use chromium::in_browser;
use crawl::each;
use demo::{Demo, demos};
use page::Page;
use serde_json::json;

/// Name, width, height, and whether it is dark.
const LOOKS: [(&str, u32, u32, bool); 4] = [
    ("light", 1440, 900, false),
    ("dark", 1440, 900, true),
    ("narrow", 390, 844, false),
    ("narrow-dark", 390, 844, true),
];

/// Pictures of the README: name, page, and whether it is dark.
const PICTURES: [(&str, &str, bool); 6] = [
    ("overview", "/", false),
    ("activity", "/activity", true),
    ("audit-log", "/audit/entries?outcome=refused", false),
    ("entry", "/audit/entries/10", true),
    ("execution", "/executions?status=failed", false),
    ("balances", "/balances", true),
];
/// The window of these, and how much smaller the picture is.
const WINDOW: (u32, u32) = (1280, 800);
const SCALE: f64 = 0.7;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (pictures, folder) = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--pictures", folder] => (true, Path::new(*folder)),
        [folder] => (false, Path::new(*folder)),
        _ => panic!("bench/shots FOLDER, or bench/shots --pictures FOLDER"),
    };
    fs::create_dir_all(folder).unwrap();
    let demo = demos()[0];
    in_browser(async |page| {
        demo.sign_in(page, "admin").await;
        if pictures {
            of_the_readme(page, demo, folder).await;
        } else {
            of_all(page, demo, folder).await;
        }
    });
}

/// Each page in each look.
async fn of_all(page: &Page, demo: &Demo, folder: &Path) {
    each(page, demo, async |path| {
        // As a reader finds it, nothing unfolded.
        demo.open(page, path).await;
        for (look, width, height, dark) in LOOKS {
            page.size(width, height).await;
            page.dark(dark).await;
            let name = path.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
            page.picture(&folder.join(format!("{name}-{look}.png"))).await;
        }
        page.size(chromium::WIDTH, chromium::HEIGHT).await;
        page.dark(false).await;
    })
    .await;
}

async fn of_the_readme(page: &Page, demo: &Demo, folder: &Path) {
    let (width, height) = WINDOW;
    let window = json!({"width": width, "height": height, "deviceScaleFactor": SCALE, "mobile": false});
    for (name, path, dark) in PICTURES {
        page.devtools("Emulation.setDeviceMetricsOverride", window.clone())
            .await;
        page.dark(dark).await;
        demo.open(page, path).await;
        if name == "execution" {
            let failed = page.first_row().await.unwrap();
            demo.open(page, &failed).await;
        }
        if name == "entry" {
            page.press("Verify here").await;
            page.wait_for("main", "Everything that was checked holds.").await;
            page.script(
                "document.querySelector('[data-verify]').scrollIntoView()",
                Vec::new(),
            )
            .await;
        }
        page.picture(&folder.join(format!("{name}.png"))).await;
    }
    page.dark(false).await;
}
