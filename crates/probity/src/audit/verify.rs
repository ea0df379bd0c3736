//! `probity audit verify`.

use std::io::Write as _;

use clap::Args;
use engine::verify::{Report, VerifyOptions, VerifyProgress, explain, remember, verify};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted, plain};
use crate::parse;
use crate::progress::Progress;
use crate::table;

/// Arguments of `probity audit verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Say what is checked in each table, and what is not and why; check nothing
    #[arg(long)]
    explain: bool,
    /// Threads that check entries; as many as the machine has cores, at most 8, unless given
    #[arg(long, value_parser = parse::number::<u16, 1, 64>)]
    threads: Option<u16>,
}

pub async fn run(context: &Context, args: VerifyArgs) -> Result<Exit, Failure> {
    if args.explain {
        return print_explanation(context);
    }
    let mut how = VerifyOptions::default();
    how.threads = args.threads.map_or(how.threads, usize::from);
    let progress = Progress::new(context);
    let options = context.options()?;
    let report = verify(&options, how, &|at: VerifyProgress| {
        progress.at(
            at.done,
            at.total,
            &format!("{} of {} {}", count(at.done), count(at.total), at.what),
        );
    })
    .await;
    progress.finish();
    let report = report?;
    remember(&options.data_dir, &report);
    if context.json() {
        output::json(&report)?;
    } else {
        print(&report)?;
    }
    Ok(if report.intact { Exit::Ok } else { Exit::No })
}

fn print(report: &Report) -> Result<(), Failure> {
    let mut out = output::stdout();
    for finding in &report.findings {
        writeln!(out, "{}", table::paragraph(&format!("✗ {finding}")))?;
    }
    if report.findings_omitted > 0 {
        writeln!(
            out,
            "… and {}",
            counted(report.findings_omitted, "more finding", "more findings")
        )?;
    }
    for note in &report.notes {
        writeln!(out, "! {}", plain(&note.to_string()))?;
    }
    let rows = report
        .rows_checked
        .iter()
        .map(|checked| format!("{} {}", checked.table, count(checked.rows)));
    let pairs = [
        (
            "Log",
            format!("{}, {}", report.origin, counted(report.size, "entry", "entries")),
        ),
        ("Root", report.root.clone()),
        ("Entries checked", count(report.entries_checked)),
        ("Rows checked", rows.collect::<Vec<_>>().join(", ")),
        ("Time", format!("{:.1} s", report.seconds)),
        ("Intact", count(report.entries.intact)),
        ("Erased", count(report.entries.erased)),
        ("Pruned", count(report.entries.pruned)),
        ("Tampered", count(report.entries.tampered)),
    ];
    for line in table::pairs(&pairs, table::width()) {
        writeln!(out, "{line}")?;
    }
    let found = report.findings.len() as u64 + report.findings_omitted;
    match found {
        0 => writeln!(out, "✓ intact")?,
        found => writeln!(out, "✗ tampered: {}", counted(found, "finding", "findings"))?,
    }
    Ok(out.flush()?)
}

fn print_explanation(context: &Context) -> Result<Exit, Failure> {
    let explanation = explain();
    if context.json() {
        output::json(&explanation)?;
        return Ok(Exit::Ok);
    }
    let sealed: Vec<_> = explanation
        .sealed
        .iter()
        .map(|table| (table.table, sentence(table.checked)))
        .collect();
    let unsealed: Vec<_> = explanation
        .unsealed
        .iter()
        .map(|table| (table.table, sentence(table.why)))
        .collect();
    let width = table::width();
    let text = format!(
        "Checked:\n{}\n\nNot checked:\n{}",
        table::pairs(&sealed, width).join("\n"),
        table::pairs(&unsealed, width).join("\n")
    );
    output::line(&text)?;
    Ok(Exit::Ok)
}

/// The text with its spaces as in a sentence.
fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sealed_table_is_explained() {
        let explained: Vec<_> = explain()
            .sealed
            .iter()
            .map(|table| table.table.to_string())
            .collect();
        for table in domain::tables::SEALED {
            assert!(explained.contains(&table.name.to_owned()), "{}", table.name);
        }
    }
}
