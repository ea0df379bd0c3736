//! What happened to one thing, as its entries tell it.

use evidence::Timestamp;
use maud::{Markup, html};

use super::icon::icon;
use super::time::{Precision, time};
use crate::look::Look;

/// Most entries that are told on a page of something else; its list of entries has the rest.
pub const TOLD_MAX: u8 = 20;

/// An entry, in short.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its index.
    pub index: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub sentence: String,
    /// What recorded it: a kind of credential, and which.
    pub recorder: String,
}

/// What happened, oldest first: each with its entry and its receipt.
pub fn history(look: &Look, told: &[Told]) -> Markup {
    html! {
        @if !told.is_empty() {
            section aria-labelledby="history" {
                h2 id="history" { "What happened" }
                ol.history {
                    @for one in told {
                        li {
                            (time(look, one.at, Precision::NearSecond)) " "
                            a href={ "/audit/entries/" (one.index) } { (one.sentence) }
                            " " span.quiet { "by " (one.recorder) }
                            " " a href={ "/v1/audit/entries/" (one.index) "/receipt" } download={ (one.index) ".tlog-proof" } {
                                (icon("download")) " Receipt" span.hidden { " of entry " (one.index) }
                            }
                        }
                    }
                }
                @if told.len() >= usize::from(TOLD_MAX) { p.quiet { "These are the first. The list of its entries has all." } }
            }
        }
    }
}
