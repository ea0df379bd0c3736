//! `GET /v1/audit/export`

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use domain::audit::EntryFilter;
use evidence::json::StrictObject;
use evidence::{Entry, csv};
use futures_util::stream::unfold;
use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;
use store::query::{Order, Page};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

use crate::app::App;
use crate::audit::filter;
use crate::call::{Answer, Call, with_type};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::problem::Problem;

const FORMAT: &[Parameter] = &[Parameter::query(
    "format",
    "`jsonl`: one entry a line, as the API shows it. `csv`: a table. `bundle`: an evidence bundle, with an inclusion \
     proof for each entry, that `probity-verify` checks offline.",
    r#"{"enum":["jsonl","csv","bundle"],"default":"jsonl"}"#,
)];

const TEXT: &str = r#"{"type":"string"}"#;

pub(crate) const DOC: Doc = Doc {
    id: "export_entries",
    tag: "audit",
    summary: "Every entry that fulfils a filter, in one file",
    description: "Oldest first, up to the size of the log at the beginning, streamed: a file of any size takes \
                  little memory. An answer that breaks off is incomplete. CSV is RFC 4180 with these columns: index, \
                  id, at, occurred_at, recorded_by_kind, recorded_by_id, actor_kind, actor_id, actor_name, \
                  on_behalf_of, action, target_kind, target_id, outcome, authority, description, ip, user_agent, \
                  trace_id, session_id, drag_mode, details (as JSON), erased; a field that a spreadsheet would take \
                  for a formula begins with `'`.",
    parameters: &[filter::PARAMETERS, FORMAT],
    replies: &[Reply {
        headers: &[("Content-Disposition", "A name for the file.")],
        ..Reply::new(
            "200",
            "The file.",
            &[
                Content::new(
                    "application/jsonl",
                    TEXT,
                    "{\"id\":\"01970000-0000-7000-8000-000000000001\",\"index\":0,…}\n",
                ),
                Content::new(
                    "text/csv; charset=utf-8",
                    TEXT,
                    "index,id,at,…\r\n0,01970000-0000-7000-8000-000000000001,…\r\n",
                ),
                Content::new("application/vnd.probity.bundle+jsonl", TEXT, "{\"bundle\":…}\n"),
            ],
        )
    }],
    problems: &[
        (
            "400",
            "invalid_field",
            "a parameter is out of its bounds; `field` names it",
        ),
        ("503", "too_many_exports", "other exports are running; try again"),
    ],
    ..Doc::EMPTY
};

/// Entries read at a time.
const CHUNK: u32 = 500;
/// Pieces of a bundle that may wait for a slow reader.
const PIECES_WAITING_MAX: usize = 4;
/// A piece of a bundle is sent once it is this large.
const PIECE_BYTES: usize = 64 * 1024;
/// Pause between two looks at whether a slow reader has taken something.
const STALL_PAUSE: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Jsonl,
    Csv,
    Bundle,
}

#[expect(clippy::unused_async, reason = "as every handler is")]
pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let format = query.read("format", "jsonl, csv or bundle", |word| match word {
        "jsonl" => Some(Format::Jsonl),
        "csv" => Some(Format::Csv),
        "bundle" => Some(Format::Bundle),
        _ => None,
    })?;
    let filter = filter::read(&query)?;
    let permit = Arc::clone(&call.app.exports).try_acquire_owned().map_err(|_| {
        Problem::busy(
            "too_many_exports",
            "as many exports as are allowed at once are running",
            5,
        )
    })?;
    let app = Arc::clone(&call.app);
    let (media, name, body) = match format.unwrap_or(Format::Jsonl) {
        Format::Jsonl => (
            "application/jsonl",
            "entries.jsonl",
            paged(app, filter, Format::Jsonl, permit),
        ),
        Format::Csv => (
            "text/csv; charset=utf-8",
            "entries.csv",
            paged(app, filter, Format::Csv, permit),
        ),
        Format::Bundle => {
            let body = bundle(app, filter, filter::asked(&query), permit);
            (
                "application/vnd.probity.bundle+jsonl",
                "entries.bundle.jsonl",
                body,
            )
        }
    };
    let mut response = with_type(media, body);
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// An export under way, page by page: each is read when the reader has taken the one before, so that a slow reader
/// holds neither a connection to the database nor memory.
struct Pages {
    app: Arc<App>,
    filter: EntryFilter,
    format: Format,
    /// Size of the log at the beginning.
    size: Option<u64>,
    after: Option<u64>,
    ready: VecDeque<Bytes>,
    done: bool,
    _permit: OwnedSemaphorePermit,
}

fn paged(app: Arc<App>, filter: EntryFilter, format: Format, permit: OwnedSemaphorePermit) -> Body {
    let mut ready = VecDeque::new();
    if format == Format::Csv {
        ready.push_back(Bytes::from(format!("{}\r\n", csv::COLUMNS)));
    }
    let pages = Pages {
        app,
        filter,
        format,
        size: None,
        after: None,
        ready,
        done: false,
        _permit: permit,
    };
    Body::from_stream(unfold(pages, |mut pages| async move {
        let item = pages.next().await?;
        Some((item, pages))
    }))
}

