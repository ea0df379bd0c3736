//! Reading JSON into the messages of protobuf.
//!
//! What is valid is taken as it comes: ids as hex in any case, enums as integers, 64-bit numbers as texts or numbers,
//! `null` and `{}` as unset, unknown members ignored wherever they stand, omitted lists as empty. A member that is known and
//! given twice is refused.

mod lenient;
mod message;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::message::{Items, Read};
use crate::request::messages::collector::logs::v1::ExportLogsServiceRequest;
use crate::request::messages::collector::trace::v1::ExportTraceServiceRequest;
use crate::request::{Fault, OBJECTS_MAX, Request, SPANS_MAX, Signal};
use crate::wire::{misplaced, too_many_items, too_many_objects};

/// Reads a body.
pub fn read(signal: Signal, bytes: &[u8]) -> Result<Request, Fault> {
    let objects = objects(bytes);
    if objects > OBJECTS_MAX {
        return Err(too_many_objects());
    }
    if signal == Signal::Metrics {
        return named(signal, bytes, Request::Metrics(items(bytes)?));
    }
    // Each of them is an object.
    if objects > SPANS_MAX && items(bytes)? > SPANS_MAX as u64 {
        return Err(too_many_items());
    }
    let request = match signal {
        Signal::Logs => Request::Logs(parse::<Read<ExportLogsServiceRequest>>(bytes)?.0),
        _ => Request::Traces(parse::<Read<ExportTraceServiceRequest>>(bytes)?.0),
    };
    named(signal, bytes, request)
}

/// A request, unless it is empty because the body is of another signal.
fn named(signal: Signal, bytes: &[u8], request: Request) -> Result<Request, Fault> {
    let empty = match &request {
        Request::Traces(read) => read.resource_spans.is_empty(),
        Request::Logs(read) => read.resource_logs.is_empty(),
        // Those of another signal are counted too.
        Request::Metrics(_) => true,
    };
    if empty && let Some(other) = other_signal(signal, bytes) {
        return Err(misplaced(signal, other));
    }
    Ok(request)
}

/// How many spans, log records or data points a body holds.
fn items(bytes: &[u8]) -> Result<u64, Fault> {
    Ok(parse::<Read<Items>>(bytes)?.0.0)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes)
        .map_err(|error| Fault::Malformed(format!("the body is not OTLP in JSON: {error}")))
}

/// How many objects a text of JSON holds at most: its braces outside of texts, and each `null`, which stands for an object
/// in a list. A small body can hold very many.
fn objects(bytes: &[u8]) -> usize {
    let (mut objects, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'n' => objects += 1,
            b'"' => {
                at += 1;
                while let Some(byte) = bytes.get(at).filter(|byte| **byte != b'"') {
                    at += if *byte == b'\\' { 2 } else { 1 };
                }
            }
            _ => {}
        }
        at += 1;
    }
    objects
}

/// The signal that a body is of after all.
fn other_signal(signal: Signal, bytes: &[u8]) -> Option<Signal> {
    #[derive(Deserialize)]
    struct Members {
        #[serde(rename = "resourceSpans")]
        spans: Option<serde::de::IgnoredAny>,
        #[serde(rename = "resourceLogs")]
        logs: Option<serde::de::IgnoredAny>,
        #[serde(rename = "resourceMetrics")]
        metrics: Option<serde::de::IgnoredAny>,
    }
    let members: Members = serde_json::from_slice(bytes).ok()?;
    let found = [
        members.spans.map(|_| Signal::Traces),
        members.logs.map(|_| Signal::Logs),
        members.metrics.map(|_| Signal::Metrics),
    ];
    found.into_iter().flatten().find(|found| *found != signal)
}
