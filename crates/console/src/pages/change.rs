//! A change: what it does, what it takes, and what was shown once.

use maud::{Markup, html};

use crate::components::{Field, Input, field, icon};

/// A form that asks for what a change takes.
#[derive(Clone, Debug, Default)]
pub struct ChangePage {
    /// What it does.
    pub title: String,
    /// What it is about: where that is, and what it is called.
    pub about: Option<(String, String)>,
    /// More about what it does.
    pub description: String,
    /// What it will do, in numbers.
    pub will: Vec<String>,
    /// Where the form is sent to.
    pub action: String,
    /// What it asks for.
    pub fields: Vec<Field>,
    /// Whether it cannot be undone.
    pub danger: bool,
    /// Whether it cannot be done at all now: `problem` says why.
    pub blocked: bool,
    /// What was wrong with the form as a whole.
    pub problem: Option<String>,
    /// The entry that records the refusal: where it is, for who may read it, and its index.
    pub entry: Option<(Option<String>, u64)>,
    /// What may help then: words, and where.
    pub help: Option<(String, String)>,
    /// Where the reader came from.
    pub back: String,
    /// The words on the button.
    pub button: String,
}

/// Most fields of a form of which none is folded away.
const UNFOLDED_MAX: usize = 6;

/// The page of a change.
pub fn change(page: &ChangePage) -> Markup {
    let seen = page.fields.iter().filter(|one| one.input != Input::Hidden);
    let folds = seen.count() > UNFOLDED_MAX;
    let spare = |one: &&Field| folds && one.spare && one.value.is_empty() && one.problem.is_none();
    let (more, asked): (Vec<&Field>, Vec<&Field>) = page.fields.iter().partition(spare);
    html! {
        nav.trail aria-label="Where this is" {
            @if let Some((href, words)) = &page.about { a href=(href) { (words) } }
        }
        h1 { (page.title) }
        @for paragraph in page.description.split("\n\n").filter(|text| !text.is_empty()) { p.about { (paragraph) } }
        @if !page.will.is_empty() {
            section.will aria-labelledby="will" {
                h2 id="will" { "What will happen" }
                ul { @for one in &page.will { li { (one) } } }
            }
        }
        (refused(page))
        @if !page.blocked {
            form.change method="post" action=(page.action) {
                @for one in asked { (field(one, "c-")) }
                @if !more.is_empty() {
                    details { summary { "More" } @for one in more { (field(one, "c-")) } }
                }
                @if page.danger { p.danger { (icon("triangle-alert")) " This cannot be undone." } }
                div.buttons {
                    button type="submit" data-danger[page.danger] { (page.button) } " "
                    a href=(page.back) { "Cancel" }
                }
            }
        }
    }
}

/// What was wrong, where it is recorded, and what may help.
fn refused(page: &ChangePage) -> Markup {
    html! {
        @if let Some(problem) = &page.problem {
            div.banner data-tone="bad" role="alert" {
                (icon("triangle-alert")) " " (problem)
                @match &page.entry {
                    Some((Some(href), index)) => { " " a href=(href) { "Recorded as entry " (index) } "." }
                    Some((None, index)) => { " Recorded as entry " (index) "." }
                    None => {}
                }
                @if let Some((words, href)) = &page.help { " " a href=(href) { (words) } }
            }
        }
    }
}

/// Something that is shown once.
#[derive(Clone, Debug)]
pub struct Secret {
    /// What it is.
    pub label: String,
    /// It.
    pub text: String,
}

/// What came of a change that shows something once.
#[derive(Clone, Debug)]
pub struct SecretsPage {
    /// What was done.
    pub title: String,
    /// What is shown once.
    pub secrets: Vec<Secret>,
    /// Where to go on.
    pub next: String,
}

/// The page that shows something once.
pub fn secrets(page: &SecretsPage) -> Markup {
    html! {
        h1 { (page.title) }
        p.banner data-tone="warn" role="status" { (icon("key-round")) " Shown now and never again: keep it before you go on." }
        dl.details {
            @for secret in &page.secrets {
                div data-long { dt { (secret.label) } dd { pre tabindex="0" data-copy=(secret.text) { (secret.text) } } }
            }
        }
        p { a.button href=(page.next) { "Go on" } }
    }
}
