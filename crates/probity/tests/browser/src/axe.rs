//! axe-core over a page: what it finds by the rules of WCAG 2.2 AA and of good practice.

use std::path::PathBuf;

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

/// Expects that axe finds nothing, in both themes. Where axe is not there, it says that this was not checked.
pub async fn no_violation(page: &Page) {
    let Some(axe) = script() else {
        eprintln!("axe-core is not there (./test fetches it): accessibility is not checked");
        return;
    };
    for dark in [false, true] {
        page.dark(dark).await;
        page.script(&axe, Vec::new()).await;
        let run = "const [rules, done] = arguments;
            axe.run(document, { runOnly: rules, resultTypes: ['violations'] }).then(done, (error) => done(String(error)));";
        let found = page.script_later(run, vec![json!(RULES)]).await;
        let violations = found["violations"]
            .as_array()
            .unwrap_or_else(|| panic!("{found}"));
        let told: Vec<String> = violations.iter().map(told).collect();
        assert!(told.is_empty(), "dark: {dark}\n{}", told.join("\n"));
    }
    page.dark(false).await;
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
