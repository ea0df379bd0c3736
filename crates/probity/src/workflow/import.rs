//! `probity workflow import`.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::chat_import::{Runs, RunsReport};
use evidence::payload::DragMode;
use serde_json::json;

use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted, plain};
use crate::progress::Progress;
use crate::rejected::Rejected;
use crate::{account, parse, source};

/// Arguments of `probity workflow import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; - is standard input
    file: PathBuf,
    /// Shape of the file: a run of an agent a line, as messages of a chat with tools
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: FormatName,
    /// The name of the workflow: 1 to 200 characters
    #[arg(long, value_name = "TEXT")]
    workflow: String,
    /// For whom: user name, id or e-mail address
    #[arg(long, value_name = "NAME")]
    user: String,
    /// What sort of work it is, where a run has no drag_mode itself: draft, research, analysis or grunt
    #[arg(long, value_name = "WORD", value_parser = parse::drag_mode)]
    drag_mode: Option<DragMode>,
}

/// Shape of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Messages of a chat with tools.
    ChatJsonl,
}

pub async fn run(context: &Context, args: ImportArgs) -> Result<Exit, Failure> {
    let FormatName::ChatJsonl = args.format;
    let (reader, total) = source::open(&args.file)?;
    let mut rejected = Rejected::beside(&args.file);
    let progress = Progress::new(context);
    let mut show = |bytes: u64, at: &RunsReport| {
        progress.at(bytes, total, &format!("{} runs", count(at.runs)));
    };
    let imported = context.with_engine(async |engine| {
        let of = Runs {
            workflow: args.workflow,
            user: account::user(engine, &args.user).await?.row.id,
            drag_mode: args.drag_mode,
        };
        let report = engine
            .import_runs(&caller(), &of, reader, &mut rejected, &mut show)
            .await;
        progress.finish();
        Ok(report?)
    });
    let report = imported.await;
    let flushed = rejected.flush();
    flushed.map_err(|error| Failure::file("write", rejected.path(), &error))?;
    let report = report?;
    print(context, &report, &rejected)?;
    Ok(if report.rejected == 0 { Exit::Ok } else { Exit::No })
}

fn print(context: &Context, report: &RunsReport, rejected: &Rejected) -> Result<(), Failure> {
    let first = report.rejections.iter();
    if context.json() {
        let first: Vec<_> = first
            .map(|(line, reason)| json!({ "line": line, "reason": reason }))
            .collect();
        return output::json(&json!({
            "runs": report.runs,
            "added": report.added,
            "already_there": report.already_there,
            "rejected": report.rejected,
            "steps": report.steps,
            "rewards": report.rewards,
            "first_rejections": first,
            "rejected_file": rejected.is_there().then(|| rejected.path().display().to_string()),
        }));
    }
    let mut lines = vec![
        format!("Read           {}", counted(report.runs, "run", "runs")),
        format!(
            "Added          {} with {} and {}",
            counted(report.added, "execution", "executions"),
            counted(report.steps, "step", "steps"),
            counted(report.rewards, "reward", "rewards")
        ),
        format!("Already there  {}", count(report.already_there)),
        format!("Rejected       {}", count(report.rejected)),
    ];
    lines.extend(first.map(|(line, reason)| format!("  line {line}: {}", plain(reason))));
    lines.extend(rejected.told());
    output::line(&lines.join("\n"))
}
