//! `GET /v1/audit/export`

use std::io;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use engine::{Bundle, Export as Entries};
use evidence::csv;
use futures_util::stream::unfold;
use http::header::CONTENT_DISPOSITION;
use http::{HeaderName, HeaderValue};
use tokio::sync::OwnedSemaphorePermit;
use views::Entry;

use crate::app::App;
use crate::call::{Answer, Call, with_type};
use crate::listed::TOO_MANY_EXPORTS;
use crate::nouns;
use crate::openapi::{Content, Doc, Parameter, Reply, kept, listed};
use crate::problem::Problem;

const FORMAT: &[Parameter] = &[Parameter::query(
    "format",
    "`jsonl`: one entry a line, as the API shows it. `csv`: a table. `bundle`: an evidence bundle, with an inclusion \
     proof for each entry, that `probity-verify` checks offline.",
    r#"{"enum":["jsonl","csv","bundle"],"default":"jsonl"}"#,
)];

const SIZE: &[Parameter] = &[Parameter::query(
    "size",
    "Of the log as it was when it had so many entries; as it is unless given.",
    r#"{"type":"integer","minimum":0}"#,
)];

/// What says of which log a file is: what its checkpoint of then says.
static CHECKPOINT: HeaderName = HeaderName::from_static("probity-checkpoint");

const TEXT: &str = r#"{"type":"string"}"#;

const SAYS: Doc = Doc {
    id: "export_entries",
    tag: "audit",
    summary: "Every entry that fulfils a filter, in one file",
    description: "Oldest first, up to the size of the log at the beginning, or to `size`, streamed: a file of any size \
                  takes little memory. An answer that breaks off is incomplete. The header says size and root of that \
                  log, and so does its checkpoint; a bundle begins with the newest checkpoint of the moment, which covers \
                  the same entries. CSV is RFC 4180 with these columns: index, \
                  id, at, occurred_at, recorded_by_kind, recorded_by_id, actor_kind, actor_id, actor_name, \
                  on_behalf_of, action, target_kind, target_id, outcome, authority, description, ip, user_agent, \
                  trace_id, session_id, drag_mode, details (as JSON), erased, pruned, tampered; a field that a spreadsheet would take \
                  for a formula begins with `'`.",
    replies: &[Reply {
        headers: &[
            (
                "Content-Disposition",
                "A name for the file, with the size of the log.",
            ),
            (
                "Probity-Checkpoint",
                "Size and root of the log that the file is of, a dictionary of RFC 9651: `size=4711, root=:…:`.",
            ),
        ],
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
    problems: &[TOO_MANY_EXPORTS, listed(&domain::code::NO_SUCH_TREE)],
    ..Doc::EMPTY
};

pub(crate) const DOC: fn() -> Doc = || Doc {
    parameters: kept(vec![nouns::parameters::<Entry>(), FORMAT, SIZE]),
    ..SAYS
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Jsonl,
    Csv,
    Bundle,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.documented()?;
    let format = query.read("format", "jsonl, csv or bundle", |word| match word {
        "jsonl" => Some(Format::Jsonl),
        "csv" => Some(Format::Csv),
        "bundle" => Some(Format::Bundle),
        _ => None,
    })?;
    let asked = nouns::filters::<Entry>(&call, &query).await?;
    let filter = views::entry_filter(&asked);
    let permit = permit(&call.app)?;
    let engine = &call.app.engine;
    let size = query.number("size")?;
    let (media, end, then, source) = match format.unwrap_or(Format::Jsonl) {
        Format::Jsonl => {
            let entries = engine.exported(filter, size).await?;
            let then = entries.then().clone();
            ("application/jsonl", "jsonl", then, Source::Lines(entries))
        }
        Format::Csv => {
            let entries = engine.exported(filter, size).await?;
            let then = entries.then().clone();
            ("text/csv; charset=utf-8", "csv", then, Source::Table(entries))
        }
        Format::Bundle => {
            let bundle = engine.bundled(filter, views::repeated(&asked), size).await?;
            let (media, then) = ("application/vnd.probity.bundle+jsonl", bundle.then());
            (media, "bundle.jsonl", then, Source::Bundle(Box::new(bundle)))
        }
    };
    let parts = Export { source, begun: false };
    let name = format!("entries-of-{}.{end}", then.size);
    let mut response = file(permit, media, &name, parts).await?;
    let said = format!("size={}, root=:{}:", then.size, then.root.to_base64());
    if let Ok(value) = HeaderValue::try_from(said) {
        response.headers_mut().insert(CHECKPOINT.clone(), value);
    }
    Ok(response)
}

/// Leave to make an answer of any size, which goes back with the answer.
pub(crate) fn permit(app: &App) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&app.exports).try_acquire_owned().map_err(|_| {
        let detail = "as many exports as are allowed at once are running";
        Problem::busy(TOO_MANY_EXPORTS, detail, 5)
    })
}

