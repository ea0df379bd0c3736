//! How the service stands, with everything that the last verification found.

use maud::{Markup, html};
use views::{FindingView, VerifiedView, count};

use crate::components::{Row, part, table};
use crate::look::Look;
use crate::pages::one::{OnePage, around};

const FOUND: &str = "What the last verification found";

/// How the service stands.
#[derive(Clone, Debug, Default)]
pub struct StatusPage {
    /// What every page of one thing has.
    pub one: OnePage,
    /// The last verification on this machine.
    pub verified: Option<VerifiedView>,
    /// Whether the last one ran on another machine, and found something.
    pub elsewhere: bool,
}

/// How the service stands.
pub fn status(look: &Look, page: &StatusPage) -> Markup {
    let found = page.verified.as_ref().filter(|verified| verified.findings > 0);
    let content = html! {
        (crate::components::details(look, &page.one.pairs))
        @if let Some(verified) = found { (part("findings", FOUND, &findings(look, verified))) }
        @else if page.elsewhere {
            (part("findings", FOUND, &html! {
                p { "It ran on another machine: the status there names each. So does " code { "probity audit verify" } "." }
            }))
        }
    };
    around(look, &page.one, &html! {}, &content)
}

/// Every finding that is remembered, each with a link to its row and its entry.
fn findings(look: &Look, verified: &VerifiedView) -> Markup {
    let rows = verified.found.iter().map(|finding| Row {
        href: None,
        cells: finding.cells(),
    });
    let rows: Vec<Row> = rows.collect();
    html! {
        p.banner data-tone="bad" { span {
            "These are not as the log says: somebody changed them by hand, around this program. Keep the database as it is, find out "
            "who could write to it, and put the rows back from a backup that verifies."
        } }
        @if !rows.is_empty() { (table(look, "Findings", &FindingView::COLUMNS, &rows)) }
        @if verified.more() > 0 { p { "And " (count(verified.more())) " more: " code { "probity audit verify" } " names each." } }
    }
}
