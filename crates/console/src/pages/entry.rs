//! An entry of the audit log: what happened, what changed, what belongs to it, and how to check it.

use evidence::{Entry, verifier};
use maud::{Markup, PreEscaped, html};
use serde_json::Value;
use views::Changed;

use crate::components::{badge, icon, tree};
use crate::look::Look;

/// An entry.
#[derive(Clone, Debug)]
pub struct EntryPage {
    /// The entry.
    pub entry: Entry,
    /// What happened, as a sentence.
    pub sentence: String,
    /// What became of the rows.
    pub changed: Vec<Changed>,
    /// Other entries about the same: what they share, and their list.
    pub related: Vec<(String, String)>,
    /// The log's verifier key.
    pub key: String,
    /// Its list, and what that is called.
    pub list: (String, String),
    /// The same as a call of the API.
    pub call: String,
}

/// An entry.
pub fn entry(look: &Look, page: &EntryPage) -> Markup {
    let entry = &page.entry;
    html! {
        nav.trail aria-label="Where this is" { a href=(page.list.0) data-list { (page.list.1) } }
        div.heading {
            h1 { "Entry " (entry.index) }
            (badge(entry.outcome.as_str()))
        }
        p.lead { (page.sentence) }
        @if let Some(what) = &entry.tampered { (tampered(what)) }
        @if entry.is_gone() { (gone(page)) }
        (facts(look, entry))
        (changes(page))
        (details(entry))
        @if !page.related.is_empty() {
            section aria-labelledby="related" {
                h2 id="related" { "Related entries" }
                ul.related { @for (words, href) in &page.related { li { a href=(href) { (icon("arrow-right")) " " (words) } } } }
            }
        }
        (evidence(page))
        details.call {
            summary { "As API call" }
            pre tabindex="0" data-copy=(page.call) { code { (page.call) } }
        }
    }
}

/// What is not as the log says.
fn tampered(what: &str) -> Markup {
    html! {
        p.banner data-tone="bad" { span {
            "Changed by hand: " (what) ". What this page shows may not be what was recorded. Tell whoever runs the installation: "
            code { "probity audit verify" } " names everything that was changed."
        } }
    }
}

/// What went, and what stays.
fn gone(page: &EntryPage) -> Markup {
    let entry = &page.entry;
    html! {
        p.banner data-tone="warn" { span {
            @if entry.pruned { "Its details were kept for their time, and are gone." }
            @else if let Some(by) = entry.erased_by {
                "What was personal in it has been erased, by " a href={ (page.list.0) "/" (by) } { "entry " (by) } "."
            } @else { "What was personal in it has been erased." }
            " Who, what and when stay, and so does their proof."
        } }
    }
}

/// A name and its value, which the verifier compares with the entry.
fn fact(name: &str, path: &str, value: Option<&str>) -> Markup {
    html! { @if let Some(value) = value { div { dt { (name) } dd data-shown=(path) { (value) } } } }
}

fn moment(look: &Look, name: &str, path: &str, at: evidence::Timestamp) -> Markup {
    html! { div { dt { (name) } dd { time data-shown=(path) datetime=(at) { (look.zone.exact(at)) } } } }
}

fn facts(look: &Look, entry: &Entry) -> Markup {
    let (actor, target, recorder) = (&entry.actor, entry.target.as_ref(), &entry.recorded_by);
    let recorder_id = recorder.id.map(|id| id.to_string());
    html! {
        dl.details {
            (moment(look, "Recorded at", "at", entry.at))
            @if let Some(at) = entry.occurred_at { (moment(look, "Occurred at", "occurred_at", at)) }
            (fact("Actor", "actor.kind", Some(actor.kind.as_str())))
            (fact("Actor's id", "actor.id", actor.id.as_deref()))
            (fact("Actor's name", "actor.name", actor.name.as_deref()))
            (fact("On behalf of", "actor.on_behalf_of", actor.on_behalf_of.as_deref()))
            (fact("Action", "action", Some(&entry.action)))
            (fact("Target", "target.kind", target.map(|target| target.kind.as_str())))
            (fact("Target's id", "target.id", target.and_then(|target| target.id.as_deref())))
            (fact("Outcome", "outcome", Some(entry.outcome.as_str())))
            (fact("Allowed or refused by", "authority", Some(&entry.authority)))
            (fact("Recorded by", "recorded_by.kind", Some(recorder.kind.as_str())))
            (fact("Credential", "recorded_by.id", recorder_id.as_deref()))
            (fact("Description", "description", entry.description.as_deref()))
            (fact("Address", "ip", entry.ip.as_deref()))
            (fact("Program", "user_agent", entry.user_agent.as_deref()))
            (fact("Session", "session_id", entry.session_id.as_deref()))
            (fact("Trace", "trace_id", entry.trace_id.as_deref()))
            (fact("DRAG mode", "drag_mode", entry.drag_mode.map(evidence::payload::DragMode::as_str)))
            (fact("Entry", "id", Some(&entry.id.to_string())))
        }
    }
}

