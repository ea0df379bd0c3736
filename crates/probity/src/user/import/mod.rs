//! `probity user import`: [`read`] takes the file apart, [`record`] checks what a line says, [`name`] how the user is
//! called here, [`send`] makes users.

mod name;
mod read;
mod record;
mod send;

use std::io::Write as _;
use std::path::PathBuf;
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
    let mut tally = Tally::new(Rejected::beside(&args.file));
    let mut show = |bytes: u64, tally: &Tally| {
        let faults = match tally.faults() {
            0 => String::new(),
            faults => format!(", {} not imported", count(faults)),
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
    let flushed = tally.file.flush();
    flushed.map_err(|error| Failure::file("write", tally.file.path(), &error))?;
    // Whatever came of it: what was made stays, and is said.
    print(context, &tally, started.elapsed().as_secs_f64(), args.dry_run)?;
    sent?;
    Ok(if tally.faults() == 0 { Exit::Ok } else { Exit::No })
}

/// Says what came of an import.
fn print(context: &Context, tally: &Tally, seconds: f64, dry_run: bool) -> Result<(), Failure> {
    let kept = (tally.faults() > 0).then(|| tally.file.path().display());
    if context.json() {
        let mut value = json!(tally);
        value["lines"] = tally.lines().into();
        value["rejected_file"] = kept.map(|path| path.to_string()).into();
        value["seconds"] = seconds.into();
        value["dry_run"] = dry_run.into();
        return output::json(&value);
    }
    let mut text = vec![format!(
        "Read       {}\n{}  {}\nUnchanged  {}\nDiffering  {}\nRejected   {}\nTime       {seconds:.1} s ({} lines/s)",
        counted(tally.lines(), "line", "lines"),
        if dry_run { "To add   " } else { "Added    " },
        count(tally.added),
        count(tally.unchanged),
        count(tally.differing),
        count(tally.rejected),
        count(rate(tally.lines(), seconds)),
    )];
    let faults = tally.first_rejections.iter().take(5);
    text.extend(by_line(faults.map(|fault| (fault.line, fault.text()))));
    if let Some(path) = kept {
        text.push(format!(
            "All lines that were not imported, with the reason, are in\n{path}."
        ));
    }
    if !tally.renamed.is_empty() {
        let renamed = counted(tally.renamed.len() as u64, "user", "users");
        let rule = format!("{renamed} with another name than in the file: {}", name::RULE);
        text.extend(table::pairs(&[("Named", rule)], table::width()));
        let said = |user: &send::Renamed| format!("{} is {}", plain(&user.name), user.username);
        text.extend(by_line(tally.renamed.iter().map(|user| (user.line, said(user)))));
    }
    if dry_run {
        text.push("Nobody was made: this was a dry run.".to_owned());
    }
    output::line(&text.join("\n"))
}

/// What is said of lines of the file.
fn by_line(said: impl Iterator<Item = (u64, String)>) -> Vec<String> {
    let said: Vec<_> = said
        .map(|(line, text)| (format!("  line {line}"), text))
        .collect();
    let pairs: Vec<_> = said
        .iter()
        .map(|(line, text)| (line.as_str(), text.clone()))
        .collect();
    table::pairs(&pairs, table::width())
}
