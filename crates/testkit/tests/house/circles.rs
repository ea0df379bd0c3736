//! Files of a crate do not go in circles.
//!
//! A file depends on another of its crate if its code, tests apart, names something that the other file has: a path or an
//! import that leads there (`modules` says how paths are followed). To declare a module, to import it by name alone and to
//! re-export what a child has is no dependency. Files that depend on each other, directly or over others, are a circle:
//! none of them can be understood, moved or tested without all of them.
//!
//! One thing is no circle: a module's file and files below it, and no others, where the module's file uses those below it
//! and they use what it has for all of them. So a dependency on the file of a module that one stands in counts unless all
//! files of the circle stand below that file. A crate's root is no such file.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::{Sources, Uses, uses};
use crate::tree::rust_files;

/// Most circles that may be left.
const LEFT_MAX: usize = 6;

/// Circles that are left: a file of each, how many files it has, and why it is there. This list only gets shorter.
const LEFT: &[(&str, usize, &str)] = &[(
    "crates/probity/src/cli.rs",
    2,
    "the command that prints completions is made from the command line that it is part of",
)];

/// Files that depend on each other.
type Circle<'a> = BTreeSet<&'a str>;

/// Whether a file is the root of a crate.
fn is_root(path: &str) -> bool {
    let Some((_, inside)) = path.split_once("/src/") else {
        return false;
    };
    let binary = inside
        .strip_prefix("bin/")
        .is_some_and(|name| !name.contains('/') || name.ends_with("/main.rs"));
    !path.contains("/tests/") && (binary || ["lib.rs", "main.rs"].contains(&inside))
}

/// Every file of some that a file depends on, directly or over others of them.
fn below<'a>(uses: &Uses<'a>, among: &Circle<'a>, file: &'a str) -> Circle<'a> {
    let mut below = BTreeSet::new();
    let mut waiting = vec![file];
    while let Some(file) = waiting.pop() {
        let next = uses[file].keys().copied().filter(|next| among.contains(next));
        waiting.extend(next.filter(|next| below.insert(*next)));
    }
    below
}

/// The circles among some files.
fn circles<'a>(uses: &Uses<'a>, among: &Circle<'a>) -> BTreeSet<Circle<'a>> {
    let below: BTreeMap<_, _> = among
        .iter()
        .map(|file| (*file, below(uses, among, file)))
        .collect();
    let circle = |(file, others): (&&'a str, &Circle<'a>)| -> Circle<'a> {
        others
            .iter()
            .copied()
            .filter(|other| below[other].contains(file))
            .collect()
    };
    let all: BTreeSet<_> = below
        .iter()
        .map(circle)
        .filter(|circle| !circle.is_empty())
        .collect();
    all.into_iter()
        .flat_map(|circle| match parent(&circle) {
            Some(parent) => circles(uses, &circle.into_iter().filter(|file| *file != parent).collect()),
            None => BTreeSet::from([circle]),
        })
        .collect()
}

/// The file of a circle that all others of it stand below.
fn parent<'a>(circle: &Circle<'a>) -> Option<&'a str> {
    let below = |other: &str, file: &str| {
        let folder = file.strip_suffix("/mod.rs").or_else(|| file.strip_suffix(".rs"));
        let inside = folder.and_then(|folder| other.strip_prefix(folder));
        inside.is_some_and(|inside| inside.starts_with('/'))
    };
    let is_parent =
        |file: &str| !is_root(file) && circle.iter().all(|other| *other == file || below(other, file));
    circle.iter().copied().find(|file| is_parent(file))
}

/// A circle in words: its files, and what each names of the others.
fn described(circle: &Circle<'_>, uses: &Uses<'_>) -> String {
    let mut lines = vec![format!("{} files in a circle:", circle.len())];
    for file in circle {
        let named = uses[file].iter().filter(|(other, _)| circle.contains(*other));
        let named: Vec<_> = named.map(|(other, name)| format!("{name} ({other})")).collect();
        lines.push(format!("    {file}: {}", named.join(", ")));
    }
    lines.join("\n")
}

