//! One thing, with all there is to know of it. The same for every noun.

use maud::{Markup, html};
use views::Titled;

use crate::components::{Told, details, history, icon};
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

/// What every page of one thing has, around what it shows of it. `state` says how it stands.
pub fn around(look: &Look, page: &OnePage, state: &Markup, content: &Markup) -> Markup {
    html! {
        nav.trail aria-label="Where this is" { a href=(page.list.0) data-list { (page.list.1) } }
        div.heading {
            h1 { (page.title) }
            (state)
            (actions(&page.actions))
        }
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
