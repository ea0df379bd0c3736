//! Reading JSON into the messages of protobuf.
//!
//! What is valid is taken as it comes: ids as hex in any case, enums as integers, 64-bit numbers as texts or numbers,
//! `null` and `{}` as unset, unknown members ignored wherever they stand, omitted lists as empty.

mod lenient;
mod message;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::message::Read;
use crate::request::messages::collector::logs::v1::ExportLogsServiceRequest;
use crate::request::messages::collector::trace::v1::ExportTraceServiceRequest;
use crate::request::{Fault, OBJECTS_MAX, Request, SPANS_MAX, Signal};
use crate::wire::{misplaced, too_many_items, too_many_objects};

/// Reads a body.
pub fn read(signal: Signal, bytes: &[u8]) -> Result<Request, Fault> {
    if objects(bytes) > OBJECTS_MAX {
        return Err(too_many_objects());
    }
    let request = match signal {
        Signal::Traces => Request::Traces(parse::<Read<ExportTraceServiceRequest>>(bytes)?.0),
        Signal::Logs => Request::Logs(parse::<Read<ExportLogsServiceRequest>>(bytes)?.0),
        Signal::Metrics => Request::Metrics(parse::<Read<message::Points>>(bytes)?.0.0),
    };
    let (items, empty) = match &request {
        Request::Traces(read) => {
            let scopes = read.resource_spans.iter().flat_map(|one| &one.scope_spans);
            (
                scopes.map(|scope| scope.spans.len()).sum(),
                read.resource_spans.is_empty(),
            )
        }
        Request::Logs(read) => {
            let scopes = read.resource_logs.iter().flat_map(|one| &one.scope_logs);
            (
                scopes.map(|scope| scope.log_records.len()).sum(),
                read.resource_logs.is_empty(),
            )
        }
        Request::Metrics(points) => (0, *points == 0),
    };
    if items > SPANS_MAX {
        return Err(too_many_items());
    }
    if empty && let Some(other) = other_signal(signal, bytes) {
        return Err(misplaced(signal, other));
    }
    Ok(request)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes)
        .map_err(|error| Fault::Malformed(format!("the body is not OTLP in JSON: {error}")))
}

/// How many objects a text of JSON holds at most: its braces outside of texts. A small body can hold very many.
fn objects(bytes: &[u8]) -> usize {
    let (mut objects, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => objects += 1,
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
