//! The verifier for browsers: the checks of this crate, written a second time, for what a browser runs.
//!
//! `verifier/verify.js` checks an entry in seven steps, by the browser's own cryptography; `verifier/bundle.js` checks
//! bundles. Tests run both over the same cases as the crate. [`page`] is all of it in one file that needs no network.

/// The checks of an entry, an ES module.
pub const SCRIPT: &str = include_str!("../verifier/verify.js");

/// The list of the seven steps, each with a sentence: HTML, into which the script puts what came of them.
pub const STEPS: &str = include_str!("../verifier/steps.html");

const PAGE: &str = include_str!("../verifier/page.html");
const BUNDLE: &str = include_str!("../verifier/bundle.js");
const FILES: &str = include_str!("../verifier/page.js");

/// `verify.html`: one file that checks receipts and bundles, from a folder and without a network.
pub fn page() -> String {
    let script = [SCRIPT, BUNDLE, FILES].map(without_imports).concat();
    PAGE.replace("<!-- steps -->", STEPS.trim_end())
        .replace("/* script */", script.trim_end())
}

/// A module in one file with those that it imports needs no import.
fn without_imports(module: &str) -> String {
    let lines = module.split_inclusive('\n');
    lines.filter(|line| !line.starts_with("import ")).collect()
}
