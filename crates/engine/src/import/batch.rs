//! Sending a batch of lines to the log, and sorting out the ones that it refuses.

use std::collections::VecDeque;
use std::time::Duration;

use domain::audit::event::EVENTS_MAX;
use domain::audit::record_events::RecordEvents;
use domain::audit::{Event, NewEntry};
use domain::decision::Recorded;
use domain::{Caller, Command, FieldError, Origin, Refusal};

use crate::{Engine, Error};

/// How often a batch is sent again whose commit got no answer; its ids make that safe.
const UNKNOWN_RETRIES_MAX: u32 = 5;
const WAIT_MIN: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(1);

/// What records events: the engine, for one caller.
pub(super) trait Sink: Sync {
    /// Checks an event's bounds and makes it ready.
    fn prepare(&self, event: Event) -> Result<NewEntry, FieldError>;
    /// Records the entries, all or none.
    fn record(&self, entries: Vec<NewEntry>) -> impl Future<Output = Result<Vec<Recorded>, Error>> + Send;
}

/// The engine as a caller uses it.
pub(super) struct Recorder<'a> {
    pub(super) engine: &'a Engine,
    pub(super) caller: &'a Caller,
}

impl Sink for Recorder<'_> {
    fn prepare(&self, event: Event) -> Result<NewEntry, FieldError> {
        let command = self.engine.prepare(vec![event], false)?;
        command
            .events
            .into_iter()
            .next()
            .ok_or_else(|| FieldError::new("event", "was not prepared"))
    }

    async fn record(&self, events: Vec<NewEntry>) -> Result<Vec<Recorded>, Error> {
        let command = Command::RecordEvents(RecordEvents { events, list: true });
        let answer = self
            .engine
            .submit_for(self.caller, Origin::default(), command)
            .await?;
        Ok(answer.reply)
    }
}

/// A line that is ready.
pub(super) struct Line {
    pub(super) number: u64,
    /// As read, for the report should the log refuse it.
    pub(super) bytes: Vec<u8>,
    /// What it is known by should it come back, where that is known.
    pub(super) place: Option<[u8; 32]>,
    pub(super) entry: NewEntry,
}

/// A line that was not taken, and why.
pub(crate) struct Rejection {
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    /// Whether these are only the beginning.
    pub(crate) cut: bool,
    pub(crate) place: Option<[u8; 32]>,
    pub(crate) reason: String,
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) added: u64,
    pub(super) already_there: u64,
    pub(super) rejected: Vec<Rejection>,
}

/// Sends the lines in their order. A line that the log refuses is left out and the others are sent again; since
/// one refused line is seldom alone, they go in smaller parts until the log takes them.
pub(super) async fn send(sink: &impl Sink, lines: Vec<Line>) -> Result<Sent, Error> {
    let mut sent = Sent::default();
    let mut left = VecDeque::from(lines);
    let mut part = EVENTS_MAX;
    while !left.is_empty() {
        let count = part.min(left.len());
        match record(sink, left.iter().take(count)).await {
            Ok(recorded) => {
                let replayed = recorded.iter().filter(|recorded| recorded.replayed).count() as u64;
                sent.already_there += replayed;
                sent.added += recorded.len() as u64 - replayed;
                left.drain(..count);
                part = (part * 4).min(EVENTS_MAX);
            }
            Err(Error::Refused { refusal, entry }) => {
                let culprit = position(&refusal).filter(|position| *position < count);
                let Some((position, line)) = culprit.and_then(|at| Some((at, left.remove(at)?))) else {
                    return Err(Error::Refused { refusal, entry });
                };
                let reason = refusal.message.replace(&format!("[{position}]."), "");
                sent.rejected.push(Rejection {
                    number: line.number,
                    bytes: line.bytes,
                    cut: false,
                    place: line.place,
                    reason,
                });
                part = (part / 4).max(1);
            }
            Err(other) => return Err(other),
        }
    }
    Ok(sent)
}

/// The event that a refusal is about: its field begins with `[position].`.
fn position(refusal: &Refusal) -> Option<usize> {
    refusal
        .field
        .as_deref()?
        .strip_prefix('[')?
        .split_once(']')?
        .0
        .parse()
        .ok()
}

/// Records, waiting while the log is overloaded.
async fn record<'a>(
    sink: &impl Sink,
    lines: impl Iterator<Item = &'a Line> + Send,
) -> Result<Vec<Recorded>, Error> {
    let entries: Vec<NewEntry> = lines.map(|line| line.entry.clone()).collect();
    let (mut wait, mut unknown) = (WAIT_MIN, 0);
    loop {
        match sink.record(entries.clone()).await {
            Err(Error::Overloaded { .. }) => {}
            Err(Error::Unknown(_)) if unknown < UNKNOWN_RETRIES_MAX => unknown += 1,
            other => return other,
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAIT_MAX);
    }
}
