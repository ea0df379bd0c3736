//! Sources are small and finished.

use std::collections::BTreeMap;

use crate::rust::parts;
use crate::tree::{assert_excepted, rust_files};

/// Most lines of a file.
const LINES_MAX: usize = 500;

/// Files that are longer, with their lines. This list only gets shorter.
const LONG: &[(&str, usize)] = &[];

/// What says that something is not finished, or that a test does not run.
const UNFINISHED: [&str; 4] = ["#[ignore", "todo!", "unimplemented!", "dbg!"];

fn unfinished(source: &str) -> Vec<(usize, &'static str)> {
    let code = parts(source).code;
    let lines = code.lines().enumerate();
    lines
        .flat_map(|(number, line)| {
            let found = UNFINISHED.into_iter().filter(move |word| line.contains(word));
            found.map(move |word| (number + 1, word))
        })
        .collect()
}

#[test]
fn no_file_is_too_long() {
    let long = rust_files()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX);
    assert_excepted("lines", &long.collect::<BTreeMap<_, _>>(), LONG);
}

#[test]
fn nothing_is_unfinished_and_no_test_is_left_out() {
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        found.extend(
            unfinished(text)
                .into_iter()
                .map(|(line, word)| format!("{path}:{line}: {word}")),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_unfinished_is_seen() {
    let source =
        "// todo!()\n#[ignore = \"slow\"]\nfn f() { todo!() }\nlet a = \"dbg!\"; dbg!(a);\nunimplemented!()";
    assert_eq!(
        unfinished(source),
        [(2, "#[ignore"), (3, "todo!"), (4, "dbg!"), (5, "unimplemented!")]
    );
}
