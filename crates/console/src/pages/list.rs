//! A list: filters, chips, table, and where it goes on. The same for every noun.

use evidence::Timestamp;
use maud::{Markup, html};
use views::{Chart, Column};

use crate::components::{Field, Precision, Row, empty, field, icon, stacks, table, time};
use crate::look::Look;
use crate::pages::one::{Action, actions};

/// A filter that is in force.
#[derive(Clone, Debug)]
pub struct Chip {
    /// The filter and its value.
    pub text: String,
    /// The list without it.
    pub without: String,
}

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    /// What is listed, as a title.
    pub title: String,
    /// What is listed, for people.
    pub many: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Where the list is.
    pub path: String,
    /// What it can be narrowed down by.
    pub fields: Vec<Field>,
    /// What narrows it down now.
    pub chips: Vec<Chip>,
    /// Lists that are often asked for.
    pub presets: Vec<(String, String)>,
    /// The same in another view: words, and where.
    pub others: Vec<(String, String)>,
    /// What is wrong with the address beside its fields.
    pub problems: Vec<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, in parts that have a heading each.
    pub parts: Vec<(Option<String>, Vec<Row>)>,
    /// Where the list goes on.
    pub next: Option<String>,
    /// Where it begins, unless that is here.
    pub first: Option<String>,
    /// Whether a search stopped before it had looked at everything.
    pub stopped: bool,
    /// Until when it has looked, then.
    pub looked_until: Option<Timestamp>,
    /// Where all that the filters leave can be had as a file.
    pub export: Option<String>,
    /// What can be made.
    pub actions: Vec<Action>,
    /// The same as a call of the API.
    pub call: String,
    /// Where what is new comes from, live.
    pub live: Option<String>,
    /// What is done on the server's machine alone: words, and the command.
    pub commands: Vec<(&'static str, &'static str)>,
    /// What of it is drawn.
    pub chart: Option<Chart>,
}

/// A page of a list.
pub fn list(look: &Look, page: &ListPage) -> Markup {
    let count = page.parts.iter().map(|(_, rows)| rows.len()).sum::<usize>();
    html! {
        div.heading {
            h1 { (page.title) }
            @for (words, href) in &page.others { a href=(href) { (words) } }
            @if !page.fields.is_empty() { button type="button" data-link hidden { (icon("link")) " Copy link" } }
            (actions(&page.actions))
        }
        p.about { (page.about) }
        @if !page.presets.is_empty() {
            ul.presets aria-label="Often asked for" {
                @for (words, href) in &page.presets { li { a href=(href) { (words) } } }
            }
        }
        @for problem in &page.problems { p.wrong role="alert" { (problem) } }
        @if !page.fields.is_empty() { (filter(page)) }
        @if let Some(live) = &page.live {
            p.live data-stream=(live) hidden {
                span.state {} " "
                button type="button" hidden {}
            }
        }
        @if let Some(chart) = &page.chart { (stacks(look, chart)) }
        @if count == 0 { (nothing(page)) }
        div id="rows" {
            @for (heading, rows) in page.parts.iter().filter(|(_, rows)| !rows.is_empty()) {
                @if let Some(heading) = heading { h2.day { (heading) } }
                (table(look, heading.as_deref().unwrap_or(page.many), &page.columns, rows))
            }
        }
        (ends(look, page, count))
        @if let Some(href) = &page.export {
            ul.related { li { a href=(href) { (icon("download")) " All that these filters leave, as a file" } } }
        }
        @for (words, command) in &page.commands {
            p { (words) }
            pre tabindex="0" data-copy=(command) { code { (command) } }
        }
        @if !page.call.is_empty() {
            details.call {
                summary { "As API call" }
                pre tabindex="0" data-copy=(page.call) { code { (page.call) } }
            }
        }
    }
}

fn filter(page: &ListPage) -> Markup {
    let wrong = page.fields.iter().any(|field| field.problem.is_some());
    html! {
        details.filter open[wrong] {
            summary { (icon("list-filter")) " Filter" }
            form method="get" action=(page.path) {
                @for one in &page.fields { (field(one, "f-")) }
                div.buttons { button type="submit" { "Apply" } " " a href=(page.path) { "Clear" } }
            }
        }
        @if !page.chips.is_empty() {
            ul.chips aria-label="Filters in force" {
                @for chip in &page.chips {
                    li { a href=(chip.without) title="Remove this filter" { (chip.text) " " (icon("x")) span.hidden { " remove" } } }
                }
            }
        }
    }
}

fn nothing(page: &ListPage) -> Markup {
    let (narrowed, many) = (!page.chips.is_empty(), page.many);
    html! {
        @if page.stopped {
            (empty(&format!("No {many} so far."), &html! { "The search goes on below." }))
        } @else if page.first.is_some() {
            // Whether earlier pages had some is not known here.
            (empty(&format!("No {many} from here on."), &html! {}))
        } @else if narrowed {
            (empty(&format!("No {many} fulfil these filters."), &html! { a href=(page.path) { "Show all " (many) } }))
        } @else {
            (empty(&format!("There are no {many} yet."), &html! {
                @match page.actions.first() {
                    Some(action) => { a href=(action.href) { (action.label) } " to make the first one." }
                    None => { "They are made over the API or on the command line." }
                }
            }))
        }
    }
}

fn ends(look: &Look, page: &ListPage, count: usize) -> Markup {
    html! {
        @if page.stopped {
            p.banner data-tone="warn" role="status" {
                "The search stopped before it had looked at everything"
                @if let Some(until) = page.looked_until { ": it has looked as far as " (time(look, until, Precision::Exact)) }
                "."
            }
        }
        nav.pages aria-label="Pages" {
            @if let Some(first) = &page.first { a href=(first) rel="first" { "First page" } }
            @if count > 0 { span.quiet { (count) " shown" @if page.next.is_none() { ", no more" } } }
            @if let Some(next) = &page.next { a href=(next) rel="next" { @if page.stopped { "Go on looking" } @else { "Next page" } } }
        }
    }
}
