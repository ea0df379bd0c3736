//! Icons: those of Lucide, as one sprite.

use maud::{Markup, html};

use crate::assets::ICONS;

/// An icon beside a text that says the same: readers do not hear it.
pub fn icon(name: &str) -> Markup {
    html! { svg.icon aria-hidden="true" focusable="false" { use href={ (ICONS.path()) "#" (name) } {} } }
}
