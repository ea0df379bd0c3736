//! Reading protobuf. A small body can hold very many things that take much memory each, so they are counted in the bytes
//! before anything is made of them.

use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};

use crate::request::{DEPTH_MAX, Fault, OBJECTS_MAX, Request, SPANS_MAX, Signal};

/// What a message is, as far as it holds others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Request(Signal),
    OfResource(Signal),
    OfScope(Signal),
    /// A resource, scope or link: attributes in this field.
    With(u32),
    Entity,
    Span,
    Event,
    Log,
    Metric,
    Points,
    Pair,
    Value,
    Values,
    Pairs,
    /// Nothing that is looked into.
    Leaf,
}

impl Kind {
    /// What a field of it holds, where that is counted.
    fn within(self, field: u32) -> Option<Kind> {
        Some(match (self, field) {
            (Kind::Request(signal), 1) => Kind::OfResource(signal),
            (Kind::OfResource(_), 1) => Kind::With(1),
            (Kind::OfResource(signal), 2) => Kind::OfScope(signal),
            (Kind::OfScope(_), 1) => Kind::With(3),
            (Kind::OfScope(Signal::Traces), 2) => Kind::Span,
            (Kind::OfScope(Signal::Logs), 2) => Kind::Log,
            (Kind::OfScope(Signal::Metrics), 2) => Kind::Metric,
            // Of resources alone; in others the field is no message.
            (Kind::With(1), 3) => Kind::Entity,
            (Kind::With(attributes), field) if attributes == field => Kind::Pair,
            (Kind::Entity, 3 | 4) | (Kind::Points, 1) => Kind::Leaf,
            (Kind::Span, 9) | (Kind::Event, 3) | (Kind::Log, 6) | (Kind::Pairs, 1) => Kind::Pair,
            (Kind::Span, 11) => Kind::Event,
            (Kind::Span, 13) => Kind::With(4),
            (Kind::Log, 5) | (Kind::Pair, 2) | (Kind::Values, 1) => Kind::Value,
            (Kind::Metric, 5 | 7 | 9 | 10 | 11) => Kind::Points,
            (Kind::Value, 5) => Kind::Values,
            (Kind::Value, 6) => Kind::Pairs,
            _ => return None,
        })
    }
}

#[derive(Default)]
struct Counts {
    objects: usize,
    /// Spans, log records or data points.
    items: usize,
}

fn malformed(what: impl std::fmt::Display) -> Fault {
    Fault::Malformed(format!("the body is not a message of OTLP in protobuf: {what}"))
}

impl Counts {
    fn add(&mut self, kind: Kind, of: Kind) -> Result<(), Fault> {
        self.objects += 1;
        if self.objects > OBJECTS_MAX {
            return Err(too_many_objects());
        }
        let point = (of, kind) == (Kind::Points, Kind::Leaf);
        if matches!(kind, Kind::Span | Kind::Log) || point {
            self.items += 1;
            if self.items > SPANS_MAX && !point {
                return Err(too_many_items());
            }
        }
        Ok(())
    }

