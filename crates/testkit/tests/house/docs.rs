//! Links lead somewhere, and nothing speaks of the machine that it was written on.

use crate::tree::{files, root};

/// What a text that anyone may read does not hold: folders of one machine, hosts of package registries. Written in two
/// parts, so that this file holds none of them.
const FOREIGN: [&str; 8] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Use", "rs/"),
    concat!("/tm", "p/t-"),
    concat!("crates", ".io"),
    concat!("py", "pi.org"),
    concat!("npm", "js."),
];

/// The line that names the registry whose packages are allowed.
const ALLOWED: (&str, &str) = ("deny.toml", "allow-registry = ");

/// Longest line of a table, in characters: so much fits beside another version of it.
const TABLE_LINE_MAX: usize = 160;

/// Registers, whose rows name tests, and how long their lines may be without these: people search them rather than read
/// them. No number may grow.
const REGISTERS: [(&str, usize); 3] = [
    ("docs/coverage.md", 430),
    ("docs/limits.md", 405),
    ("docs/security.md", 430),
];

/// Longer lines that other documents may have at most: those of tables that tests compare with texts of the program.
const FROM_THE_PROGRAM: [(&str, usize); 2] = [("docs/custody.md", 1), ("docs/import.md", 3)];

/// How long a line is, without the tests that it names.
fn length(line: &str) -> usize {
    let quoted = line.split('`').skip(1).step_by(2);
    let tests = quoted.filter(|part| part.matches("::").count() == 2);
    // With its quotes and the space before it.
    line.chars().count() - tests.map(|test| test.chars().count() + 3).sum::<usize>()
}

/// Lines of tables that are longer than so many characters, by number and length.
fn wide(text: &str, max: usize) -> Vec<(usize, usize)> {
    let rows = text.lines().enumerate().filter(|(_, line)| line.starts_with('|'));
    let lengths = rows.map(|(number, line)| (number + 1, length(line)));
    lengths.filter(|(_, length)| *length > max).collect()
}

fn foreign(path: &str, text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !(path == ALLOWED.0 && line.starts_with(ALLOWED.1)));
    lines
        .flat_map(|(number, line)| {
            let found = FOREIGN.iter().filter(move |word| line.contains(**word));
            found.map(move |word| format!("{path}:{}: {word}", number + 1))
        })
        .collect()
}

/// Relative links of a Markdown text: what `](…)` names, outside of code.
fn links(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut links = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for part in plain.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            let path = target.split(['#', ' ']).next().unwrap_or_default();
            if !path.is_empty() && !path.contains("://") && !path.starts_with("mailto:") {
                links.push(path.to_owned());
            }
        }
    }
    links
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for (path, text) in files(|path| path.ends_with(".md")) {
        let file = root().join(path);
        let missing = links(text)
            .into_iter()
            .filter(|link| !file.parent().unwrap().join(link).exists());
        broken.extend(missing.map(|link| format!("{path}: {link}")));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn nothing_speaks_of_one_machine() {
    // Lock files name the registry of every package, as cargo writes them.
    let found: Vec<String> = files(|path| !path.ends_with("Cargo.lock"))
        .flat_map(|(path, text)| foreign(path, text))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn tables_can_be_read_in_a_diff() {
    let mut found = Vec::new();
    for (path, text) in files(|path| path.ends_with(".md")) {
        let of = |list: &[(&str, usize)]| {
            list.iter()
                .find(|(named, _)| *named == path)
                .map(|(_, number)| *number)
        };
        let max = of(&REGISTERS).unwrap_or(TABLE_LINE_MAX);
        let wide = wide(text, max);
        if wide.len() > of(&FROM_THE_PROGRAM).unwrap_or(0) {
            found.push(format!("{path}: lines and lengths {wide:?}, allowed are {max}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let text = format!(
        "x\n|{}|\n|y| `a::b::c` `d::e::f` |\n{}",
        "ä".repeat(9),
        "z".repeat(20)
    );
    assert_eq!(wide(&text, 10), [(2, 11)]);
}

#[test]
fn links_are_found() {
    let text = "[a](b.md) and [c](d/e.md#f), [g](https://example.org/h) [i](#j)\n```\n[k](l)\n```\n`[m](n)` [`o`](p)\n";
    assert_eq!(links(text), ["b.md", "d/e.md", "p"]);
}

#[test]
fn foreign_words_are_found() {
    let registry = FOREIGN[5];
    assert_eq!(
        foreign("a.md", &format!("x\nsee {registry}\n")),
        [format!("a.md:2: {registry}")]
    );
    assert_eq!(
        foreign("deny.toml", &format!("allow-registry = [\"{registry}\"]")),
        [""; 0]
    );
    assert_eq!(foreign("deny.toml", &format!("url = \"{registry}\"")).len(), 1);
}
