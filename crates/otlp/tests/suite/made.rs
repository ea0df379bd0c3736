//! Bodies made for a test.

use domain::workflow::step::{Content, NewStep};
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
    Reading::of(request(signal, body), USER)
}

/// What becomes of one span of a resource.
pub fn one(resource: &Value, span: Value) -> Span {
    let reading = reading(Signal::Traces, &traces(resource, &[span]));
    assert_eq!(reading.rejected, []);
    reading.traces.into_iter().next().unwrap().spans.remove(0)
}

/// What became of a field of the table of names; none where the span does not say it.
pub fn became(span: &Span, field: &str) -> Option<String> {
    let told = &span.told;
    if let "agent" | "agent's id" | "agent's version" = field {
        let agent = told.agent.as_ref().map(|said| said.is.clone())?;
        return match field {
            "agent" => agent.name,
            "agent's id" => agent.id,
            _ => agent.version,
        };
    }
    let by_told = match field {
        "thread" => span.thread.as_ref().map(|(_, thread)| thread.clone()),
        "user" => told.user.as_ref().map(|said| said.is.clone()),
        "workflow" => told.workflow.as_ref().map(|said| said.is.clone()),
        "actor (AIM)" => told.actor.as_ref().map(|said| said.is.clone()),
        "mission (AIM)" => told.mission.as_ref().map(|said| said.is.replace('\n', "\\n")),
        "DRAG mode" => told.drag_mode.as_ref().map(|said| said.is.as_str().to_owned()),
        "error" => told.end.as_ref().and_then(|said| said.is.error.clone()),
        "score" => span.scores.first().map(|score| score.name.clone()),
        "score's number" => span.scores.first().map(|score| score.value.text()),
        _ => None,
    };
    let count = |count: Option<u64>| count.map(|count| count.to_string());
    let content = |content: Option<Content>| content.map(|content| content.as_str().to_owned());
    let by_step = |step: NewStep| match field {
        "kind" => Some(step.kind.as_str().to_owned()),
        "provider" => step.provider,
        "requested model" => step.request_model,
        "answering model" => step.response_model,
        "finish reasons" => Some(step.finish_reasons.join(" ")).filter(|reasons| !reasons.is_empty()),
        "tokens read" => count(step.usage.input),
        "tokens written" => count(step.usage.output),
        "tokens from the cache" => count(step.usage.cache_read),
        "tokens into the cache" => count(step.usage.cache_write),
        "tokens for reasoning" => count(step.usage.reasoning),
        "cost" => step.cost.map(|cost| cost.to_string()),
        "tool" => Some(step.name),
        "call" => step.call_id,
        "what a tool was given" | "what went in" | "instructions" => content(step.input),
        "what a tool gave" | "what came out" => content(step.output),
        "sort of error" => step.error_type,
        "approval" => step.approval.map(|id| id.to_string()),
        _ => None,
    };
    by_told.or_else(|| by_step(span.step.clone()?))
}
