//! Bodies made for a test.

use domain::workflow::trace::Span;
use otlp::{Encoding, Reading, Request, Signal};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// For whom all of it is.
pub const USER: Uuid = Uuid::from_u128(7);

/// A value of an attribute.
pub fn value(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Bool(value) => json!({ "boolValue": value }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::Array(items) => {
            let values: Vec<Value> = items.iter().map(self::value).collect();
            json!({"arrayValue": {"values": values}})
        }
        Value::Object(members) => json!({"kvlistValue": {"values": attributes(members)}}),
        Value::Null => json!({}),
    }
}

/// Attributes as a body has them.
pub fn attributes(members: &Map<String, Value>) -> Vec<Value> {
    let pair = |(key, value): (&String, &Value)| json!({"key": key, "value": self::value(value)});
    members.iter().map(pair).collect()
}

/// A span within another, with these attributes and members.
pub fn span(said: &Value, more: &Value) -> Value {
    let mut span = json!({
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7",
        "parentSpanId": "00f067aa0ba902b6", "name": "a span", "kind": 1,
        "startTimeUnixNano": "1800000000000000000", "endTimeUnixNano": "1800000001000000000",
        "attributes": attributes(said.as_object().unwrap()),
    });
    let members = span.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    span
}

/// A body of spans of one resource.
pub fn traces(resource: &Value, spans: &[Value]) -> Value {
    let resource = attributes(resource.as_object().unwrap());
    json!({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [{"spans": spans}]}]})
}

/// A body of log records.
pub fn logs(records: &[Value]) -> Value {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
}

/// A body, read.
pub fn request(signal: Signal, body: &Value) -> Request {
    otlp::read(signal, Encoding::Json, body.to_string().as_bytes()).unwrap()
}

/// What becomes of a body.
pub fn reading(signal: Signal, body: &Value) -> Reading {
    Reading::of(&request(signal, body), USER)
}

/// What becomes of one span of a resource.
pub fn one(resource: &Value, span: Value) -> Span {
    let reading = reading(Signal::Traces, &traces(resource, &[span]));
    assert_eq!(reading.rejected, []);
    reading.traces.into_iter().next().unwrap().spans.remove(0)
}
