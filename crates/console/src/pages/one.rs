//! One thing, with all there is to know of it. The same for every noun.

use maud::{Markup, html};
use views::{BY_HAND, Titled};

use crate::components::{Told, badge, details, history, icon};
use crate::look::Look;

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What.
    pub label: String,
    /// The page that asks for the rest.
    pub href: String,
    /// Whether it cannot be undone.
    pub danger: bool,
}

/// One thing.
#[derive(Clone, Debug, Default)]
pub struct OnePage {
    /// What it is, and its name.
    pub title: String,
    /// Its list, and what that is called.
    pub list: (String, String),
    /// All there is to know of it.
    pub pairs: Vec<Titled>,
    /// What can be done with it.
    pub actions: Vec<Action>,
    /// What belongs to it, elsewhere.
    pub related: Vec<(String, String)>,
    /// Whether its row is another one than its entry wrote.
    pub tampered: bool,
    /// What happened to it, as far as the reader may read entries.
    pub told: Vec<Told>,
    /// The same as a call of the API.
    pub call: String,
}

/// The links to what can be done.
pub fn actions(actions: &[Action]) -> Markup {
    html! {
        @if !actions.is_empty() {
            ul.actions {
                @for action in actions { li { a.button href=(action.href) data-danger[action.danger] { (action.label) } } }
            }
        }
    }
}

/// One thing.
pub fn one(look: &Look, page: &OnePage) -> Markup {
    around(look, page, &html! {}, &details(look, &page.pairs))
}

/// That a row is not the one that its entry wrote, and what to do.
fn by_hand(told: &[Told]) -> Markup {
    html! {
        p.banner data-tone="bad" role="alert" {
            (badge(BY_HAND)) " "
            span {
                "Somebody changed this in the database, around this program: it is not what its entry recorded. No command relies on it. "
                "Tell whoever runs the installation: " code { "probity audit verify" } " names everything that was changed"
                @if !told.is_empty() { ", and " a href="#history" { "what happened" } " says how it was" }
                "."
            }
        }
    }
}

/// What every page of one thing has, around what it shows of it. `state` says how it stands.
pub fn around(look: &Look, page: &OnePage, state: &Markup, content: &Markup) -> Markup {
    html! {
        nav.trail aria-label="Where this is" { a href=(page.list.0) data-list { (page.list.1) } }
        div.heading {
            h1 { (page.title) }
            (state)
            (actions(&page.actions))
        }
        @if page.tampered { (by_hand(&page.told)) }
        @if !page.related.is_empty() {
            ul.related aria-label="Related" {
                @for (words, href) in &page.related { li { a href=(href) { (icon("arrow-right")) " " (words) } } }
            }
        }
        (content)
        (history(look, &page.told))
        details.call {
            summary { "As API call" }
            pre tabindex="0" data-copy=(page.call) { code { (page.call) } }
        }
    }
}
