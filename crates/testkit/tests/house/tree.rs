//! The files of the project.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Folders that hold nothing of the project; build folders are known by the mark that cargo puts into them.
const PASSED_OVER: [&str; 4] = [".git", "target", "probity-data", "artifacts"];

/// Every text file, by its path from the root with `/`.
pub static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut files = BTreeMap::new();
    collect(&root(), "", &mut files);
    files
});

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for item in fs::read_dir(folder).unwrap() {
        let item = item.unwrap();
        let name = item.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        let kind = item.file_type().unwrap();
        if kind.is_dir() {
            if !PASSED_OVER.contains(&name.as_str()) && !item.path().join("CACHEDIR.TAG").exists() {
                collect(&item.path(), &format!("{path}/"), files);
            }
        } else if kind.is_file()
            // What is not UTF-8 is no text, and what went away meanwhile is somebody's temporary file.
            && let Ok(text) = fs::read_to_string(item.path())
        {
            files.insert(path, text);
        }
    }
}

/// A file that must be there.
pub fn file(path: &str) -> &'static str {
    FILES.get(path).unwrap_or_else(|| panic!("there is no {path}"))
}

/// Files whose path fulfils a condition.
pub fn files(wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = FILES.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    all.filter(move |(path, _)| wanted(path))
}

/// Rust sources.
pub fn rust_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    files(|path| path.ends_with(".rs"))
}

/// Compares what was counted in files with what is excepted: no count may grow, and who makes one shrink shortens the list.
pub fn assert_excepted(what: &str, found: &BTreeMap<&str, usize>, excepted: &[(&str, usize)]) {
    let excepted: BTreeMap<&str, usize> = excepted.iter().copied().collect();
    let paths: std::collections::BTreeSet<&str> = found.keys().chain(excepted.keys()).copied().collect();
    let mut wrong = Vec::new();
    for path in paths {
        let (now, allowed) = (
            found.get(path).copied().unwrap_or(0),
            excepted.get(path).copied().unwrap_or(0),
        );
        if now > allowed {
            wrong.push(format!("{path}: {now} {what}, allowed are {allowed}"));
        } else if now < allowed {
            wrong.push(format!(
                "{path}: {now} {what}: write {now} into the list of exceptions, which says {allowed}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_tree_is_found_without_what_is_built() {
    assert!(FILES.contains_key("README.md") && FILES.contains_key("crates/tlog/src/lib.rs"));
    assert!(
        !FILES
            .keys()
            .any(|path| path.contains("/target/") || path.starts_with(".git/"))
    );
    assert!(rust_files().count() > 200, "{}", rust_files().count());
}

#[test]
fn an_exception_neither_grows_nor_outlives_its_reason() {
    let found = BTreeMap::from([("a.rs", 2)]);
    assert_excepted("things", &found, &[("a.rs", 2)]);
    for excepted in [
        &[][..],
        &[("a.rs", 1)],
        &[("a.rs", 3)],
        &[("a.rs", 2), ("b.rs", 1)],
    ] {
        let result = std::panic::catch_unwind(|| assert_excepted("things", &found, excepted));
        assert!(result.is_err(), "{excepted:?}");
    }
}
