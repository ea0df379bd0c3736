//! Reading a body into so much memory and no more, and taking in what it holds.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;

use axum::body::Body;
use domain::workflow::execution::CONTENT_LEN_MAX;
use engine::Observed;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body::Body as _;
use otlp::{Encoding, Fault, Reading, Rejected, Request, Signal, answer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use uuid::Uuid;

use crate::call::{Answer, Call, with_type};
use crate::listed::{
    BODY_INCOMPLETE, BODY_TIMEOUT, BODY_TOO_LARGE, MALFORMED_OTLP, OVERLOADED, UNSUPPORTED_ENCODING,
    UNSUPPORTED_OTLP,
};
use crate::problem::Problem;

/// How many of those that are rejected an answer names.
const NAMED_MAX: usize = 10;

/// When to send again what there was no room for, in seconds. Some exporters give up a batch for which they would have to
/// wait for long.
pub(super) const RETRY_AFTER_S: u32 = 1;

/// Why no data point is kept.
const NO_METRICS: &str = "Probity keeps no metrics of OpenTelemetry: set OTEL_METRICS_EXPORTER=none";

pub(super) async fn handle(mut call: Call, signal: Signal) -> Answer {
    call.require_of_route().await?;
    let encoding = encoding(&call.parts.headers).ok_or_else(|| {
        let detail = "send the body as Content-Type: application/x-protobuf or application/json";
        Problem::of(UNSUPPORTED_OTLP, detail)
    })?;
    let gzip = is_gzip(&call.parts.headers)?;
    let user = call.identity()?.user.id;
    let (bytes, room) = body(&mut call, gzip).await?;
    // It is never closed; and to wait costs nothing but the room that the body has.
    let turn = call.app.otlp_reading.acquire().await;
    let read = on_own_thread(move || read(signal, encoding, bytes, user)).await;
    drop(turn);
    let (request, reading) = read??;
    let answer = match request {
        Read::Points(points) => {
            call.app.otlp.rejected(signal, "metrics_not_kept", points);
            let message = if points > 0 { NO_METRICS } else { "" };
            answer::success(signal, encoding, points, message)
        }
        Read::Spans => taken(&call, (signal, encoding), user, reading).await?,
    };
    drop(room);
    Ok(with_type(encoding.media(), answer))
}

/// Does this on a thread of its own. What it allocated and others free is given back then: each thread of a pool would keep
/// what a large body took until it reads the next one.
async fn on_own_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let (answer, answered) = oneshot::channel();
    let work = move || {
        // Whoever asked may be gone.
        let _ = answer.send(work());
    };
    let started = thread::Builder::new().name("otlp".to_owned()).spawn(work);
    started.map_err(|error| Problem::internal(&error))?;
    answered.await.map_err(|error| Problem::internal(&error))
}

/// How a body is written, by its media type.
pub(super) fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    let media = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = media.split(';').next().unwrap_or_default().trim();
    let all = [Encoding::Protobuf, Encoding::Json];
    all.into_iter()
        .find(|encoding| essence.eq_ignore_ascii_case(encoding.media()))
}

/// What a body held.
enum Read {
    Spans,
    Points(u64),
}

fn read(signal: Signal, encoding: Encoding, bytes: Vec<u8>, user: Uuid) -> Result<(Read, Reading), Problem> {
    let request = otlp::read(signal, encoding, &bytes).map_err(problem)?;
    drop(bytes);
    let read = match &request {
        Request::Metrics(points) => Read::Points(*points),
        _ => Read::Spans,
    };
    Ok((read, Reading::of(request, user)))
}

/// Takes in what was read; the answer's body.
async fn taken(
    call: &Call,
    (signal, encoding): (Signal, Encoding),
    user: Uuid,
    reading: Reading,
) -> Result<Vec<u8>, Problem> {
    let (app, lease_s) = (&call.app, call.app.settings.otlp_lease_s);
    let observed = app
        .engine
        .observe(call.caller()?, &call.origin(), user, lease_s, reading.traces)
        .await?;
    let Observed {
        steps,
        again,
        scores,
        rejected: differing,
    } = observed;
    let counts = &app.otlp;
    counts.became(signal, "step", steps);
    counts.became(signal, "again", again);
    counts.became(signal, "left", reading.left);
    counts.kept(reading.large, scores);
    let mut rejected = reading.rejected;
    rejected.extend(differing);
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for one in &rejected {
        *reasons.entry(one.reason).or_default() += 1;
    }
    for (reason, count) in reasons {
        counts.rejected(signal, reason, count);
    }
    let message = message(&rejected, reading.large);
    Ok(answer::success(signal, encoding, rejected.len() as u64, &message))
}

/// What is to be said of those that were rejected, and of what is kept in part.
fn message(rejected: &[Rejected], large: u64) -> String {
    let named = rejected.iter().take(NAMED_MAX);
    let mut said: Vec<String> = named
        .map(|Rejected { span, why, .. }| format!("span {span}: {why}"))
        .collect();
    if rejected.len() > NAMED_MAX {
        said.push(format!("and {} more", rejected.len() - NAMED_MAX));
    }
    if large > 0 {
        said.push(format!(
            "{large} contents have more than {CONTENT_LEN_MAX} bytes: only their commitments are kept"
        ));
    }
    said.join("; ")
}

fn problem(fault: Fault) -> Problem {
    match fault {
        Fault::Malformed(why) => Problem::of(MALFORMED_OTLP, why),
        Fault::TooLarge(why) => Problem::of(BODY_TOO_LARGE, why),
        Fault::NoRoom => Problem::busy(OVERLOADED, fault.to_string(), RETRY_AFTER_S),
    }
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    match headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(false),
        Some(b"gzip" | b"x-gzip") => Ok(true),
        Some(_) => Err(Problem::of(
            UNSUPPORTED_ENCODING,
            "send the body without Content-Encoding, or with gzip",
        )),
    }
}

/// The unpacked body, and the room that it takes.
async fn body(call: &mut Call, gzip: bool) -> Result<(Vec<u8>, Vec<OwnedSemaphorePermit>), Problem> {
    let max = call.app.settings.otlp_body_bytes_max;
    let announced = call.parts.headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > max)) {
        let detail = format!("the body is larger than {max} bytes, the most that is taken");
        return Err(Problem::of(BODY_TOO_LARGE, detail));
    }
    let (body, room) = (call.take_body(), Arc::clone(&call.app.otlp_room));
    let time = call.app.settings.body_timeout;
    let collected = tokio::time::timeout(time, collect(body, gzip, max, &room)).await;
    collected.unwrap_or_else(|_| {
        let detail = format!("the body did not arrive within {} s", time.as_secs());
        Err(Problem::of(BODY_TIMEOUT, detail))
    })
}

async fn collect(
    mut body: Body,
    gzip: bool,
    max: usize,
    room: &Arc<Semaphore>,
) -> Result<(Vec<u8>, Vec<OwnedSemaphorePermit>), Problem> {
    let mut held = Vec::new();
    let mut unpacked = otlp::body::Body::new(gzip, max, |more: usize| {
        let permits = u32::try_from(more).ok();
        let permit = permits.and_then(|permits| Arc::clone(room).try_acquire_many_owned(permits).ok());
        let granted = permit.is_some();
        held.extend(permit);
        granted
    });
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| Problem::of(BODY_INCOMPLETE, "the body broke off before its end"))?;
        if let Ok(data) = frame.into_data() {
            unpacked.take(&data).map_err(problem)?;
        }
    }
    let bytes = unpacked.end().map_err(problem)?;
    Ok((bytes, held))
}
