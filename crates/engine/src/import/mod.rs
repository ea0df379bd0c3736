//! Importing logs of others: CloudTrail, Kubernetes, GitHub, Okta, OCSF, our own export, and any log of JSON with a
//! [`Mapping`].
//!
//! Every event becomes one entry, through the same command as an event that an application reports. What cannot
//! be one is counted and written to a report, never dropped silently. Where a line brings no UUID of its own, its
//! id is made from its content, so importing the same file again adds nothing and an import that was stopped can
//! be started again.
//!
//! Where things are: `input` and `decode` read, `scan` takes the text apart, `feed` does both in a thread; `json` reads
//! a line, `cloudtrail` and the files beside it and [`mapping`] make events of lines, `shrink` makes them fit,
//! `identify` gives them ids (all of it in `mapper`); `batch` sends them, `tally` counts. To add a format: a file with
//! a function from a line to an [`Event`](domain::audit::Event), a variant of [`Format`], its branches there.

pub(crate) mod batch;
mod cloudtrail;
mod decode;
#[cfg(test)]
mod docs_tests;
mod explain;
mod feed;
mod fit;
mod format;
mod github;
mod identify;
mod input;
mod json;
mod jsonl;
mod kubernetes;
mod mapper;
pub mod mapping;
mod notes;
mod ocsf;
mod okta;
pub(crate) mod read;
pub(crate) mod returned;
mod run;
mod scan;
mod shrink;
mod source;
mod surrogate;
pub(crate) mod tally;
mod value;

use std::collections::BTreeMap;
use std::io::Write;

use domain::Caller;

use crate::{Engine, Error};
pub use explain::{Explained, explain};
pub use format::Format;
pub use identify::Identity;
pub use input::{Input, Stop};
pub use mapping::{Mapping, MappingError};
pub use scan::{DEPTH_MAX, EVENT_BYTES_MAX, MEMBER_BYTES_MAX};
pub use shrink::Omitted;

/// Most lines that a report names.
pub const FIRST_MAX: usize = 10;

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
    /// The first of them, at most [`FIRST_MAX`]: number of the line and why.
    pub first_rejections: Vec<(u64, String)>,
    /// Lines of which something did not fit and was replaced by its size and SHA-256.
    pub shortened: u64,
    /// The first of them, at most [`FIRST_MAX`]: number of the line and what of it.
    pub first_shortened: Vec<(u64, Vec<Omitted>)>,
    /// Lone surrogates that became U+FFFD.
    pub surrogates: u64,
    /// Outcomes that the format does not know, in the words of the lines, and how often each came.
    pub unknown_outcomes: BTreeMap<String, u64>,
    /// What the ids of the lines are made from.
    pub identities: Identities,
    /// SHA-256 of the file's text, where ids are made from it.
    pub file_sha256: Option<String>,
    /// Whether it was stopped before the end.
    pub stopped: bool,
    /// Bytes read.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
}

/// How many lines have which kind of id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identities {
    /// [`Identity::Own`].
    pub own: u64,
    /// [`Identity::Content`].
    pub content: u64,
    /// [`Identity::Place`].
    pub place: u64,
}

/// Where an import tells of single lines, one JSON object a line.
pub struct Reports<'a> {
    /// Lines that were not taken: `{"line":N,"reason":"…","rejected":"probity/1","text":"…"}`, in no particular order,
    /// with the bytes in `base64` where they are not UTF-8. Such a report, mended, can be imported.
    pub rejected: &'a mut (dyn Write + Send),
    /// Lines of which something did not fit: `{"line":N,"id":"…","omitted":[{"at":"…","bytes":N,"sha256":"…"}]}`.
    pub shortened: &'a mut (dyn Write + Send),
}

/// Imports a log as `caller`, who needs the permission to record.
///
/// A line of no valid UTF-8 or JSON, or that makes no event, is rejected. What is too large or too deep for an entry is
/// replaced by its size and SHA-256. `line` counts the lines of a file of lines, and the events of any other, from 1.
/// `progress` is called about ten times a second, and once at the end. While the log is overloaded the import waits.
///
/// Lines are recorded in the order of the file, except around lines that the log itself refuses, such as one
/// with the id of another entry; and soon after they come, where the input is a slow stream. Memory: four batches, a
/// few reads, and what `identify` remembers, about 40 bytes a line.
///
/// The future may be dropped at any moment, and the import started again. An error means that it stopped:
/// what was read until then is recorded and stays.
pub async fn import(
    engine: &Engine,
    caller: &Caller,
    input: Input,
    format: Format,
    reports: Reports<'_>,
    progress: &mut (dyn FnMut(&ImportProgress) + Send),
) -> Result<ImportReport, Error> {
    run::run(
        &batch::Recorder { engine, caller },
        input,
        format,
        reports,
        progress,
    )
    .await
}
