//! What `probity audit import` tells at its end.

use engine::import::{Explained, Identity, ImportReport, Omitted};
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{self, count, counted, plain};
use crate::rejected::{Rejected, rate};
use crate::table;

/// Lines that are named for people; the others are in the files.
const NAMED_MAX: usize = 5;

/// Prints the summary.
pub fn print(
    context: &Context,
    report: &ImportReport,
    rejected: &Rejected,
    shortened: &Rejected,
) -> Result<(), Failure> {
    if context.json() {
        return output::json(&as_json(report, rejected, shortened));
    }
    let mut lines = vec![format!(
        "Read           {}\nAdded          {}\nAlready there  {}\nRejected       {}",
        counted(report.lines, "line", "lines"),
        count(report.added),
        count(report.already_there),
        count(report.rejected),
    )];
    let also = [
        (
            "Shortened    ",
            report.shortened,
            "with something that does not fit an entry",
        ),
        ("Surrogates   ", report.surrogates, "lone ones, now U+FFFD"),
        (
            "Outcomes     ",
            report.unknown_outcomes.values().sum(),
            "unknown, taken for the default",
        ),
    ];
    for (name, number, what) in also.into_iter().filter(|(_, number, _)| *number > 0) {
        lines.push(format!("{name}  {} {what}", count(number)));
    }
    lines.extend(
        ids(report)
            .into_iter()
            .map(|text| format!("Ids            {text}")),
    );
    lines.push(format!(
        "Time           {:.1} s ({} lines/s)",
        report.seconds,
        count(rate(report.lines, report.seconds))
    ));
    let first = report.first_rejections.iter().take(NAMED_MAX);
    lines.extend(first.map(|(line, reason)| format!("  line {line}: {}", plain(reason))));
    for (line, parts) in report.first_shortened.iter().take(NAMED_MAX) {
        lines.extend(
            parts
                .iter()
                .map(|part| format!("  line {line}: {}", omitted(part))),
        );
    }
    for (word, number) in &report.unknown_outcomes {
        lines.push(format!(
            "  outcome {}: {}",
            plain(word),
            counted(*number, "line", "lines")
        ));
    }
    lines.extend(rejected.told());
    if shortened.is_there() {
        let path = shortened.path().display();
        lines.push(format!("All shortened lines are in {path}."));
    }
    if report.stopped {
        lines.push("Stopped: what was read is recorded, the rest was not read.".to_owned());
    }
    output::line(&lines.join("\n"))
}

fn as_json(report: &ImportReport, rejected: &Rejected, shortened: &Rejected) -> serde_json::Value {
    let first: Vec<_> = report
        .first_rejections
        .iter()
        .map(|(line, reason)| json!({ "line": line, "reason": reason }))
        .collect();
    let first_shortened: Vec<_> = report
        .first_shortened
        .iter()
        .map(|(line, parts)| {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| json!({ "at": part.at, "bytes": part.bytes, "sha256": part.sha256 }))
                .collect();
            json!({ "line": line, "omitted": parts })
        })
        .collect();
    let path = |file: &Rejected| file.is_there().then(|| file.path().display().to_string());
    json!({
        "lines": report.lines,
        "added": report.added,
        "already_there": report.already_there,
        "rejected": report.rejected,
        "first_rejections": first,
        "rejected_file": path(rejected),
        "shortened": report.shortened,
        "first_shortened": first_shortened,
        "shortened_file": path(shortened),
        "surrogates": report.surrogates,
        "unknown_outcomes": report.unknown_outcomes,
        "ids": {
            "own": report.identities.own,
            "content": report.identities.content,
            "place": report.identities.place,
        },
        "file_sha256": report.file_sha256,
        "stopped": report.stopped,
        "bytes": report.bytes,
        "seconds": report.seconds,
    })
}

/// What the ids are made from, one text for each kind that there is.
fn ids(report: &ImportReport) -> Vec<String> {
    let place = match &report.file_sha256 {
        Some(digest) => format!(
            "{} (neither id nor time in the line; SHA-256 {digest})",
            made_from(Identity::Place, true)
        ),
        None => format!(
            "{} (neither id nor time in the line)",
            made_from(Identity::Place, false)
        ),
    };
    [
        (report.identities.own, made_from(Identity::Own, false).to_owned()),
        (
            report.identities.content,
            made_from(Identity::Content, false).to_owned(),
        ),
        (report.identities.place, place),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, text)| format!("{} {text}", count(number)))
    .collect()
}

fn made_from(identity: Identity, of_file: bool) -> &'static str {
    match identity {
        Identity::Own => "the line's own",
        Identity::Content => "made from what the line says",
        Identity::Place if of_file => "made from the file and the place in it",
        Identity::Place => "made from the place in the stream",
    }
}

fn omitted(part: &Omitted) -> String {
    let at = plain(&part.at);
    format!(
        "{at} does not fit: {} bytes, SHA-256 {}",
        count(part.bytes),
        part.sha256
    )
}

/// How a line would be mapped, for people.
pub fn explained_text(explained: &Explained) -> String {
    let mut lines = vec![format!("Line {}", explained.line)];
    let told: Vec<(&str, String)> = explained
        .fields
        .iter()
        .map(|(field, value, from)| {
            let value = shown(value);
            let text = match from {
                Some(from) => format!("{value}\n<- {from}"),
                None => value,
            };
            (*field, text)
        })
        .collect();
    lines.extend(table::pairs(&told, table::width()));
    if let Some(identity) = explained.identity {
        lines.push(format!(
            "The id is {}.",
            match identity {
                Identity::Place => "made from the place of the line: it has neither an id nor a time",
                other => made_from(other, false),
            }
        ));
    }
    lines.extend(explained.omitted.iter().map(omitted));
    if explained.surrogates > 0 {
        lines.push(format!(
            "{} would become U+FFFD.",
            counted(explained.surrogates, "lone surrogate", "lone surrogates")
        ));
    }
    if let Some(word) = &explained.unknown_outcome {
        lines.push(format!(
            "The outcome {:?} is not known; the default stands.",
            plain(word)
        ));
    }
    lines.push(match &explained.rejected {
        Some(reason) => format!("It would be rejected: {}", plain(reason)),
        None => "It would be recorded; nothing was written.".to_owned(),
    });
    lines.join("\n")
}

/// A value for people: long ones are cut, the JSON output has them whole.
fn shown(value: &str) -> String {
    const CHARS_MAX: usize = 400;
    let cut: String = value.chars().take(CHARS_MAX).collect();
    let end = if cut.len() < value.len() { "…" } else { "" };
    format!("{}{end}", plain(&cut))
}