/// What is wrong with the circles of some crates and the list of those that may be there.
fn wrong(crates: &[Uses<'_>], left: &[(&str, usize, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut missing: BTreeSet<&str> = left.iter().map(|(file, ..)| *file).collect();
    for uses in crates {
        for circle in circles(uses, &uses.keys().copied().collect()) {
            let entry = left.iter().find(|(file, ..)| circle.contains(file));
            missing.retain(|file| !circle.contains(file));
            match entry {
                Some((_, size, _)) if *size == circle.len() => {}
                Some((file, size, _)) if *size > circle.len() => {
                    wrong.push(format!(
                        "the circle of {file} has {} files: write that into the list",
                        circle.len()
                    ));
                }
                _ => wrong.push(described(&circle, uses)),
            }
        }
    }
    wrong.extend(
        missing
            .into_iter()
            .map(|file| format!("{file} is in no circle any more: take it off the list")),
    );
    wrong
}

#[test]
fn no_files_of_a_crate_go_in_a_circle() {
    let sources: Sources<'_> = rust_files().collect();
    let roots = sources.keys().copied().filter(|path| is_root(path));
    let crates: Vec<_> = roots.map(|root| uses(&sources, root)).collect();
    assert!(crates.len() > 10 && crates.iter().map(Uses::len).sum::<usize>() > 300);
    let wrong = wrong(&crates, LEFT);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(LEFT.len() <= LEFT_MAX && LEFT.iter().all(|(_, _, why)| why.len() > 20));
}

#[test]
fn planted_circles_are_found() {
    let sources = Sources::from([
        (
            "x/src/lib.rs",
            "mod a; mod b; mod c; pub mod noun; pub use a::A; pub fn leaf() {}",
        ),
        ("x/src/a.rs", "pub struct A(crate::b::B);"),
        ("x/src/b.rs", "use crate::c; pub struct B; fn b() { c::c() }"),
        ("x/src/c.rs", "use super::A; pub fn c() -> A { crate::leaf() }"),
        // No circles: a parent that uses its children, which use what it has; a test that looks at another file.
        (
            "x/src/noun/mod.rs",
            "mod one; mod two; pub(crate) use one::One; pub const FLOOR: One = two::two();",
        ),
        (
            "x/src/noun/one.rs",
            "pub struct One(super::FLOOR); #[cfg(test)] mod tests { use super::super::two::two; }",
        ),
        ("x/src/noun/two.rs", "use super::{One, FLOOR}; pub fn two() {}"),
    ]);
    let mut planted = sources.clone();
    planted.insert("x/src/noun/one.rs", "use super::two::two; pub struct One;");
    let found = |sources: &Sources<'static>, left: &[(&str, usize, &str)]| {
        wrong(&[uses(sources, "x/src/lib.rs")], left)
    };

    let first = found(&sources, &[]);
    assert!(
        first.len() == 1 && first[0].starts_with("3 files") && first[0].contains("x/src/a.rs: crate::b::B"),
        "{first:?}"
    );
    let both = found(&planted, &[]);
    assert!(
        both.len() == 2
            && both[1].starts_with("2 files")
            && both[1].contains("x/src/noun/two.rs: super::One"),
        "{both:?}"
    );
    // What is on the list neither grows nor outlives its reason.
    assert_eq!(found(&sources, &[("x/src/b.rs", 3, "")]), [""; 0]);
    for left in [("x/src/b.rs", 2, ""), ("x/src/b.rs", 4, "")] {
        assert_eq!(found(&sources, &[left]).len(), 1, "{left:?}");
    }
    assert_eq!(
        found(&sources, &[("x/src/b.rs", 3, ""), ("x/src/noun/two.rs", 2, "")]).len(),
        1
    );
    assert!(is_root("crates/web/src/lib.rs") && is_root("crates/evidence/src/bin/probity-verify/main.rs"));
    assert!(!is_root("crates/web/src/log/mod.rs") && !is_root("crates/web/tests/src/lib.rs"));
}
