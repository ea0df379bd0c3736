//! Tests as the documentation names them: `crate::file::function`, the file without `.rs`, with folders before it where the
//! name alone is not enough.

use std::collections::BTreeSet;

use crate::tree::rust_files;

/// Whether a source has a test of this name: a function with a test's attribute, or a case that runs on both engines.
pub fn has_test(source: &str, name: &str) -> bool {
    let signature = format!("fn {name}(");
    let mut attributes = false;
    for line in source.lines().map(str::trim) {
        if line.contains(&signature) && attributes {
            return true;
        }
        match line {
            "#[test]" => attributes = true,
            _ if line.starts_with("#[tokio::test") => attributes = true,
            _ if line.starts_with("#[") || line.starts_with("//") => {}
            _ => attributes = false,
        }
    }
    let cases = source
        .split("on_both!(")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let listed = cases
        .flat_map(|list| list.split(','))
        .any(|case| case.trim() == name);
    listed && source.contains(&format!("async {signature}"))
}

/// What is wrong with a test's name, if anything.
pub fn fault(reference: &str) -> Option<String> {
    let parts: Vec<&str> = reference.split("::").collect();
    let [name, file, function] = parts[..] else {
        return Some(format!("{reference} is not crate::file::function"));
    };
    let folders = [
        format!("crates/{name}/"),
        format!("{name}/"),
        format!("examples/{name}/"),
    ];
    let end = format!("/{file}.rs");
    let there =
        |path: &str| folders.iter().any(|folder| path.starts_with(folder.as_str())) && path.ends_with(&end);
    let found: Vec<&str> = rust_files()
        .filter(|(path, text)| there(path) && has_test(text, function))
        .map(|(path, _)| path)
        .collect();
    match found[..] {
        [_] => None,
        [] => Some(format!("{reference}: there is no such test")),
        _ => Some(format!("{reference} may be in {}", found.join(" or "))),
    }
}

/// The tests that a text names between backquotes.
pub fn named(text: &str) -> BTreeSet<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.matches("::").count() == 2)
        .collect()
}

#[test]
fn tests_are_found_by_name() {
    for good in [
        "tlog::vectors::the_reference_tree_has_its_roots",
        "engine::write_path::own_ids_replay",
        "web::v1/audit/list::every_filter_filters",
        "testkit::tests::tests_are_found_by_name",
    ] {
        assert_eq!(fault(good), None);
    }
    for bad in [
        "tlog::vectors::no_such_test",
        "tlog::the_reference_tree_has_its_roots",
        "nowhere::vectors::x",
        "engine::write_path::key",
    ] {
        assert!(fault(bad).is_some(), "{bad}");
    }
}

#[test]
fn only_tests_count_as_tests() {
    let source = "on_both!(case, other);\nfn helper() {}\n#[test]\n// why\n#[cfg(unix)]\nfn plain() {}\n\
                  #[tokio::test(flavor = \"multi_thread\")]\nasync fn running() {}\nmod cases { pub async fn case(bed: Bed) {} }";
    let found = ["plain", "running", "case", "helper", "other", "lain"].map(|name| has_test(source, name));
    assert_eq!(found, [true, true, true, false, false, false]);
    assert_eq!(
        named("a `b::c::d`, `x` and `e::f::g`")
            .into_iter()
            .collect::<Vec<_>>(),
        ["b::c::d", "e::f::g"]
    );
}