/// What an export's parts come from.
enum Source {
    Lines(Entries),
    Table(Entries),
    Bundle(Box<Bundle>),
}

/// What a file is made of.
pub(crate) trait Parts: Send + 'static {
    /// The next part; none at the end, however often it is asked for.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>, engine::Error>> + Send;
}

/// An answer that is a file. Each part is read when the reader has taken the one before, so that a slow reader holds
/// neither a connection to the database nor memory. What is wrong with the first two is answered as a problem: the first may be
/// a heading.
pub(crate) async fn file(
    permit: OwnedSemaphorePermit,
    media: &'static str,
    name: &str,
    mut parts: impl Parts,
) -> Answer {
    let mut first = parts.next().await?;
    if let Some(text) = &mut first
        && let Some(more) = parts.next().await?
    {
        text.push_str(&more);
    }
    let stream = unfold(Some((Some(first), parts, permit)), |state| async move {
        let (first, mut parts, permit) = state?;
        let part = match first {
            Some(first) => Ok(first),
            None => parts.next().await,
        };
        Some(match part {
            Ok(text) => (Ok(Bytes::from(text?)), Some((None, parts, permit))),
            Err(error) => (Err(broken(&error)), None),
        })
    });
    let mut response = with_type(media, Body::from_stream(stream));
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// An export under way.
struct Export {
    source: Source,
    begun: bool,
}

impl Parts for Export {
    async fn next(&mut self) -> Result<Option<String>, engine::Error> {
        let begun = std::mem::replace(&mut self.begun, true);
        let mut text = String::new();
        match &mut self.source {
            Source::Table(_) if !begun => {
                text.push_str(csv::COLUMNS);
                text.push_str("\r\n");
            }
            Source::Table(entries) => {
                let Some(entries) = entries.next().await? else {
                    return Ok(None);
                };
                for entry in &entries {
                    csv::write(entry, &mut text);
                }
            }
            Source::Lines(entries) => {
                let Some(entries) = entries.next().await? else {
                    return Ok(None);
                };
                for entry in &entries {
                    let line = evidence::entry::to_line(entry)
                        .map_err(|error| engine::database::Error::data(error.to_string()))?;
                    text.push_str(&line);
                    text.push('\n');
                }
            }
            Source::Bundle(bundle) => return Ok(bundle.next().await?.map(|lines| lines.concat())),
        }
        Ok(Some(text))
    }
}

/// A bundle under way.
pub(crate) struct BundleParts(pub Bundle);

impl Parts for BundleParts {
    async fn next(&mut self) -> Result<Option<String>, engine::Error> {
        Ok(self.0.next().await?.map(|lines| lines.concat()))
    }
}

/// The answer has begun: all that is left is to break it off, so that nobody takes it for complete.
fn broken(error: &engine::Error) -> io::Error {
    tracing::error!("an export broke off: {error}");
    io::Error::other("the export broke off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_columns_are_those_of_the_table() {
        for column in csv::COLUMNS.split(',') {
            assert!(DOC().description.contains(&format!(" {column}")), "{column}");
        }
    }
}
