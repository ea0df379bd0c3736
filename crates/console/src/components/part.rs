//! Parts of a page.

use maud::{Markup, html};

/// A part of a page with its heading; nothing where there is nothing in it.
pub fn part(id: &str, heading: &str, content: &Markup) -> Markup {
    html! {
        @if !content.0.is_empty() {
            section aria-labelledby=(id) { h2 id=(id) { (heading) } (content) }
        }
    }
}
