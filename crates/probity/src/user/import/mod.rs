//! `probity user import`: [`read`] takes the file apart, [`record`] checks what a line says, [`name`] how the user is
//! called here, [`send`] makes users.

mod name;
mod read;
mod record;
mod send;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted, plain};
use crate::progress::Progress;
use crate::rejected::{Rejected, rate};
use crate::{source, table};

use read::Items;
use send::Tally;

/// Arguments of `probity user import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; - is standard input
    file: PathBuf,
    /// Shape of the file; what its name ends with unless given
    #[arg(long, value_enum, value_name = "csv|jsonl", hide_possible_values = true)]
    format: Option<Format>,
    /// Check every line and look who is there, but make nobody
    #[arg(long)]
    dry_run: bool,
}

/// What the file holds, and what becomes of it.
pub fn help() -> String {
    format!(
        "Columns or members: username, role, email, full_name, password_hash (bcrypt, Argon2id or Argon2i), active (true \
         unless given). A second import of the same file changes nothing. Lines that were not imported go to \
         FILE.rejected with the reason.\n\nNames: {}. Every user with another name than in the file is printed; of two \
         that would have the same name the second is not imported.\n\nExample:\n  probity user import users.csv \
         --dry-run",
        name::RULE
    )
}

/// Shape of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values (RFC 4180) whose first line names the columns.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

fn format(args: &ImportArgs) -> Result<Format, Failure> {
    let ending = args.file.extension().and_then(|ending| ending.to_str());
    let by_name = match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Some(Format::Csv),
        Some("jsonl" | "ndjson") => Some(Format::Jsonl),
        _ => None,
    };
    args.format.or(by_name).ok_or_else(|| {
        let message = format!(
            "the name {} does not tell the format of the file",
            args.file.display()
        );
        Failure::could_not_run("usage", message, "say --format csv or --format jsonl")
    })
}

pub async fn run(context: &Context, args: ImportArgs) -> Result<Exit, Failure> {
    let format = format(&args)?;
    let (reader, total) = source::open(&args.file)?;
    let mut items = match format {
        Format::Csv => Items::csv(reader)?,
        Format::Jsonl => Items::jsonl(reader),
    };
    let progress = Progress::new(context);
    let started = Instant::now();
    let mut rejected = Rejected::beside(&args.file);
    let mut tally = Tally::new(&mut rejected);
    let mut show = |bytes: u64, tally: &Tally<'_>| {
        let faults = tally.rejected + tally.differing;
        let faults = if faults > 0 {
            format!(", {} not imported", count(faults))
        } else {
            String::new()
        };
        let rate = rate(tally.lines(), started.elapsed().as_secs_f64());
        let text = format!("{} lines, {}/s{faults}", count(tally.lines()), count(rate));
        progress.at(bytes, total, &text);
    };
    let sent = context
        .with_engine(async |engine| {
            let sent = send::all(engine, &mut items, args.dry_run, &mut tally, &mut show).await;
            progress.finish();
            Ok(sent)
        })
        .await?;
    let report = Report {
        added: tally.added,
        unchanged: tally.unchanged,
        differing: tally.differing,
        rejected: tally.rejected,
        first: std::mem::take(&mut tally.first),
        renamed: std::mem::take(&mut tally.renamed),
        seconds: started.elapsed().as_secs_f64(),
        dry_run: args.dry_run,
    };
    rejected
        .flush()
        .map_err(|error| Failure::file("write", rejected.path(), &error))?;
    // Whatever came of it: what was made stays, and is said.
    report.print(context, rejected.path())?;
    sent?;
    let all = report.rejected == 0 && report.differing == 0;
    Ok(if all { Exit::Ok } else { Exit::No })
}

/// What came of an import.
struct Report {
    added: u64,
    unchanged: u64,
    differing: u64,
    rejected: u64,
    first: Vec<send::Fault>,
    renamed: Vec<send::Renamed>,
    seconds: f64,
    dry_run: bool,
}

impl Report {
    fn print(&self, context: &Context, rejected: &Path) -> Result<(), Failure> {
        let lines = self.added + self.unchanged + self.differing + self.rejected;
        let kept = self.rejected + self.differing > 0;
        if context.json() {
            let first: Vec<_> = self
                .first
                .iter()
                .map(|fault| json!({ "line": fault.line, "field": fault.field, "reason": fault.reason }))
                .collect();
            let renamed: Vec<_> = self
                .renamed
                .iter()
                .map(|user| json!({ "line": user.line, "name": user.from, "username": user.to }))
                .collect();
            return output::json(&json!({
                "lines": lines,
                "added": self.added,
                "unchanged": self.unchanged,
                "differing": self.differing,
                "rejected": self.rejected,
                "renamed": renamed,
                "first_rejections": first,
                "rejected_file": kept.then(|| rejected.display().to_string()),
                "seconds": self.seconds,
                "dry_run": self.dry_run,
            }));
        }
        let mut text = vec![format!(
            "Read       {}\n{}  {}\nUnchanged  {}\nDiffering  {}\nRejected   {}\nTime       {:.1} s ({} lines/s)",
            counted(lines, "line", "lines"),
            if self.dry_run { "To add   " } else { "Added    " },
            count(self.added),
            count(self.unchanged),
            count(self.differing),
            count(self.rejected),
            self.seconds,
            count(rate(lines, self.seconds)),
        )];
        let names: Vec<_> = self
            .first
            .iter()
            .map(|fault| format!("  line {}", fault.line))
            .collect();
        let faults = names.iter().zip(&self.first).take(5);
        let pairs: Vec<_> = faults
            .map(|(name, fault)| (name.as_str(), fault.text()))
            .collect();
        text.extend(table::pairs(&pairs, table::width()));
        if kept {
            let path = rejected.display();
            text.push(format!(
                "All lines that were not imported, with the reason, are in\n{path}."
            ));
        }
        if !self.renamed.is_empty() {
            let renamed = counted(self.renamed.len() as u64, "user", "users");
            let rule = format!("{renamed} with another name than in the file: {}", name::RULE);
            text.extend(table::pairs(&[("Named", rule)], table::width()));
            let lines = self.renamed.iter().map(|user| format!("  line {}", user.line));
            let names: Vec<_> = lines.collect();
            let pairs = names.iter().zip(&self.renamed);
            let pairs =
                pairs.map(|(line, user)| (line.as_str(), format!("{} is {}", plain(&user.from), user.to)));
            text.extend(table::pairs(&pairs.collect::<Vec<_>>(), table::width()));
        }
        if self.dry_run {
            text.push("Nobody was made: this was a dry run.".to_owned());
        }
        output::line(&text.join("\n"))
    }
}
