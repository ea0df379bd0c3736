//! `probity audit import`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use engine::import::{Format, ImportProgress, ImportReport, Input, Mapping, Reports, explain, import};

use super::import_report as report;
use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::output::count;
use crate::parse;
use crate::progress::Progress;
use crate::rejected::{Rejected, rate};
use crate::source::{self, Stopper};
use crate::{output, signal};

/// Arguments of `probity audit import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; - is standard input
    file: PathBuf,
    /// Shape of the log: jsonl (our own export, or any other with --map), cloudtrail, kubernetes, github, okta, ocsf
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        required_unless_present = "map"
    )]
    format: Option<FormatName>,
    /// For jsonl that is not our own export: a TOML file that says where each field comes from, or aim-drag
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Show how the line of this number would be mapped, and record nothing. The numbers are those of rejected lines:
    /// lines of a file of lines, else events, from 1
    #[arg(long, value_name = "LINE", value_parser = parse::number::<u64, 1, { u64::MAX }>)]
    explain: Option<u64>,
}

/// Shape of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Our own export, or any log with a mapping.
    Jsonl,
    /// AWS CloudTrail.
    Cloudtrail,
    /// The audit log of Kubernetes.
    Kubernetes,
    /// The audit log of GitHub.
    Github,
    /// The System Log of Okta.
    Okta,
    /// Open Cybersecurity Schema Framework.
    Ocsf,
}

fn format(args: &ImportArgs) -> Result<Format, Failure> {
    let format = match args.format.unwrap_or(FormatName::Jsonl) {
        FormatName::Cloudtrail => Format::Cloudtrail,
        FormatName::Kubernetes => Format::Kubernetes,
        FormatName::Github => Format::Github,
        FormatName::Okta => Format::Okta,
        FormatName::Ocsf => Format::Ocsf,
        FormatName::Jsonl => {
            return Ok(Format::Jsonl(args.map.as_deref().map(mapping).transpose()?));
        }
    };
    if args.map.is_some() {
        return Err(Failure::could_not_run(
            "usage",
            "--map goes with --format jsonl",
            "leave --map out",
        ));
    }
    Ok(format)
}

/// Imports, or explains.
pub async fn run(context: &Context, args: ImportArgs) -> Result<Exit, Failure> {
    let format = format(&args)?;
    let (input, stopper, total, is_file) = source::input(&args.file)?;
    if let Some(line) = args.explain {
        return explained(context, &args.file, input, &format, line);
    }
    let mut rejected = Rejected::beside(&args.file);
    let mut shortened = Rejected::shortened(&args.file);
    stop_at_signal(stopper)?;
    let progress = Progress::new(context);
    let mut show = |at: &ImportProgress| progress.at(at.bytes, total, &progress_text(at));
    let reports = Reports {
        rejected: &mut rejected,
        shortened: &mut shortened,
    };
    let imported = context.with_engine(async |engine| {
        let report = import(engine, &caller(), input, format, reports, &mut show).await;
        progress.finish();
        Ok(report)
    });
    let report = imported.await?;
    for file in [&mut rejected, &mut shortened] {
        file.flush()
            .map_err(|error| Failure::file("write", file.path(), &error))?;
    }
    let report = report?;
    report::print(context, &report, &rejected, &shortened)?;
    Ok(exit(&report, is_file))
}

/// A stream has no end but the one that it is given; of a file the rest is missing.
fn exit(report: &ImportReport, is_file: bool) -> Exit {
    match (report.stopped && is_file, report.rejected) {
        (true, _) => Exit::CouldNotRun,
        (false, 0) => Exit::Ok,
        (false, _) => Exit::No,
    }
}

fn stop_at_signal(mut stopper: Stopper) -> Result<(), Failure> {
    let asked = signal::stop()?;
    tokio::spawn(async move {
        asked.await;
        stopper.stop();
        // The wake-up must outlive the stream only until here.
        drop(stopper);
    });
    Ok(())
}

fn explained(
    context: &Context,
    file: &Path,
    input: Input,
    format: &Format,
    line: u64,
) -> Result<Exit, Failure> {
    let Some(explained) = explain(input, format, line)? else {
        return Err(Failure::no(
            "unknown_line",
            format!("{} has no line {line}", file.display()),
            "lines of a file of lines are counted with blank ones; elsewhere events are counted",
        ));
    };
    if context.json() {
        output::json(&explained.to_json())?;
    } else {
        output::line(&report::explained_text(&explained))?;
    }
    Ok(if explained.rejected.is_none() {
        Exit::Ok
    } else {
        Exit::No
    })
}

/// The mapping of a file, or one that needs none.
fn mapping(path: &Path) -> Result<Mapping, Failure> {
    if let Some(Some(Ok(mapping))) = path.to_str().map(Mapping::built_in) {
        return Ok(mapping);
    }
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
            "each key names a field of an entry; its value is a JSON pointer: see docs/import.md",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_was_stopped_lacks_something() {
        for (stopped, is_file, rejected, expected) in [
            (false, true, 0, Exit::Ok),
            (false, true, 1, Exit::No),
            (true, true, 0, Exit::CouldNotRun),
            (true, true, 1, Exit::CouldNotRun),
            (true, false, 0, Exit::Ok),
            (true, false, 1, Exit::No),
        ] {
            let report = ImportReport {
                stopped,
                rejected,
                ..ImportReport::default()
            };
            assert_eq!(exit(&report, is_file), expected, "{stopped} {is_file} {rejected}");
        }
    }
}
