//! The loop: take what was read, map, send in batches, report.

use std::collections::VecDeque;
use std::time::Duration;

use domain::audit::event::EVENTS_MAX;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;

use super::batch::{self, Line, Rejection, Sink};
use super::feed::{self, End, Fed};
use super::input::Input;
use super::mapper::{Fault, Mapper};
use super::scan::Item;
use super::tally::{PROGRESS_EVERY, Tally};
use super::{Format, ImportProgress, ImportReport, Reports};
use crate::Error;

/// Batches on their way at once: while one is committed, others wait in the queue and more are read.
const IN_FLIGHT_MAX: usize = 4;
/// A batch is also full at this many bytes of lines, so that long lines do not take much memory.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// What is ready is sent when nothing more comes for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// Events on their way into batches.
struct Intake {
    fed: mpsc::Receiver<Fed>,
    waiting: VecDeque<Item>,
    batch: Vec<Line>,
    size: usize,
    end: Option<std::io::Result<End>>,
    /// Lone surrogates that were replaced while decoding.
    surrogates: u64,
}

impl Intake {
    fn is_full(&self) -> bool {
        self.batch.len() >= EVENTS_MAX || self.size >= BATCH_BYTES_MAX
    }

    fn wants_more(&self) -> bool {
        self.end.is_none() && self.waiting.is_empty() && !self.is_full()
    }

    /// Whether nothing will come.
    fn is_over(&self) -> bool {
        self.end.is_some() && self.waiting.is_empty()
    }

    fn take(&mut self, fed: Option<Fed>, tally: &mut Tally<'_, '_>) {
        let Some(fed) = fed else {
            // The thread ended without a word.
            let broken = std::io::Error::other("the reader has stopped");
            self.end.get_or_insert(Err(broken));
            return;
        };
        self.waiting.extend(fed.items);
        self.end = fed.end;
        self.surrogates = fed.surrogates;
        tally.report.bytes = fed.bytes;
    }

    /// Maps what waits, until a batch is full.
    fn map(&mut self, sink: &impl Sink, mapper: &mut Mapper, tally: &mut Tally<'_, '_>) -> Result<(), Error> {
        while !self.is_full() {
            let Some(mut item) = self.waiting.pop_front() else {
                break;
            };
            tally.tell(false);
            let reason = match mapper.map(&mut item) {
                Ok(found) => match sink.prepare(found.event) {
                    Ok(mut entry) => {
                        tally.mapped(item.number, entry.id, found.identity, &found.notes)?;
                        entry.exported = found.notes.exported;
                        self.size += item.bytes.len();
                        self.batch.push(Line {
                            number: item.number,
                            place: mapper.place(&item),
                            bytes: item.bytes,
                            entry,
                        });
                        continue;
                    }
                    Err(error) => error.to_string(),
                },
                Err(Fault::Line(reason)) => reason,
                Err(Fault::File(error)) => return Err(unreadable(&error)),
            };
            tally.reject(Rejection {
                number: item.number,
                place: mapper.place(&item),
                cut: item.cut,
                bytes: item.bytes,
                reason,
            })?;
        }
        Ok(())
    }
}

/// Imports into `sink`, see [`super::import`].
pub(super) async fn run<S: Sink>(
    sink: &S,
    input: Input,
    format: Format,
    reports: Reports<'_>,
    progress: &mut (dyn FnMut(&ImportProgress) + Send),
) -> Result<ImportReport, Error> {
    let mut tally = Tally::new(reports, progress);
    let (opened, again) = input.open();
    let lists = format.lists();
    let mut mapper = Mapper::new(format, again).map_err(|error| unreadable(&error))?;
    let mut intake = Intake {
        fed: feed::start(opened, lists).map_err(|error| unreadable(&error))?,
        waiting: VecDeque::new(),
        batch: Vec::new(),
        size: 0,
        end: None,
        surrogates: 0,
    };
    let mut in_flight = FuturesOrdered::new();
    let mut paused = false;
    loop {
        intake.map(sink, &mut mapper, &mut tally)?;
        let due = intake.is_full() || intake.is_over() || paused;
        if due && !intake.batch.is_empty() && in_flight.len() < IN_FLIGHT_MAX {
            in_flight.push_back(batch::send(sink, std::mem::take(&mut intake.batch)));
            (intake.size, paused) = (0, false);
            // Nothing is sent before it is first asked for.
            if let Some(Some(sent)) = in_flight.next().now_or_never() {
                tally.sent(sent?)?;
            }
            // Mapping blocks; other work of this thread gets its turn in between.
            tokio::task::yield_now().await;
            continue;
        }
        if intake.is_over() && intake.batch.is_empty() && in_flight.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            Some(sent) = in_flight.next(), if !in_flight.is_empty() => tally.sent(sent?)?,
            fed = intake.fed.recv(), if intake.wants_more() => intake.take(fed, &mut tally),
            () = tokio::time::sleep(PAUSE), if intake.wants_more() && !intake.batch.is_empty() => paused = true,
            () = tokio::time::sleep(PROGRESS_EVERY) => {}
        }
        tally.tell(false);
    }
    tally.report.surrogates += intake.surrogates;
    tally.report.file_sha256 = mapper.digest().map(|digest| evidence::json::hex(&digest));
    match intake.end {
        Some(Err(error)) => return Err(unreadable(&error)),
        Some(Ok(end)) => tally.report.stopped = end == End::Stopped,
        None => {}
    }
    tally.finish()
}

pub(super) fn unreadable(error: &std::io::Error) -> Error {
    Error::Problem {
        message: format!("cannot read the log: {error}"),
        hint: "start the import again once it can be read; what was imported is not imported twice"
            .to_owned(),
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
