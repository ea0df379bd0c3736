//! axe-core over a page: what it finds by the rules of WCAG 2.2 AA and of good practice.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::page::Page;

const RULES: [&str; 6] = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
];

/// The script that `./test` fetches; nothing where it could not.
fn script() -> Option<String> {
    let given = std::env::var_os("PROBITY_TEST_AXE").map(PathBuf::from);
    let fetched = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../../target/axe-4.14.1/package/axe.min.js"
    );
    let path = given.unwrap_or_else(|| fetched.into());
    std::fs::read_to_string(path).ok()
}

/// What depends on the theme.
const OF_COLOURS: [&str; 2] = ["color-contrast", "link-in-text-block"];

/// Expects that axe finds nothing, in both themes. Where axe is not there, it says that this was not checked.
pub async fn no_violation(page: &Page) {
    let found = violations(page).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What axe finds in both themes. In the dark one, what depends on colours alone is looked at once more.
pub async fn violations(page: &Page) -> Vec<String> {
    static AXE: LazyLock<Option<String>> = LazyLock::new(script);
    let Some(axe) = &*AXE else {
        eprintln!("axe-core is not there (./test fetches it): accessibility is not checked");
        return Vec::new();
    };
    page.script(axe, Vec::new()).await;
    let mut told = Vec::new();
    for (dark, kind, rules) in [(false, "tag", json!(RULES)), (true, "rule", json!(OF_COLOURS))] {
        page.dark(dark).await;
        let run = "const [type, values, done] = arguments;
            axe.run(document, { runOnly: { type, values }, resultTypes: ['violations'] }).then(done, (error) => done(String(error)));";
        let found = page.script_later(run, vec![json!(kind), rules]).await;
        let violations = found["violations"]
            .as_array()
            .unwrap_or_else(|| panic!("{found}"));
        told.extend(
            violations
                .iter()
                .map(|violation| format!("dark: {dark}, {}", self::told(violation))),
        );
    }
    page.dark(false).await;
    told
}

fn told(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().unwrap().iter();
    let places: Vec<String> = nodes
        .map(|node| format!("  {}: {}", node["html"], node["failureSummary"]))
        .collect();
    format!(
        "{}: {}\n{}",
        violation["id"],
        violation["help"],
        places.join("\n")
    )
}
