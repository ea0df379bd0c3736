//! Importing logs of others: AWS CloudTrail, our own export, and any log of JSON lines with a [`Mapping`].
//!
//! Every line becomes one event, through the same command as an event that an application reports. What cannot
//! be one is counted and written to a report, never dropped silently. Where a line brings no UUID of its own, its
//! id is made from its content, so importing the same file again adds nothing and an import that was stopped can
//! be started again.
//!
//! Where things are: `read` takes the file apart, `json` reads a line, `cloudtrail`, `jsonl` and [`mapping`]
//! make events of lines, `identify` gives them ids, `batch` sends them. To add a format: a file with a function
//! from a line to an [`Event`](domain::audit::Event), a variant of [`Format`], a branch in `Mapper::event`.

mod batch;
mod cloudtrail;
mod fit;
mod identify;
mod json;
mod jsonl;
pub mod mapping;
pub(crate) mod read;
mod run;
mod source;

use std::io::{BufRead, Write};

use domain::Caller;
use domain::audit::Event;

use crate::{Engine, Error};
pub use mapping::{Mapping, MappingError};
pub use read::LINE_BYTES_MAX;

/// Most lines that a report names.
pub const FIRST_REJECTIONS_MAX: usize = 10;

/// The shape of a log.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// AWS CloudTrail: one event a line, or documents `{"Records":[…]}` as CloudTrail delivers them.
    Cloudtrail,
    /// One JSON object a line: our own export, or any other shape with a mapping.
    Jsonl(Option<Mapping>),
}

impl Format {
    /// The word that goes into the ids of lines, and names the format on the command line.
    pub fn as_str(&self) -> &'static str {
        match self {
            Format::Cloudtrail => "cloudtrail",
            Format::Jsonl(_) => "jsonl",
        }
    }
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImportProgress {
    /// Lines whose fate is known: added, already there or rejected.
    pub lines: u64,
    /// Bytes read, a few batches ahead of the lines.
    pub bytes: u64,
    /// Lines recorded now.
    pub added: u64,
    /// Lines that the log held already.
    pub already_there: u64,
    /// Lines not taken.
    pub rejected: u64,
    /// Seconds since the start.
    pub seconds: f64,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportReport {
    /// Lines, without blank ones: the sum of the next three.
    pub lines: u64,
    /// Lines recorded now.
    pub added: u64,
    /// Lines that the log held already.
    pub already_there: u64,
    /// Lines not taken.
    pub rejected: u64,
    /// The first of them, at most [`FIRST_REJECTIONS_MAX`]: number of the line and why.
    pub first_rejections: Vec<(u64, String)>,
    /// Bytes read.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Imports a log as `caller`, who needs the permission to record.
///
/// A line of more than [`LINE_BYTES_MAX`] bytes, of no valid UTF-8 or JSON, or that makes no event within the
/// bounds is rejected: `rejected` gets one JSON object a line, `{"line":N,"reason":"…","text":"…"}`, in no
/// particular order, with the bytes in `base64` where they are not UTF-8, and only the beginning of an overlong
/// line. `line` counts the lines of the file from 1, or the elements of `Records`. `progress` is called about ten
/// times a second, and once at the end. While the log is overloaded the import waits.
///
/// Lines are recorded in the order of the file, except around lines that the log itself refuses, such as one
/// with the id of another entry. Memory: four batches, and what `identify` remembers, about 40 bytes a line.
///
/// The future may be dropped at any moment, and the import started again. An error means that it stopped:
/// what was recorded until then stays.
pub async fn import(
    engine: &Engine,
    caller: &Caller,
    reader: impl BufRead + Send,
    format: Format,
    rejected: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(&ImportProgress) + Send),
) -> Result<ImportReport, Error> {
    run::run(
        &batch::Recorder { engine, caller },
        reader,
        format,
        rejected,
        progress,
    )
    .await
}

/// Makes events of lines.
struct Mapper {
    format: Format,
    identifier: identify::Identifier,
}

impl Mapper {
    /// The event that a line is, with its id; the error says what keeps it from being one.
    fn event(&mut self, line: &[u8]) -> Result<Event, String> {
        let text = std::str::from_utf8(line).map_err(|error| format!("is not UTF-8: {error}"))?;
        let members = json::read_object(text)?;
        let canonical = match self.format {
            Format::Jsonl(None) => String::new(), // its lines have ids
            _ => json::line_text(&members),
        };
        let mut event = match &self.format {
            Format::Cloudtrail => cloudtrail::event(members)?,
            Format::Jsonl(None) => jsonl::event(members)?,
            Format::Jsonl(Some(mapping)) => mapping.event(members)?,
        };
        if event.id.is_none() {
            event.id = Some(
                self.identifier
                    .id(self.format.as_str(), event.occurred_at, &canonical),
            );
        }
        Ok(event)
    }
}
