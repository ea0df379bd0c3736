//! Is everything all right?

use maud::{Markup, html};
use views::Titled;

use crate::components::{bars, details, icon};
use crate::look::Look;

/// A number, what it counts, and the list behind it.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it counts.
    pub label: String,
    /// The number.
    pub number: String,
    /// The list behind it, if the reader may open it.
    pub href: Option<String>,
    /// Whether somebody should look.
    pub attention: bool,
}

/// What there is to say at once.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Whether everything is all right; none for who may not know.
    pub healthy: Option<bool>,
    /// The same in one sentence.
    pub sentence: String,
    /// Numbers, by group.
    pub figures: Vec<(&'static str, Vec<Figure>)>,
    /// Entries of each hour of the last day.
    pub hours: Vec<(String, u64)>,
    /// How the service stands.
    pub pairs: Vec<Titled>,
}

/// The first page.
pub fn overview(look: &Look, page: &Overview) -> Markup {
    html! {
        h1 { "Overview" }
        @if let Some(healthy) = page.healthy {
            p.verdict data-tone=(if healthy { "good" } else { "bad" }) {
                (icon(if healthy { "circle-check" } else { "triangle-alert" })) " " (page.sentence)
            }
        } @else {
            p.about { (page.sentence) }
        }
        @for (label, figures) in page.figures.iter().filter(|(_, figures)| !figures.is_empty()) {
            h2 { (label) }
            ul.figures {
                @for figure in figures {
                    li data-attention[figure.attention] {
                        @let inner = html! { strong { (figure.number) } span { (figure.label) } };
                        @match &figure.href {
                            Some(href) => { a href=(href) { (inner) } }
                            None => { div { (inner) } }
                        }
                    }
                }
            }
        }
        @if !page.hours.is_empty() { (bars("Entries an hour, of the last 24", "entries", &page.hours)) }
        @if !page.pairs.is_empty() { h2 { "Service" } (details(look, &page.pairs)) }
    }
}
