//! What an import counts and where it tells it.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;

use super::batch::{Rejection, Sent};
use super::identify::Identity;
use super::notes::Notes;
use super::{FIRST_MAX, ImportProgress, ImportReport, Reports, returned};
use crate::Error;

pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(100);
/// Most words of unknown outcomes that are counted by themselves.
const WORDS_MAX: usize = 20;
/// What the others are counted as.
const OTHER_WORDS: &str = "others";

/// What is counted and where it is told.
pub(super) struct Tally<'a, 'b> {
    pub(super) report: ImportReport,
    reports: Reports<'a>,
    progress: &'b mut (dyn FnMut(&ImportProgress) + Send),
    started: Instant,
    told: Instant,
}

impl<'a, 'b> Tally<'a, 'b> {
    pub(super) fn new(
        reports: Reports<'a>,
        progress: &'b mut (dyn FnMut(&ImportProgress) + Send),
    ) -> Tally<'a, 'b> {
        let now = Instant::now();
        Tally {
            report: ImportReport::default(),
            reports,
            progress,
            started: now,
            told: now,
        }
    }

    pub(super) fn reject(&mut self, rejection: Rejection) -> Result<(), Error> {
        let line = returned::line(&rejection);
        writeln!(self.reports.rejected, "{line}").map_err(|error| unwritable("rejected", &error))?;
        self.report.lines += 1;
        self.report.rejected += 1;
        let first = &mut self.report.first_rejections;
        first.push((rejection.number, rejection.reason));
        first.sort();
        first.truncate(FIRST_MAX);
        Ok(())
    }

    /// Takes note of a line that is an event.
    pub(super) fn mapped(
        &mut self,
        number: u64,
        id: Uuid,
        identity: Identity,
        notes: &Notes,
    ) -> Result<(), Error> {
        *match identity {
            Identity::Own => &mut self.report.identities.own,
            Identity::Content => &mut self.report.identities.content,
            Identity::Place => &mut self.report.identities.place,
        } += 1;
        self.report.surrogates += notes.surrogates;
        if let Some(word) = &notes.unknown_outcome {
            let words = &mut self.report.unknown_outcomes;
            let word = if words.len() < WORDS_MAX || words.contains_key(word) {
                word
            } else {
                OTHER_WORDS
            };
            *words.entry(word.to_owned()).or_default() += 1;
        }
        if !notes.omitted.is_empty() {
            let omitted: Vec<_> = notes
                .omitted
                .iter()
                .map(|part| json!({ "at": part.at, "bytes": part.bytes, "sha256": part.sha256 }))
                .collect();
            let line = json!({ "line": number, "id": id, "omitted": omitted });
            writeln!(self.reports.shortened, "{line}").map_err(|error| unwritable("shortened", &error))?;
            self.report.shortened += 1;
            if self.report.first_shortened.len() < FIRST_MAX {
                self.report.first_shortened.push((number, notes.omitted.clone()));
            }
        }
        Ok(())
    }

    pub(super) fn sent(&mut self, sent: Sent) -> Result<(), Error> {
        self.report.lines += sent.added + sent.already_there;
        self.report.added += sent.added;
        self.report.already_there += sent.already_there;
        sent.rejected
            .into_iter()
            .try_for_each(|rejection| self.reject(rejection))
    }

    pub(super) fn tell(&mut self, now: bool) {
        if now || self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            self.report.seconds = self.started.elapsed().as_secs_f64();
            (self.progress)(&ImportProgress {
                lines: self.report.lines,
                bytes: self.report.bytes,
                added: self.report.added,
                already_there: self.report.already_there,
                rejected: self.report.rejected,
                seconds: self.report.seconds,
            });
        }
    }

    pub(super) fn finish(mut self) -> Result<ImportReport, Error> {
        for report in [&mut self.reports.rejected, &mut self.reports.shortened] {
            report.flush().map_err(|error| Error::Problem {
                message: format!("cannot write the report of lines: {error}"),
                hint: "every line was imported; start again for a complete report".to_owned(),
            })?;
        }
        self.tell(true);
        Ok(self.report)
    }
}

pub(crate) fn unwritable(what: &str, error: &std::io::Error) -> Error {
    Error::Problem {
        message: format!("cannot write the report of {what} lines: {error}"),
        hint: "free some space or choose another file, and start the import again".to_owned(),
    }
}
