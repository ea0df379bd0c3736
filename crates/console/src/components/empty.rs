//! What stands where nothing is.

use maud::{Markup, html};

/// Says what would be here, and how to get it.
pub fn empty(what: &str, how: &Markup) -> Markup {
    html! { div.empty { p { (what) } p.quiet { (how) } } }
}
