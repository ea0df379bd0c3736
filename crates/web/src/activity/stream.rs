//! `GET /v1/activity/stream`
//!
//! The log itself is the queue: a stream remembers only how far it has read, so that nothing is buffered for a slow
//! reader, and a reader that comes back goes on where it was.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use domain::Caller;
use domain::audit::EntryFilter;
use domain::identity::Permission;
use engine::list::{Order, Page};
use engine::{Error, PART_BYTES_MAX, SEARCH_TIME};
use futures_util::stream::unfold;
use http::HeaderMap;
use http::header::HeaderName;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use views::Activity;

use crate::app::{App, Closing};
use crate::audit::page;
use crate::call::{Answer, Call, with_type};
use crate::listed::TOO_MANY_STREAMS;
use crate::nouns;
use crate::openapi::{Content, Doc, Parameter, Reply, kept};
use crate::problem::Problem;
use crate::query::{Query, decimal};

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Entries read at a time.
const CHUNK: u32 = 256;
/// While the log grows fast, each stream reads this often, and more at a time, rather than at every commit.
const READ_PAUSE: Duration = Duration::from_millis(100);

const RESUME: &[Parameter] = &[
    Parameter::query(
        "after",
        "Begin after the entry of this index, rather than with what comes now.",
        r#"{"type":"integer","minimum":0}"#,
    ),
    Parameter::header(
        "Last-Event-ID",
        "The same, as a browser sends it when it connects again; goes before `after`.",
        r#"{"type":"integer","minimum":0}"#,
    ),
];

const SAYS: Doc = Doc {
    id: "stream_activity",
    tag: "activity",
    summary: "What happens, live",
    description: "Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): one `activity` \
                  for each entry, in the order of the log, its index as `id`. Whoever connects again with the last \
                  id misses nothing and gets nothing twice. A comment every 15 s keeps the connection alive. The \
                  stream ends when the server stops, when the key is no longer good, or when the log was put back to \
                  before what was sent.",
    replies: &[Reply::new(
        "200",
        "The stream.",
        &[Content::new(
            "text/event-stream",
            r#"{"type":"string"}"#,
            "id: 4711\nevent: activity\ndata: {\"id\":\"01970000-0000-7000-8000-000000000001\",\"index\":4711,…}\n\n",
        )],
    )],
    problems: &[page::BEYOND_END, TOO_MANY_STREAMS],
    ..Doc::EMPTY
};

pub(crate) const DOC: fn() -> Doc = || Doc {
    parameters: kept(vec![nouns::parameters::<Activity>(), RESUME]),
    ..SAYS
};

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.documented()?;
    let asked = nouns::filters::<Activity>(&call, &query).await?;
    let filter = Activity::filter(&call.app.engine, &asked).await?;
    if filter.by_timestamp {
        let message = "must be false: a stream is in the order of the log";
        return Err(Problem::field("by_timestamp", message));
    }
    let position = position(&call.parts.headers, &query)?;
    let field = if call.parts.headers.contains_key(&LAST_EVENT_ID) {
        "Last-Event-ID"
    } else {
        "after"
    };
    page::within_log(&call.app.engine, field, position).await?;
    let permit = Arc::clone(&call.app.streams)
        .try_acquire_owned()
        .map_err(|_| Problem::busy(TOO_MANY_STREAMS, TOO_MANY_STREAMS.2, 5))?;
    let size = call.app.engine.size();
    // Counted from the front: what comes now begins behind the last entry.
    let read_to = position.map_or_else(|| *size.borrow(), |index| index + 1);
    let feed = Feed {
        caller: call.caller()?.clone(),
        closing: call.app.closing(),
        app: call.app,
        filter,
        size,
        read_to,
        read_at: None,
        greeted: false,
        _permit: permit,
    };
    let stream = unfold(feed, |mut feed| async move {
        let bytes = feed.next().await?;
        Some((Ok::<Bytes, Infallible>(bytes), feed))
    });
    Ok(with_type("text/event-stream", Body::from_stream(stream)))
}