    fn count(&mut self, mut bytes: &[u8], kind: Kind, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH_MAX {
            return Err(malformed(format_args!(
                "it is nested deeper than {DEPTH_MAX} levels"
            )));
        }
        while !bytes.is_empty() {
            let (field, wire) = decode_key(&mut bytes).map_err(malformed)?;
            let length = match wire {
                WireType::Varint => {
                    decode_varint(&mut bytes).map_err(malformed)?;
                    continue;
                }
                WireType::ThirtyTwoBit => 4,
                WireType::SixtyFourBit => 8,
                WireType::LengthDelimited => {
                    let length = decode_varint(&mut bytes).map_err(malformed)?;
                    usize::try_from(length).unwrap_or(usize::MAX)
                }
                WireType::StartGroup | WireType::EndGroup => {
                    return Err(malformed(
                        "it has a group, which OTLP has none of; JSON is sent as Content-Type: application/json",
                    ));
                }
            };
            let Some((part, rest)) = bytes.split_at_checked(length) else {
                return Err(malformed("it breaks off"));
            };
            bytes = rest;
            let within = kind.within(field).filter(|_| wire == WireType::LengthDelimited);
            if let Some(within) = within {
                self.add(within, kind)?;
                if within != Kind::Leaf {
                    self.count(part, within, depth + 1)?;
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn too_many_objects() -> Fault {
    Fault::TooLarge(format!(
        "the body holds more than {OBJECTS_MAX} attributes and other values: send fewer spans at once"
    ))
}

pub(crate) fn too_many_items() -> Fault {
    Fault::TooLarge(format!(
        "the body holds more than {SPANS_MAX} spans or log records: send fewer at once"
    ))
}

/// Reads a body.
pub fn read(signal: Signal, bytes: &[u8]) -> Result<Request, Fault> {
    let fault = match read_as(signal, bytes) {
        Err(fault @ Fault::Malformed(_)) => fault,
        done => return done,
    };
    // The other signal's messages have other types in the same places, which rarely read.
    let other = match signal {
        Signal::Traces => Signal::Logs,
        _ => Signal::Traces,
    };
    match read_as(other, bytes) {
        Ok(_) => Err(misplaced(signal, other)),
        Err(_) => Err(fault),
    }
}

fn read_as(signal: Signal, bytes: &[u8]) -> Result<Request, Fault> {
    let mut counts = Counts::default();
    counts.count(bytes, Kind::Request(signal), 0)?;
    Ok(match signal {
        Signal::Traces => Request::Traces(Message::decode(bytes).map_err(malformed)?),
        Signal::Logs => Request::Logs(Message::decode(bytes).map_err(malformed)?),
        Signal::Metrics => Request::Metrics(counts.items as u64),
    })
}

/// A body that was sent to the place of another signal.
pub(crate) fn misplaced(signal: Signal, other: Signal) -> Fault {
    let (name, other) = (signal.as_str(), other.as_str());
    Fault::Malformed(format!(
        "this is where {name} are sent, and the body has {other}: send it to /otlp/v1/{other}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::messages::collector::logs::v1::ExportLogsServiceRequest;
    use crate::request::messages::collector::trace::v1::ExportTraceServiceRequest;
    use crate::request::messages::common::v1::any_value::Value;
    use crate::request::messages::common::v1::{AnyValue, ArrayValue, KeyValue};
    use crate::request::messages::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
    use crate::request::messages::trace::v1::{ResourceSpans, ScopeSpans, Span};

    fn traces(spans: Vec<Span>) -> Vec<u8> {
        let scope_spans = vec![ScopeSpans {
            spans,
            ..ScopeSpans::default()
        }];
        let resource_spans = vec![ResourceSpans {
            scope_spans,
            ..ResourceSpans::default()
        }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }

    fn logs(log_records: Vec<LogRecord>) -> Vec<u8> {
        let scope_logs = vec![ScopeLogs {
            log_records,
            ..ScopeLogs::default()
        }];
        let resource_logs = vec![ResourceLogs {
            scope_logs,
            ..ResourceLogs::default()
        }];
        ExportLogsServiceRequest { resource_logs }.encode_to_vec()
    }

    fn span() -> Span {
        Span {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            name: "a span".to_owned(),
            start_time_unix_nano: 1,
            end_time_unix_nano: 2,
            ..Span::default()
        }
    }

    fn nested(depth: usize) -> AnyValue {
        let mut value = AnyValue::default();
        for _ in 0..depth {
            let values = vec![value];
            value = AnyValue {
                value: Some(Value::ArrayValue(ArrayValue { values })),
            };
        }
        value
    }

    fn with(values: Vec<AnyValue>) -> Span {
        let attribute = |value| KeyValue {
            value: Some(value),
            ..KeyValue::default()
        };
        Span {
            attributes: values.into_iter().map(attribute).collect(),
            ..span()
        }
    }

    #[test]
    fn a_body_of_the_other_signal_is_named() {
        let record = LogRecord {
            time_unix_nano: 1,
            trace_id: vec![1; 16],
            ..LogRecord::default()
        };
        for (signal, bytes, other) in [
            (Signal::Traces, logs(vec![record]), "/otlp/v1/logs"),
            (Signal::Logs, traces(vec![span()]), "/otlp/v1/traces"),
        ] {
            let Err(Fault::Malformed(why)) = read(signal, &bytes) else {
                panic!("it was read");
            };
            assert!(why.contains(other), "{why}");
        }
        for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
            assert!(read(signal, b"").is_ok());
            for bytes in [&b"\xff"[..], b"{}", &[0x0a, 0x7f], &[0x0b]] {
                assert!(
                    matches!(read(signal, bytes), Err(Fault::Malformed(_))),
                    "{bytes:?}"
                );
            }
        }
    }

    #[test]
    fn bounds_at_their_edges() {
        for (count, good) in [(SPANS_MAX, true), (SPANS_MAX + 1, false)] {
            let bytes = traces(vec![Span::default(); count]);
            assert_eq!(read(Signal::Traces, &bytes).is_ok(), good, "{count}");
            let bytes = logs(vec![LogRecord::default(); count]);
            assert_eq!(read(Signal::Logs, &bytes).is_ok(), good, "{count}");
        }
        // Request, resource, scope and span are objects as well, and each attribute is two.
        for (count, good) in [(499_998, true), (499_999, false)] {
            let bytes = traces(vec![with(vec![AnyValue::default(); count])]);
            let read = read(Signal::Traces, &bytes);
            let large = matches!(read, Err(Fault::TooLarge(_)));
            assert_eq!((read.is_ok(), large), (good, !good), "{count}");
        }
        for (depth, good) in [(40, true), (60, false), (400, false)] {
            let bytes = traces(vec![with(vec![nested(depth)])]);
            assert_eq!(read(Signal::Traces, &bytes).is_ok(), good, "{depth}");
        }
    }

    #[test]
    fn data_points_are_counted() {
        // A request of a resource of a scope of a metric with a gauge of two points.
        let within = |field: u8, bytes: &[u8]| {
            let length = u8::try_from(bytes.len()).unwrap();
            [&[field << 3 | 2, length][..], bytes].concat()
        };
        let points = [within(1, b""), within(1, b"")].concat();
        let metric = within(2, &within(2, &within(5, &points)));
        assert_eq!(
            read(Signal::Metrics, &within(1, &metric)),
            Ok(Request::Metrics(2))
        );
    }
}
