//! Each record in `docs/decisions` has a number, a date, a status and alternatives, and stands in the list.

use crate::tree::{file, files};

const FOLDER: &str = "docs/decisions/";

/// Records by the name of their file.
fn records() -> Vec<(&'static str, &'static str)> {
    let all = files(|path| path.starts_with(FOLDER) && !path.ends_with("/README.md"));
    all.map(|(path, text)| (&path[FOLDER.len()..], text)).collect()
}

fn is_date(text: &str) -> bool {
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

/// What a record lacks.
fn lacks(name: &str, text: &str) -> Option<&'static str> {
    let number = name.split('-').next().unwrap_or_default();
    let mut lines = text.lines();
    let mut next = |prefix: &str| lines.next()?.strip_prefix(prefix);
    if next(&format!("# {number}: ")).is_none_or(str::is_empty) {
        return Some("a title with its number");
    }
    next("");
    if !next("- Date: ").is_some_and(is_date) {
        return Some("a date");
    }
    let status = next("- Status: ").unwrap_or_default();
    if !status.starts_with("in force") && !status.starts_with("superseded by ") {
        return Some("a status");
    }
    let alternatives = next("- Alternatives: ").unwrap_or_default();
    alternatives.is_empty().then_some("alternatives")
}

#[test]
fn every_record_has_its_form() {
    let wrong: Vec<String> = records()
        .into_iter()
        .filter_map(|(name, text)| Some(format!("{FOLDER}{name} lacks {}", lacks(name, text)?)))
        .collect();
    assert!(wrong.is_empty(), "{}; see {FOLDER}README.md", wrong.join("\n"));
}

#[test]
fn numbers_follow_one_another_and_all_are_in_the_list() {
    let list = file("docs/decisions/README.md");
    for (place, (name, text)) in records().into_iter().enumerate() {
        let number = format!("{:04}", place + 1);
        assert!(
            name.starts_with(&format!("{number}-")),
            "{name} should have the number {number}"
        );
        let title = text.lines().next().unwrap_or_default();
        let title = title.trim_start_matches(&format!("# {number}: "));
        let row = format!("| [{number}]({name}) | {title} |");
        assert!(list.contains(&row), "the list should have {row}");
    }
}

#[test]
fn what_a_record_lacks_is_seen() {
    let good = "# 0042: A choice\n\n- Date: 2026-11-28\n- Status: in force\n- Alternatives: another\n\nText";
    assert_eq!(lacks("0042-a-choice.md", good), None);
    assert_eq!(lacks("0041-a-choice.md", good), Some("a title with its number"));
    for (from, to, lacking) in [
        ("2026-11-28", "today", "a date"),
        ("in force", "good", "a status"),
        (": another", ":", "alternatives"),
    ] {
        assert_eq!(lacks("0042-a-choice.md", &good.replace(from, to)), Some(lacking));
    }
}