/// The index of the last entry that the reader has.
fn position(headers: &HeaderMap, query: &Query) -> Result<Option<u64>, Problem> {
    let after = query.number("after")?;
    let Some(value) = headers.get(&LAST_EVENT_ID) else {
        return Ok(after);
    };
    let last = value.to_str().ok().and_then(decimal);
    last.map(Some)
        .ok_or_else(|| Problem::field("Last-Event-ID", "must be the index of an entry"))
}

/// A stream under way.
struct Feed {
    app: Arc<App>,
    caller: Caller,
    filter: EntryFilter,
    size: watch::Receiver<u64>,
    closing: Closing,
    /// Every entry below this index was sent or left out.
    read_to: u64,
    read_at: Option<Instant>,
    greeted: bool,
    _permit: OwnedSemaphorePermit,
}

impl Feed {
    /// The next bytes; none when the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            // So that the answer's head arrives before the first entry does.
            return Some(Bytes::from_static(b": hello\n\n"));
        }
        let heartbeat = Instant::now() + self.app.settings.heartbeat;
        loop {
            if self.closing.begun() {
                return None;
            }
            if *self.size.borrow_and_update() > self.read_to {
                match self.read().await {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => return Some(bytes),
                    Err(error) => {
                        tracing::info!("an activity stream ends: {error}");
                        return None;
                    }
                }
                if Instant::now() >= heartbeat {
                    return Some(beat());
                }
                continue;
            }
            tokio::select! {
                () = self.closing.wait() => return None,
                changed = self.size.changed() => changed.ok()?,
                () = tokio::time::sleep_until(heartbeat) => {
                    self.alive().await.inspect_err(|error| tracing::info!("an activity stream ends: {error}")).ok()?;
                    return Some(beat());
                }
            }
        }
    }

    /// Whether the reader may still wait here: its key is good, and the log still has what was sent of it.
    async fn alive(&self) -> Result<(), Error> {
        let engine = &self.app.engine;
        engine.authorise(&self.caller, Permission::AuditRead).await?;
        let size = engine.size_now().await?;
        if size < self.read_to {
            let (sent, hint) = (self.read_to, "whoever connects again is told");
            return Err(Error::problem(
                format!("the log has {size} entries, and {sent} were sent of it"),
                hint,
            ));
        }
        Ok(())
    }

    /// Reads on by one page.
    async fn read(&mut self) -> Result<Bytes, Error> {
        if let Some(last) = self.read_at {
            let mut closing = self.closing.clone();
            tokio::select! {
                () = tokio::time::sleep_until(last + READ_PAUSE) => {}
                () = closing.wait() => return Ok(Bytes::new()),
            }
        }
        // A key that was revoked meanwhile shows no more entries.
        let engine = &self.app.engine;
        let principal = engine.principal(&self.caller).await?;
        principal.authorise(Permission::AuditRead)?;
        let page = Page {
            order: Order::Ascending,
            after: self.read_to.checked_sub(1),
            limit: CHUNK,
        };
        let found = engine
            .entries_within(&self.filter, page, (PART_BYTES_MAX, SEARCH_TIME))
            .await?;
        // Within a backlog there is no reason to wait.
        self.read_at = if found.next.is_some() {
            None
        } else {
            Some(Instant::now())
        };
        self.read_to = found.next.map_or(found.size, |last| last + 1).max(self.read_to);
        let reads_users = principal.holds(Permission::UsersRead);
        events(Activity::of_all(engine, found.entries, reads_users).await?)
    }
}

fn beat() -> Bytes {
    Bytes::from_static(b":\n\n")
}

fn events(activities: Vec<Activity>) -> Result<Bytes, Error> {
    let mut text = String::new();
    for activity in activities {
        let index = activity.index;
        let json = serde_json::to_string(&activity)
            .map_err(|error| engine::database::Error::data(error.to_string()))?;
        text.push_str("id: ");
        text.push_str(itoa::Buffer::new().format(index));
        text.push_str("\nevent: activity\ndata: ");
        // JSON of one line: line ends inside of strings are escaped.
        text.push_str(&json);
        text.push_str("\n\n");
    }
    Ok(Bytes::from(text))
}
