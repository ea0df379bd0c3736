//! `docs/import.md` says what the program does: each key, word and format is there, and each example works.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;

const TEXT: &str = include_str!("../../../../docs/import.md");

/// The fenced block whose first line is this.
fn block(head: &str) -> &'static str {
    let start = format!("```{head}\n");
    let rest = TEXT.split_once(&start).unwrap_or_else(|| panic!("no {start}")).1;
    rest.split_once("\n```").unwrap().0
}

/// The words in backquotes that begin the rows of the table with this head.
fn rows(head: &str) -> BTreeSet<&'static str> {
    let rest = TEXT
        .split_once(head)
        .unwrap_or_else(|| panic!("no table {head}"))
        .1;
    let lines = rest.lines().skip(1).take_while(|line| line.starts_with('|'));
    lines
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect()
}

/// The words between backquotes that an error names as expected.
fn expected(toml: &str) -> BTreeSet<String> {
    let error = Mapping::parse(toml).unwrap_err().to_string();
    let list = error
        .split_once("expected")
        .unwrap_or_else(|| panic!("{error}"))
        .1;
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn owned(words: BTreeSet<&str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_key_of_a_mapping_is_described() {
    assert_eq!(expected("surprise = \"\""), owned(rows("| key | what it gives")));
    assert_eq!(
        expected("action = \"=a\"\ntime_format = \"surprise\""),
        owned(rows("| `time_format` | an example"))
    );
    let outcomes = expected("action = \"=a\"\noutcome_default = \"surprise\"");
    for word in outcomes {
        assert!(TEXT.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn the_example_of_a_mapping_has_every_key_and_works() {
    let toml = block("toml");
    let table: toml::Table = toml.parse().unwrap();
    assert_eq!(
        table.keys().cloned().collect::<BTreeSet<_>>(),
        expected("surprise = \"\"")
    );
    let format = Format::Jsonl(Some(Mapping::parse(toml).unwrap()));
    let explained = example(&format, "json mapping");
    let value = |field: &str| {
        let found = explained.fields.iter().find(|(name, _, _)| *name == field);
        found.unwrap_or_else(|| panic!("no {field}")).1.clone()
    };
    for (field, expected) in [
        ("id", "01893fc0-a490-7000-8000-00000000002a"),
        ("occurred_at", "2026-03-01T09:00:00.500000Z"),
        ("actor.kind", "agent"),
        ("actor.id", "gpt"),
        ("actor.name", "G"),
        ("actor.on_behalf_of", "ann"),
        ("action", "order_placed"),
        ("target.kind", "order"),
        ("target.id", "42"),
        ("outcome", "refused"),
        ("description", "Ann bought a book"),
        ("ip", "203.0.113.7"),
        ("user_agent", "shop/1"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("session_id", "s1"),
        ("aim.actor", "clerk"),
        ("aim.mission", "sell"),
        ("aim.input", "{\"budget\":10}"),
        ("drag_mode", "grunt"),
        ("details", "{\"title\":\"Faust\"}"),
    ] {
        assert_eq!(value(field), expected, "{field}");
    }
}

/// The mappings without a file, and what a line becomes with them.
#[test]
fn a_built_in_mapping_is_described_as_it_is() {
    assert_eq!(
        block("toml aim-drag"),
        include_str!("aim_drag.toml").trim_end(),
        "docs/import.md"
    );
    let mapping = Mapping::built_in("aim-drag").unwrap().unwrap();
    assert!(Mapping::built_in("aim").is_none());
    let explained = example(&Format::Jsonl(Some(mapping)), "json aim-drag");
    let found: Vec<_> = explained
        .fields
        .iter()
        .map(|(name, value, _)| (*name, value.as_str()))
        .collect();
    for (field, expected) in [
        ("id", "0197a3c1-5f00-7000-8000-000000000001"),
        ("occurred_at", "2025-06-24T08:30:00.123456Z"),
        ("actor.kind", "user"),
        ("actor.id", "7d1f"),
        ("actor.name", "ann"),
        ("action", "workflow_execute"),
        ("target.kind", "workflow"),
        ("target.id", "triage"),
        ("outcome", "success"),
        ("aim.actor", "analyst"),
        ("aim.input", r#"{"max_rows":100}"#),
        ("aim.mission", "Find out who logged in"),
        ("drag_mode", "analysis"),
    ] {
        assert!(found.contains(&(field, expected)), "{field}: {found:?}");
    }
    let details = found.iter().find(|(name, _)| *name == "details").unwrap().1;
    assert!(details.contains(r#""integrity_hash":"9f86d081"#), "{details}");
}

/// What the example in this block becomes.
fn example(format: &Format, head: &str) -> Explained {
    let input = Input::stream(block(head).as_bytes());
    let explained = explain(input, format, 1).unwrap().unwrap();
    assert_eq!(explained.rejected, None, "{head}");
    assert_eq!(explained.unknown_outcome, None, "{head}");
    explained
}

#[test]
fn every_built_in_format_is_described_with_an_example_that_works() {
    let mut missing = String::new();
    for format in Format::BUILT_IN {
        let name = format.as_str();
        let explained = example(&format, &format!("json {name}"));
        if format != Format::Jsonl(None) {
            let unsaid = explained.fields.iter().find(|(_, _, from)| from.is_none());
            assert_eq!(unsaid, None, "{name}: where it comes from is not said");
        }
        let mut table = String::from("| field | comes from | in the example |\n|---|---|---|\n");
        for (field, from) in format.sources() {
            let value = explained.fields.iter().find(|(name, _, _)| *name == field);
            let value = match value {
                Some(_) if field == "details" => String::new(),
                Some((_, value, _)) => format!("`{value}`"),
                None => String::new(),
            };
            let row = format!("| {field} | {from} | {value} |");
            writeln!(table, "{}", row.replace("|  |", "| |")).unwrap();
        }
        if !TEXT.contains(&table) {
            write!(missing, "\n### {name}\n\n{table}").unwrap();
        }
    }
    assert!(
        missing.is_empty(),
        "docs/import.md must have these tables:\n{missing}"
    );
}
