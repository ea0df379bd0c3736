//! `probity audit export`: streams, whatever the size of the log.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use engine::Engine;
use evidence::csv;
use views::{Asked, Entry};

use super::filter;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::nouns::FilterArgs;
use crate::output::{self, count, counted};
use crate::progress::Progress;

/// Arguments of `probity audit export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// jsonl: entries; csv: for spreadsheets; bundle: entries with proofs
    #[arg(long, value_enum, default_value_t = Format::Jsonl, value_name = "jsonl|csv|bundle", hide_possible_values = true)]
    format: Format,
    /// Write to this file instead of standard output; it appears when it is whole
    #[arg(long, value_name = "FILE")]
    to_file: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArgs<Entry>,
}

/// Shape of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
    Bundle,
}

pub async fn run(context: &Context, args: ExportArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let asked = filter::asked(context, engine, args.filter).await?;
            let Some(path) = &args.to_file else {
                let mut lines = Lines {
                    out: Box::new(io::stdout()),
                    failed: None,
                };
                write(engine, args.format, &asked, &mut lines, None).await?;
                return Ok(lines.finish().map(|()| Exit::Ok)?);
            };
            let partial = partial_path(path);
            let file = File::create(&partial).map_err(|error| Failure::file("write", &partial, &error))?;
            let progress = Progress::new(context);
            let mut lines = Lines {
                out: Box::new(BufWriter::with_capacity(256 * 1024, file)),
                failed: None,
            };
            let written = write(engine, args.format, &asked, &mut lines, Some(&progress)).await;
            progress.finish();
            let done = written.and_then(|written| {
                lines
                    .finish()
                    .and_then(|()| std::fs::rename(&partial, path))
                    .map_err(|error| Failure::file("write", path, &error))?;
                Ok(written)
            });
            let written = done.inspect_err(|_| {
                // Half an export must not be taken for one.
                let _ = std::fs::remove_file(&partial);
            })?;
            if context.json() {
                output::json(&serde_json::json!({ "entries": written, "file": path.display().to_string() }))?;
            } else {
                context.remark(&format!(
                    "{} written to {}",
                    counted(written, "entry", "entries"),
                    path.display()
                ));
            }
            Ok(Exit::Ok)
        })
        .await
}

fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// Where lines go; remembers the first failure and stops the export with it.
struct Lines {
    out: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

impl Lines {
    fn line(&mut self, text: &str) -> ControlFlow<()> {
        let written = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.write_all(b"\n"));
        self.failed = written.err();
        if self.failed.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finish(mut self) -> io::Result<()> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }
}

/// Writes the export; returns the number of entries.
async fn write(
    engine: &Engine,
    format: Format,
    asked: &Asked,
    lines: &mut Lines,
    progress: Option<&Progress>,
) -> Result<u64, Failure> {
    let filter = views::entry_filter(asked);
    let mut done = 0;
    let printout = |entry: &mut u64| {
        *entry += 1;
        if let Some(progress) = progress.filter(|_| entry.is_multiple_of(100)) {
            progress.at(*entry, 0, &format!("{} entries", count(*entry)));
        }
    };
    if format == Format::Bundle {
        let mut each = |text: String| {
            printout(&mut done);
            lines.line(&text)
        };
        return Ok(engine.bundle(&filter, views::repeated(asked), &mut each).await?);
    }
    if format == Format::Csv && lines.line(&format!("{}\r", csv::COLUMNS)).is_break() {
        return Ok(0);
    }
    let mut each = |entry: Entry| {
        printout(&mut done);
        let text = match format {
            Format::Csv => Ok(csv_line(&entry)),
            _ => evidence::entry::to_line(&entry),
        };
        match text {
            Ok(text) => lines.line(&text),
            Err(error) => {
                lines.failed = Some(error.into());
                ControlFlow::Break(())
            }
        }
    };
    Ok(engine.export(&filter, &mut each).await?)
}

/// An entry's line of CSV without its last line feed, which every line gets.
fn csv_line(entry: &Entry) -> String {
    let mut line = String::new();
    csv::write(entry, &mut line);
    line.pop();
    line
}
