//! Names and what stands beside them.

use maud::{Markup, html};
use views::{Cell, Titled};

use super::cell::{cell, is_long, text};
use crate::look::Look;

/// All there is to know of one thing. What is not there is left out; a text without a name is a sentence before the rest.
pub fn details(look: &Look, pairs: &[Titled]) -> Markup {
    let there = |pair: &&Titled| match &pair.1 {
        Cell::Empty | Cell::Command(_) => false,
        Cell::Text(text) => !text.is_empty(),
        _ => true,
    };
    html! {
        dl.details {
            @for (name, value) in pairs.iter().filter(there) {
                @let words = text(look, value);
                @let long = is_long(&words);
                div data-long[long] {
                    dt data-sub[name.starts_with(' ')] { (name.trim()) }
                    dd {
                        @if long { pre tabindex="0" { (words) } }
                        @else { (cell(look, value, false)) }
                    }
                }
            }
        }
    }
}