fn changes(page: &EntryPage) -> Markup {
    html! {
        @if !page.changed.is_empty() {
            section aria-labelledby="changes" {
                h2 id="changes" { "What changed" }
                @for (number, row) in page.changed.iter().enumerate() { (change(number, row)) }
            }
        }
    }
}

fn change(number: usize, row: &Changed) -> Markup {
    let same = row.columns.iter().filter(|column| !column.differs()).count();
    html! {
        h3 { code { (row.table) } " " code { (row.id) } ", version " (row.version) }
        @if row.gone { p.quiet { "The values went with the entry's details." } }
        @else if row.columns.is_empty() { p.quiet { "No values were recorded." } }
        @else {
            (columns(&format!("Changed values of row {}", number + 1), row, true))
            @if same > 0 {
                details { summary { (same) " unchanged" } (columns(&format!("Unchanged values of row {}", number + 1), row, false)) }
            }
        }
        @for name in row.secrets.iter().filter(|_| !row.gone) { p.quiet { code { (name) } ": secret, in no entry" } }
    }
}

fn columns(caption: &str, row: &Changed, differ: bool) -> Markup {
    let value = |value: Option<&str>| html! { @match value { Some(text) => { (text) } None => { span.quiet { "not there" } } } };
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption.hidden { (caption) }
                thead { tr { th scope="col" { "Column" } th scope="col" { "Before" } th scope="col" { "After" } } }
                tbody {
                    @for column in row.columns.iter().filter(|column| column.differs() == differ) {
                        tr {
                            th scope="row" { (column.name) }
                            td { @if differ { del { (value(column.before.as_deref())) } } @else { (value(column.before.as_deref())) } }
                            td { @if differ { ins { (value(column.after.as_deref())) } } @else { (value(column.after.as_deref())) } }
                        }
                    }
                }
            }
        }
    }
}

fn details(entry: &Entry) -> Markup {
    let whole = evidence::entry::details_text(entry);
    let input = entry.aim.as_ref().and_then(|aim| aim.input.as_ref());
    html! {
        @if let (Some(details), Some(text)) = (&entry.details, &whole) {
            section aria-labelledby="details" {
                h2 id="details" { "Details" }
                (tree(&Value::Object(details.0.clone())))
                details {
                    summary { "As canonical text" }
                    pre tabindex="0" data-shown="details" data-copy=(text) { (text) }
                }
            }
        }
        @if let Some(aim) = &entry.aim {
            section aria-labelledby="aim" {
                h2 id="aim" { "AIM context" }
                dl.details {
                    (fact("Actor", "aim.actor", aim.actor.as_deref()))
                    (fact("Mission", "aim.mission", aim.mission.as_deref()))
                }
                @if let Some(input) = input { h3 { "Input" } (tree(&Value::Object(input.0.clone()))) }
            }
        }
    }
}

/// What proves it, and Verify here.
fn evidence(page: &EntryPage) -> Markup {
    let index = page.entry.index;
    let path = format!("/v1/audit/entries/{index}");
    let receipt = format!("{path}/receipt");
    html! {
        section aria-labelledby="verify" data-verify data-entry=(path) data-receipt=(receipt)
            data-consistency="/v1/audit/consistency" data-entries=(page.list.0) data-key=(page.key) {
            h2 id="verify" { "Verify here" }
            p {
                "Your browser can check this entry by itself, step by step. Its code came from this server, which is what is being checked: "
                "whoever does not trust the server takes the files below to " code { "probity-verify" } ", or to " code { "verify.html" } ", which "
                code { "probity audit verifier" } " prints too, and the documentation has the digest of."
            }
            ul.related {
                li { a href=(path) download=(format!("{index}.json")) { (icon("download")) " Entry" } }
                li { a href=(receipt) download=(format!("{index}.tlog-proof")) { (icon("download")) " Receipt" } }
                li { a href="/static/verify.html" download="verify.html" { (icon("download")) " verify.html" } }
            }
            p { "Key of the log: " code data-copy=(page.key) { (page.key) } }
            p { button type="button" data-start hidden { "Verify here" } }
            noscript { p { "Scripts are off, so this page cannot check anything. The steps are what the programs above check, too." } }
            (PreEscaped(verifier::STEPS))
        }
    }
}