impl Pages {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(Ok(bytes));
            }
            if self.done {
                return None;
            }
            if let Err(error) = self.read().await {
                self.done = true;
                return Some(Err(broken(&error)));
            }
        }
    }

    async fn read(&mut self) -> Result<(), engine::Error> {
        let page = Page {
            order: Order::Ascending,
            after: self.after,
            limit: CHUNK,
        };
        let found = self.app.engine.entries(&self.filter, page).await?;
        let size = *self.size.get_or_insert(found.size);
        let mut text = String::new();
        for entry in found.entries.iter().filter(|entry| entry.index < size) {
            self.write(entry, &mut text)?;
        }
        if !text.is_empty() {
            self.ready.push_back(Bytes::from(text));
        }
        self.after = found.next;
        self.done = found.next.is_none_or(|next| next >= size);
        Ok(())
    }

    fn write(&self, entry: &Entry, out: &mut String) -> Result<(), engine::Error> {
        if self.format == Format::Csv {
            csv::write(entry, out);
            return Ok(());
        }
        let line = evidence::entry::to_line(entry).map_err(|error| store::Error::data(error.to_string()))?;
        out.push_str(&line);
        out.push('\n');
        Ok(())
    }
}

/// The answer has begun: all that is left is to break it off, so that nobody takes it for complete.
fn broken(error: &engine::Error) -> io::Error {
    tracing::error!("an export broke off: {error}");
    io::Error::other("the export broke off")
}

/// A bundle is written by the engine from its beginning to its end, so it runs beside the answer.
fn bundle(app: Arc<App>, filter: EntryFilter, asked: StrictObject, permit: OwnedSemaphorePermit) -> Body {
    let (sender, receiver) = channel(PIECES_WAITING_MAX);
    let handle = tokio::runtime::Handle::current();
    // The engine gives its lines to a function that cannot wait asynchronously, so it gets a thread to wait on.
    tokio::task::spawn_blocking(move || {
        let stall_timeout = app.settings.stall_timeout;
        let mut piece = Piece {
            text: String::new(),
            sender: &sender,
            stall_timeout,
        };
        let written = handle.block_on(app.engine.bundle(&filter, asked, &mut |line| piece.line(&line)));
        let last = match written {
            Ok(_) => piece.flush(),
            Err(error) => {
                let _ = sender.try_send(Err(broken(&error)));
                ControlFlow::Break(())
            }
        };
        // Without this mark the answer ends as broken off.
        if last.is_continue() {
            let _ = give(&sender, Ok(Bytes::new()), stall_timeout);
        }
        drop(permit);
    });
    Body::from_stream(unfold((receiver, false), next_piece))
}

type Pieces = (Receiver<io::Result<Bytes>>, bool);

async fn next_piece((mut receiver, ended): Pieces) -> Option<(io::Result<Bytes>, Pieces)> {
    if ended {
        return None;
    }
    match receiver.recv().await {
        Some(Ok(bytes)) if bytes.is_empty() => None,
        Some(Ok(bytes)) => Some((Ok(bytes), (receiver, false))),
        Some(Err(error)) => Some((Err(error), (receiver, true))),
        None => Some((Err(io::Error::other("the export broke off")), (receiver, true))),
    }
}

/// Lines gathered until they are worth sending.
struct Piece<'a> {
    text: String,
    sender: &'a Sender<io::Result<Bytes>>,
    stall_timeout: Duration,
}

impl Piece<'_> {
    fn line(&mut self, line: &str) -> ControlFlow<()> {
        self.text.push_str(line);
        self.text.push('\n');
        if self.text.len() < PIECE_BYTES {
            ControlFlow::Continue(())
        } else {
            self.flush()
        }
    }

    fn flush(&mut self) -> ControlFlow<()> {
        if self.text.is_empty() {
            return ControlFlow::Continue(());
        }
        give(
            self.sender,
            Ok(Bytes::from(std::mem::take(&mut self.text))),
            self.stall_timeout,
        )
    }
}

/// Waits until the reader takes something, or has gone, or takes nothing for too long.
fn give(
    sender: &Sender<io::Result<Bytes>>,
    item: io::Result<Bytes>,
    stall_timeout: Duration,
) -> ControlFlow<()> {
    let mut item = item;
    let started = Instant::now();
    loop {
        match sender.try_send(item) {
            Ok(()) => return ControlFlow::Continue(()),
            Err(TrySendError::Full(back)) if started.elapsed() < stall_timeout => {
                item = back;
                std::thread::sleep(STALL_PAUSE);
            }
            Err(_) => return ControlFlow::Break(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_takes_nothing_is_given_up() {
        let (sender, mut receiver) = channel(1);
        let item = || Ok(Bytes::from_static(b"x"));
        assert!(give(&sender, item(), Duration::ZERO).is_continue());
        assert!(
            give(&sender, item(), Duration::from_millis(20)).is_break(),
            "nobody took the first"
        );
        assert!(receiver.try_recv().is_ok());
        assert!(give(&sender, item(), Duration::ZERO).is_continue());
        drop(receiver);
        assert!(
            give(&sender, item(), Duration::from_mins(1)).is_break(),
            "the reader has gone"
        );
    }

    #[test]
    fn the_documented_columns_are_those_of_the_table() {
        for column in csv::COLUMNS.split(',') {
            assert!(DOC.description.contains(&format!(" {column}")), "{column}");
        }
    }
}
