use std::fmt::Write as _;

use super::*;

fn words(by: By) -> String {
    match by {
        Column(column) => column.to_owned(),
        Lower(column) => format!("{column}, in any case"),
        Spelt(column) => format!("{column}, however it is spelt"),
        By::Through(way) => format!("{} from {} by {}", way.column, way.table, words(way.by)),
    }
}

fn only(only: &Only) -> String {
    match only {
        Null(column) => format!("{column} is empty"),
        NotNull(column) => format!("{column} is not empty"),
        OneOf(column, words) => format!("{column} is {}", words.join(" or ")),
        Due(column) => format!("{column} has come"),
        InWindow(column) => format!("{column} is in the window"),
    }
}

/// ARCHITECTURE.md shows the order of the locks as the list has it.
#[test]
fn the_order_of_the_locks_is_shown() {
    let mut text = "| | look | rows | by | only where | held |\n|---|---|---|---|---|---|\n".to_owned();
    for (number, look) in (1..).zip(LOOKS) {
        let only: Vec<_> = look.only.iter().map(only).collect();
        let held = match look.hold {
            Hold::Change => "for change",
            Hold::Rely => "against change",
            Hold::Read => "",
        };
        let (name, table, by) = (look.name, look.table(), words(look.by));
        let _ = writeln!(
            text,
            "| {number} | `{name}` | `{table}` | {by} | {} | {held} |",
            only.join(", ")
        );
    }
    let page = include_str!("../../../ARCHITECTURE.md");
    let (_, rest) = page.split_once("<!-- locks -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- end -->").unwrap();
    assert!(shown == text, "the table is now:\n{text}");
}

/// What is changed by its id is not locked once more to be relied on.
#[test]
fn what_is_changed_is_not_relied_on_too() {
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut needs = Needs::default();
    needs.rows(&USER_RELIED_ON, [one, other]);
    needs.row(&USER, one);
    needs.row(&USER_NAMED, "ann");
    needs.row(&USER_NAMED, "a\0b");
    let plan: Vec<_> = needs
        .plan()
        .into_iter()
        .map(|(look, keys)| (look.name, keys.into_iter().cloned().collect()))
        .collect();
    let expected: Vec<(&str, Vec<Key>)> = vec![
        ("USER", vec![one.into()]),
        ("USER_RELIED_ON", vec![other.into()]),
        ("USER_NAMED", vec!["ann".into()]),
    ];
    assert_eq!(plan, expected);
}

/// The usual batch of events reads nothing but keys that call and their owners; anything else reads more.
#[test]
fn callers_alone() {
    let mut needs = Needs::default();
    needs.caller(&Caller::ApiKey(Uuid::from_u128(1)));
    assert!(needs.keys_alone());
    needs.row(&ENTRY, Uuid::from_u128(2));
    assert!(!needs.keys_alone());
}
