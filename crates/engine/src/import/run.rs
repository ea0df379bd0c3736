//! The loop: read, map, send in batches, report.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::audit::event::EVENTS_MAX;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::json;

use super::batch::{self, Line, Rejection, Sent, Sink};
use super::read::Items;
use super::{FIRST_REJECTIONS_MAX, Format, ImportProgress, ImportReport, Mapper};
use crate::Error;

/// Batches on their way at once: while one is committed, others wait in the queue and more are read.
const IN_FLIGHT_MAX: usize = 4;
/// A batch is also full at this many bytes of lines, so that long lines do not take much memory.
const BATCH_BYTES_MAX: usize = 4 << 20;
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What is counted and where it is told.
struct Tally<'a> {
    done: ImportProgress,
    first_rejections: Vec<(u64, String)>,
    rejected: &'a mut (dyn Write + Send),
    progress: &'a mut (dyn FnMut(&ImportProgress) + Send),
    started: Instant,
    told: Instant,
}

impl Tally<'_> {
    fn reject(&mut self, rejection: Rejection) -> Result<(), Error> {
        let Rejection {
            number,
            bytes,
            reason,
        } = rejection;
        let mut line = json!({"line": number, "reason": reason, "text": String::from_utf8_lossy(&bytes)});
        if std::str::from_utf8(&bytes).is_err() {
            line["base64"] = BASE64.encode(&bytes).into();
        }
        writeln!(self.rejected, "{line}").map_err(|error| Error::Problem {
            message: format!("cannot write the report of rejected lines: {error}"),
            hint: "free some space or choose another file, and start the import again".to_owned(),
        })?;
        self.done.lines += 1;
        self.done.rejected += 1;
        self.first_rejections.push((number, reason));
        self.first_rejections.sort();
        self.first_rejections.truncate(FIRST_REJECTIONS_MAX);
        Ok(())
    }

    fn sent(&mut self, sent: Sent) -> Result<(), Error> {
        self.done.lines += sent.added + sent.already_there;
        self.done.added += sent.added;
        self.done.already_there += sent.already_there;
        sent.rejected
            .into_iter()
            .try_for_each(|rejection| self.reject(rejection))
    }

    fn tell(&mut self, now: bool) {
        if now || self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            self.done.seconds = self.started.elapsed().as_secs_f64();
            (self.progress)(&self.done);
        }
    }
}

/// Imports into `sink`, see [`super::import`].
pub(super) async fn run<S: Sink>(
    sink: &S,
    reader: impl BufRead + Send,
    format: Format,
    rejected: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(&ImportProgress) + Send),
) -> Result<ImportReport, Error> {
    let now = Instant::now();
    let mut tally = Tally {
        done: ImportProgress::default(),
        first_rejections: Vec::new(),
        rejected,
        progress,
        started: now,
        told: now,
    };
    let mut items = Items::open(reader, format == Format::Cloudtrail).map_err(unreadable)?;
    let mut mapper = Mapper {
        format,
        identifier: super::identify::Identifier::default(),
    };
    let mut in_flight = FuturesOrdered::new();
    loop {
        let batch = next_batch(sink, &mut items, &mut mapper, &mut tally)?;
        let last = batch.is_empty();
        if !last {
            in_flight.push_back(batch::send(sink, batch));
            // Nothing is sent before it is first asked for.
            if let Some(Some(sent)) = in_flight.next().now_or_never() {
                tally.sent(sent?)?;
            }
        }
        while in_flight.len() >= IN_FLIGHT_MAX || (last && !in_flight.is_empty()) {
            if let Ok(Some(sent)) = tokio::time::timeout(PROGRESS_EVERY, in_flight.next()).await {
                tally.sent(sent?)?;
            }
            tally.tell(false);
        }
        if last {
            break;
        }
        // Reading and mapping block; other work of this thread gets its turn in between.
        tokio::task::yield_now().await;
    }
    tally.rejected.flush().map_err(|error| Error::Problem {
        message: format!("cannot write the report of rejected lines: {error}"),
        hint: "every line was imported; start again for a complete report".to_owned(),
    })?;
    tally.tell(true);
    let ImportProgress {
        lines,
        bytes,
        added,
        already_there,
        rejected,
        seconds,
    } = tally.done;
    let first_rejections = tally.first_rejections;
    Ok(ImportReport {
        lines,
        added,
        already_there,
        rejected,
        first_rejections,
        bytes,
        seconds,
    })
}

/// The next lines that are ready; none at the end of the file.
fn next_batch<R: BufRead>(
    sink: &impl Sink,
    items: &mut Items<R>,
    mapper: &mut Mapper,
    tally: &mut Tally<'_>,
) -> Result<Vec<Line>, Error> {
    let mut batch = Vec::new();
    let mut size = 0;
    while batch.len() < EVENTS_MAX && size < BATCH_BYTES_MAX {
        let Some(item) = items.next().map_err(unreadable)? else {
            break;
        };
        tally.done.bytes = items.bytes();
        tally.tell(false);
        let ready = match item.broken {
            Some(reason) => Err(reason),
            None => mapper
                .event(&item.bytes)
                .and_then(|event| sink.prepare(event).map_err(|error| error.to_string())),
        };
        let (number, bytes) = (item.number, item.bytes);
        match ready {
            Ok(entry) => {
                size += bytes.len();
                batch.push(Line { number, bytes, entry });
            }
            Err(reason) => tally.reject(Rejection {
                number,
                bytes,
                reason,
            })?,
        }
    }
    tally.done.bytes = items.bytes();
    Ok(batch)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: std::io::Error) -> Error {
    Error::Problem {
        message: format!("cannot read the log: {error}"),
        hint: "start the import again once it can be read; what was imported is not imported twice"
            .to_owned(),
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
