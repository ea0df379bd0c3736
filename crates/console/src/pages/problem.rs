//! Why there is no other page.

use maud::{DOCTYPE, Markup, html};

use crate::assets::STYLE;

/// Why there is no other page.
#[derive(Clone, Debug, Default)]
pub struct ProblemPage {
    /// The code in words.
    pub title: String,
    /// What is wrong and what would be right.
    pub detail: String,
    /// The stable code.
    pub code: String,
    /// The field at fault.
    pub field: Option<String>,
    /// Where the entry that records it is, and its index.
    pub entry: Option<(String, u64)>,
    /// What may help.
    pub links: Vec<(String, String)>,
}

/// A problem as a page.
pub fn problem(page: &ProblemPage) -> Markup {
    html! {
        h1 { (page.title) }
        p.about { (page.detail) }
        dl.details {
            div { dt { "Code" } dd { code { (page.code) } } }
            @if let Some(field) = &page.field { div { dt { "Field" } dd { code { (field) } } } }
            @if let Some((href, index)) = &page.entry { div { dt { "Recorded as" } dd { a href=(href) { "entry " (index) } } } }
        }
        ul.related { @for (words, href) in &page.links { li { a href=(href) { (words) } } } }
    }
}

/// The page that loads an address again. A browser that followed a link from another site did not send its cookie, which is
/// for requests from our own pages alone; from this page, it does.
pub fn again(address: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="refresh" content={ "0; url=" (address) };
                title { "Probity" }
                link rel="stylesheet" href=(STYLE.path());
            }
            body { main id="content" { h1 { "One moment" } p { a href=(address) { "Go on" } } } }
        }
    }
}
