//! What was found under a text.

use maud::{Markup, html};

use crate::components::{empty, icon};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct SearchPage {
    /// What was looked for.
    pub text: String,
    /// What was found: kind, name, where.
    pub found: Vec<(String, String, String)>,
    /// What was tried.
    pub tried: Vec<String>,
}

/// What was found under a text.
pub fn search(page: &SearchPage) -> Markup {
    html! {
        h1 { @if page.text.is_empty() { "Search" } @else { "Search for " (page.text) } }
        @if page.found.is_empty() {
            @if page.text.is_empty() {
                (empty("Nothing was looked for.", &html! { "Type an id or its first eight characters, the index of an entry, a name, an e-mail address, the begin of an API key, a transaction or a trace." }))
            } @else {
                (empty("Nothing was found.", &html! { "Looked among " (page.tried.join(", ")) "." }))
            }
        }
        ul.found {
            @for (kind, name, href) in &page.found {
                li { a href=(href) { (icon("arrow-right")) " " (kind) " " strong { (name) } } }
            }
        }
    }
}
