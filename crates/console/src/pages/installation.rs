//! The installation: what is wrong with it and what to do, and what it keeps for how long.

use evidence::Timestamp;
use maud::{Markup, html};
use views::{Cell, Column, Elide, column, count, number};

use crate::components::{Row, badge, icon, part, table};
use crate::look::Look;

/// What a check found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What was looked at.
    pub name: String,
    /// `good`, `minor`, `major` or `not_checked`.
    pub state: String,
    /// What was found.
    pub detail: String,
    /// What to do; empty where nothing is to be done.
    pub remedy: String,
}

/// What the doctor found.
pub fn findings(found: &[Found]) -> Markup {
    let of = |state: &str| found.iter().filter(|one| one.state == state).count();
    let (major, minor) = (of("major"), of("minor"));
    let good = major == 0;
    // What is wrong comes first.
    let mut sorted: Vec<&Found> = found.iter().collect();
    sorted.sort_by_key(|one| {
        ["major", "minor", "good"]
            .iter()
            .position(|word| *word == one.state)
            .unwrap_or(3)
    });
    html! {
        h1 { "Doctor" }
        @if found.is_empty() { p { "This server cannot look by itself." } }
        p.verdict hidden[found.is_empty()] data-tone=(if good { "good" } else { "bad" }) {
            (icon(if good { "circle-check" } else { "triangle-alert" })) " "
            (verdict(major, minor))
        }
        dl.details {
            @for one in sorted {
                div {
                    dt { (one.name) }
                    dd {
                        (badge(&one.state)) " " (one.detail)
                        @if !one.remedy.is_empty() { p { strong { "What to do: " } (one.remedy) } }
                    }
                }
            }
        }
        p.quiet { "The same on the server's machine, with the server running or not: " code { "probity doctor" } "." }
    }
}

/// What the doctor found, in a sentence.
fn verdict(major: usize, minor: usize) -> String {
    match (major, minor) {
        (0, 0) => "All is well.".to_owned(),
        (0, minor) => format!("Nothing serious is wrong; {minor} to look at."),
        (1, 0) => "1 thing is seriously wrong.".to_owned(),
        (1, minor) => format!("1 thing is seriously wrong, and {minor} more to look at."),
        (major, 0) => format!("{major} things are seriously wrong."),
        (major, minor) => format!("{major} things are seriously wrong, and {minor} more to look at."),
    }
}

/// What is past its time, of one action.
#[derive(Clone, Debug)]
pub struct PastTime {
    /// The action.
    pub action: String,
    /// How many entries.
    pub entries: u64,
    /// How many more a legal hold keeps.
    pub held: u64,
    /// When the oldest was recorded.
    pub oldest: Timestamp,
}

/// What is kept for how long, and what would go.
#[derive(Clone, Debug, Default)]
pub struct RetentionPage {
    /// Actions, and for how many days the details of their entries are kept.
    pub policies: Vec<(String, u64)>,
    /// What would go now; none where counting takes too long for a page.
    pub past: Option<Vec<PastTime>>,
}

const POLICIES: [Column; 2] = [column("action", Elide::Never), number("days")];
const PAST: [Column; 4] = [
    column("action", Elide::Never),
    number("would go"),
    number("held"),
    column("oldest (UTC)", Elide::Never),
];

/// What is kept for how long, and what would go.
pub fn retention(look: &Look, page: &RetentionPage) -> Markup {
    let row = |cells: Vec<Cell>| Row { href: None, cells };
    let policies: Vec<Row> = page
        .policies
        .iter()
        .map(|(action, days)| row(vec![action.into(), count(*days).into()]))
        .collect();
    let past = page.past.as_ref().map(|past| {
        let rows = past.iter().map(|one| {
            row(vec![
                (&one.action).into(),
                count(one.entries).into(),
                count(one.held).into(),
                one.oldest.into(),
            ])
        });
        rows.collect::<Vec<_>>()
    });
    html! {
        h1 { "Retention" }
        p.about { "For how long the details of entries are kept. Who, what and when stay for ever, and so does their proof." }
        @if policies.is_empty() { p { "No policy is set: everything is kept." } }
        @else { (part("policies", "Policies in force", &table(look, "Days by action", &POLICIES, &policies))) }
        @match &past {
            None => { p.banner data-tone="warn" { "Counting what would go takes longer than a page may. " code { "probity audit retention" } " counts it." } }
            Some(rows) if rows.is_empty() => { p { "Nothing is past its time." } }
            Some(rows) => { (part("past", "What would go now", &table(look, "Entries by action", &PAST, rows))) }
        }
        p { a href="/audit/holds" { "Legal holds" } " keep what they cover." }
    }
}
