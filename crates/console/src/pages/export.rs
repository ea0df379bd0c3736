//! All entries that filters leave, as a file: what will be in it, and where it is.

use maud::{Markup, html};
use views::Titled;

use crate::components::{details, icon};
use crate::look::Look;

/// What is exported.
#[derive(Clone, Debug, Default)]
pub struct ExportPage {
    /// The list that it is of.
    pub list: String,
    /// The filters in force, how many entries they leave, and of which log.
    pub pairs: Vec<Titled>,
    /// The forms in which it can be had: words, and where.
    pub files: Vec<(&'static str, String)>,
}

/// The page of an export.
pub fn export(look: &Look, page: &ExportPage) -> Markup {
    html! {
        nav.trail aria-label="Where this is" { a href=(page.list) { "Audit log" } }
        h1 { "Export" }
        p.about { "All entries that the filters leave, oldest first. What is recorded after this page was made is not among them." }
        (details(look, &page.pairs))
        ul.related aria-label="Files" {
            @for (words, href) in &page.files { li { a href=(href) download { (icon("download")) " " (words) } } }
        }
        p.quiet {
            "JSON Lines and CSV have a line for each entry; the size of the log is in the name of the file. "
            "The evidence bundle holds the same entries, and ends with how many they are. It begins with the newest checkpoint that was "
            "signed when it is made: where the log has grown meanwhile, the size and root in it are those of the larger log, which has all "
            "of the entries above at the same places."
        }
    }
}
