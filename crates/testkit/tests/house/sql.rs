//! Statements are in `store` alone.

use std::collections::BTreeMap;

use crate::rust::parts;
use crate::tree::files;

/// How statements begin.
const BEGINNINGS: [&str; 12] = [
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "TRUNCATE ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "LOCK TABLE ",
    "PRAGMA ",
];

fn statements(source: &str) -> usize {
    let texts = parts(source).texts;
    let begins = |text: &String| {
        BEGINNINGS
            .iter()
            .any(|beginning| text.trim_start().starts_with(beginning))
    };
    texts.iter().filter(|text| begins(text)).count()
}

/// Whether it is a source of a crate of the product but `store`, or of an example.
fn must_have_none(path: &str) -> bool {
    let folder = ["crates/", "examples/"]
        .iter()
        .find_map(|folder| path.strip_prefix(folder));
    let inside = folder.and_then(|rest| rest.split_once('/'));
    inside.is_some_and(|(name, rest)| name != "store" && rest.starts_with("src/") && rest.ends_with(".rs"))
}

#[test]
fn only_store_has_statements() {
    let counts = files(must_have_none).map(|(path, text)| (path, statements(text)));
    let found: BTreeMap<_, _> = counts.filter(|(_, count)| *count > 0).collect();
    assert!(found.is_empty(), "statements outside store: {found:?}");
}

#[test]
fn statements_are_seen() {
    let source = r#"
        // "SELECT 1"
        let a = "SELECT 1"; let b = "  UPDATE t SET x = 1"; let c = format!("DELETE FROM {t}");
        let d = "SELECTED"; let e = "please SELECT"; let f = "INSERT INTO t
            VALUES (1)";
    "#;
    assert_eq!(statements(source), 4);
    assert!(must_have_none("crates/web/src/a/b.rs") && must_have_none("examples/shop/src/lib.rs"));
    assert!(!must_have_none("crates/store/src/query.rs") && !must_have_none("crates/web/tests/a.rs"));
    assert!(files(|path| path.starts_with("crates/store/src/")).any(|(_, text)| statements(text) > 0));
}
