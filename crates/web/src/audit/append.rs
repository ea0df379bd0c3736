//! `POST /v1/audit/entries`
//!
//! The path that carries the load: the body is read straight into [`Event`], the answer is written by hand.

use domain::Act;
use domain::audit::record_events::RecordEvents;

use axum::body::Body;
use domain::audit::Event;
use domain::audit::event::EVENTS_MAX;
use domain::decision::Recorded;
use domain::{Caller, Command, Origin};
use evidence::Timestamp;
use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::body::Bounded;
use crate::call::{Answer, Call, with_type};
use crate::openapi::{Content, Doc, Reply, Shape};
use crate::problem::Problem;
use crate::{body, idempotency};

pub(crate) const ONE: &str =
    r#"{"id":"01970000-0000-7000-8000-000000000001","index":4711,"at":"2026-11-21T08:30:00.123456Z"}"#;
pub(crate) const AGAIN: &str = r#"{"id":"01970000-0000-7000-8000-000000000001","index":4711,"at":"2026-11-21T08:30:00.123456Z","replayed":true}"#;
const SEVERAL: &str = r#"{"entries":[{"id":"01970000-0000-7000-8000-000000000001","index":4711,"at":"2026-11-21T08:30:00.123456Z","replayed":true},{"id":"01970000-0000-7000-8000-000000000002","index":4712,"at":"2026-11-21T08:30:00.123456Z"}]}"#;
type Events = Bounded<Event, EVENTS_MAX>;

const RECORDED: Shape = Shape::OneOf(&[Shape::of::<RecordedBody>(), Shape::own::<RecordedList>()]);

pub(crate) const DOC: Doc = Doc {
    id: "append_entries",
    tag: "audit",
    summary: "Record one event, or several at once",
    description: "The body is one event, or an array of 1 to 1,000 of which all or none are recorded. The answer \
                  leaves after the commit: what it names is durable. An event may bring its own id: sent again with \
                  the same content it is answered as the first time, marked `replayed`; with other content it is \
                  refused, naming the field that differs.",
    body: Some(Content {
        schema: Shape::OneOf(&[Shape::of::<Event>(), Shape::Of(Events::schema)]),
        examples: &[
            (
                "one",
                r#"{"id":"01970000-0000-7000-8000-000000000001","actor":{"kind":"user","id":"user-000042","name":"User 42"},"action":"order.update","target":{"kind":"order","id":"A-1001"},"description":"Changed the delivery address","details":{"channel":"web"},"ip":"203.0.113.7","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}"#,
            ),
            (
                "several",
                r#"[{"actor":{"kind":"service","id":"billing"},"action":"invoice.send","target":{"kind":"invoice","id":"I-7"}},{"actor":{"kind":"agent","id":"triage-bot","on_behalf_of":"user-000042"},"action":"ticket.close","outcome":"refused","aim":{"mission":"Close stale tickets"},"drag_mode":"grunt"}]"#,
            ),
        ],
        ..Content::json("", &[])
    }),
    replies: &[
        Reply {
            headers: &[("Location", "Where the entry is; only for a single event.")],
            ..Reply::new(
                "201",
                "Recorded.",
                &[Content {
                    schema: RECORDED,
                    ..Content::json("", &[("one", ONE), ("several", SEVERAL)])
                }],
            )
        },
        Reply {
            headers: &[idempotency::REPLAYED_HEADER],
            ..Reply::new(
                "200",
                "Everything had been recorded before.",
                &[Content {
                    schema: RECORDED,
                    ..Content::json("", &[("one", AGAIN)])
                }],
            )
        },
    ],
    refusals: RecordEvents::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let bytes = call.body().await?;
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        let list: Events = body::json(&bytes)?;
        let events = list.within_bounds(&domain::code::TOO_MANY_ENTRIES, "entries", "")?;
        Ok(answer_list(
            &record(&call.app, call.caller()?, call.origin(), events, true).await?,
        ))
    } else {
        let event: Event = body::json(&bytes)?;
        let recorded = record(&call.app, call.caller()?, call.origin(), vec![event], false).await?;
        Ok(recorded
            .first()
            .map_or_else(|| answer_list(&recorded), answer_one))
    }
}

/// Records events; every one has its place when this returns.
pub(crate) async fn record(
    app: &App,
    caller: &Caller,
    origin: Origin,
    events: Vec<Event>,
    list: bool,
) -> Result<Vec<Recorded>, Problem> {
    let command = Command::RecordEvents(app.engine.prepare(events, list)?);
    Ok(app.engine.submit_for(caller, origin, command).await?.reply)
}

// For its schema: `write` writes it by hand.
/// What was recorded.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Recorded")]
pub(crate) struct RecordedBody {
    id: Uuid,
    /// Position in the log, from 0.
    index: u64,
    at: Timestamp,
    /// Present where the same id with the same content had been recorded before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = true))]
    replayed: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
struct RecordedList {
    entries: Vec<RecordedBody>,
}

/// The answer that names one entry.
pub(crate) fn answer_one(recorded: &Recorded) -> Response<Body> {
    let mut text = String::with_capacity(128);
    write(recorded, &mut text);
    let mut response = with_type("application/json", text);
    *response.status_mut() = status(recorded.replayed);
    let mut location = String::with_capacity(60);
    location.push_str("/v1/audit/entries/");
    location.push_str(
        recorded
            .id
            .as_hyphenated()
            .encode_lower(&mut Uuid::encode_buffer()),
    );
    if let Ok(value) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, value);
    }
    idempotency::replayed(response, recorded.replayed)
}

fn answer_list(recorded: &[Recorded]) -> Response<Body> {
    let mut text = String::with_capacity(16 + recorded.len() * 112);
    text.push_str("{\"entries\":[");
    for (position, entry) in recorded.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        write(entry, &mut text);
    }
    text.push_str("]}");
    let mut response = with_type("application/json", text);
    let replayed = recorded.iter().all(|entry| entry.replayed);
    *response.status_mut() = status(replayed);
    idempotency::replayed(response, replayed)
}

fn status(replayed: bool) -> StatusCode {
    if replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    }
}

fn write(recorded: &Recorded, out: &mut String) {
    out.push_str("{\"id\":\"");
    out.push_str(
        recorded
            .id
            .as_hyphenated()
            .encode_lower(&mut Uuid::encode_buffer()),
    );
    out.push('"');
    if let Some(place) = recorded.place {
        out.push_str(",\"index\":");
        out.push_str(itoa::Buffer::new().format(place.index));
        out.push_str(",\"at\":\"");
        place.at.write(out);
        out.push('"');
    }
    out.push_str(if recorded.replayed {
        ",\"replayed\":true}"
    } else {
        "}"
    });
}

#[cfg(test)]
mod tests {
    use domain::decision::Place;

    use super::*;

    #[test]
    fn what_is_written_by_hand_is_what_the_schema_says() {
        for (at, replayed) in [(0, false), (1_700_000_000_123_456, true)] {
            let at = Timestamp::from_micros(at).unwrap();
            let recorded = Recorded {
                id: Uuid::from_u128(7),
                place: Some(Place { index: 4711, at }),
                replayed,
            };
            let mut written = String::new();
            write(&recorded, &mut written);
            let body = RecordedBody {
                id: recorded.id,
                index: 4711,
                at,
                replayed: replayed.then_some(true),
            };
            assert_eq!(written, serde_json::to_string(&body).unwrap());
        }
    }
}
