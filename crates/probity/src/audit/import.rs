//! `probity audit import`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use engine::import::{Format, ImportProgress, ImportReport, Mapping, import};
use serde_json::json;

use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted, plain};
use crate::progress::Progress;
use crate::rejected::{Rejected, rate};
use crate::source;

/// Arguments of `probity audit import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; - is standard input
    file: PathBuf,
    /// Shape of the log
    #[arg(
        long,
        value_enum,
        value_name = "jsonl|cloudtrail",
        hide_possible_values = true
    )]
    format: FormatName,
    /// For jsonl that is not our own export: a TOML file that says where each field comes from
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
}

/// Shape of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// One JSON object a line.
    Jsonl,
    /// AWS CloudTrail.
    Cloudtrail,
}

/// Imports.
pub async fn run(context: &Context, args: ImportArgs) -> Result<Exit, Failure> {
    let format = match (args.format, &args.map) {
        (FormatName::Cloudtrail, None) => Format::Cloudtrail,
        (FormatName::Cloudtrail, Some(_)) => {
            return Err(Failure::could_not_run(
                "usage",
                "--map goes with --format jsonl",
                "leave --map out",
            ));
        }
        (FormatName::Jsonl, None) => Format::Jsonl(None),
        (FormatName::Jsonl, Some(path)) => Format::Jsonl(Some(mapping(path)?)),
    };
    let (reader, total) = source::open(&args.file)?;
    let mut rejected = Rejected::beside(&args.file);
    let engine = context.open().await?;
    let progress = Progress::new(context);
    let mut show = |at: &ImportProgress| progress.at(at.bytes, total, &progress_text(at));
    let report = import(&engine, &caller(), reader, format, &mut rejected, &mut show).await;
    progress.finish();
    // Whatever came of it: what was recorded stays, and is remembered.
    engine.shutdown().await;
    let report = report?;
    rejected
        .flush()
        .map_err(|error| Failure::file("write", rejected.path(), &error))?;
    print(context, &report, rejected.path())?;
    Ok(if report.rejected == 0 { Exit::Ok } else { Exit::No })
}

fn mapping(path: &Path) -> Result<Mapping, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    Mapping::parse(&text).map_err(|error| {
        let text = error.to_string();
        let lines: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let message = format!("{}: {}", path.display(), lines.join(" "));
        Failure::could_not_run(
            "mapping",
            message,
            "each key names a field of an entry; its value is a JSON pointer",
        )
    })
}

fn progress_text(at: &ImportProgress) -> String {
    let rejected = if at.rejected > 0 {
        format!(", {} rejected", count(at.rejected))
    } else {
        String::new()
    };
    format!(
        "{} lines, {}/s{rejected}",
        count(at.lines),
        count(rate(at.lines, at.seconds))
    )
}

fn print(context: &Context, report: &ImportReport, rejected: &Path) -> Result<(), Failure> {
    if context.json() {
        let first: Vec<_> = report
            .first_rejections
            .iter()
            .map(|(line, reason)| json!({ "line": line, "reason": reason }))
            .collect();
        let file = (report.rejected > 0).then(|| rejected.display().to_string());
        return output::json(&json!({
            "lines": report.lines,
            "added": report.added,
            "already_there": report.already_there,
            "rejected": report.rejected,
            "first_rejections": first,
            "rejected_file": file,
            "bytes": report.bytes,
            "seconds": report.seconds,
        }));
    }
    let mut lines = vec![format!(
        "Read           {}\nAdded          {}\nAlready there  {}\nRejected       {}\nTime           {:.1} s ({} lines/s)",
        counted(report.lines, "line", "lines"),
        count(report.added),
        count(report.already_there),
        count(report.rejected),
        report.seconds,
        count(rate(report.lines, report.seconds)),
    )];
    let first = report.first_rejections.iter().take(5);
    lines.extend(first.map(|(line, reason)| format!("  line {line}: {}", plain(reason))));
    if report.rejected > 0 {
        lines.push(format!(
            "All rejected lines with their reasons are in {}.",
            rejected.display()
        ));
    }
    output::line(&lines.join("\n"))
}
