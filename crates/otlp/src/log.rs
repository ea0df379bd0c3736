//! A log record as a step of its own: what it holds is content that may come long before or after its span, and steps are
//! final.

use domain::own_id::derived_id;
use domain::workflow::step::{Content, NAME_LEN_MAX, NewStep, StepKind, Usage};
use evidence::json::{canonical, hex};
use evidence::leaf::Outcome;
use serde_json::{Value, json};

use crate::attributes::Attributes;
use crate::content::{self, InOut};
use crate::names;
use crate::request::messages::logs::v1::LogRecord;
use crate::span::{self, From, Placed, Wrong};
use crate::value;

/// The attribute that names the event where the record does not.
const EVENT_NAME: &str = "event.name";

/// The name of the event that a record is.
fn event<'a>(record: &'a LogRecord, attributes: &Attributes<'_>) -> Option<std::borrow::Cow<'a, str>> {
    if !record.event_name.is_empty() {
        return Some(record.event_name.as_str().into());
    }
    let named = attributes.get(EVENT_NAME).and_then(value::text);
    named.map(Into::into)
}

/// A record with where it belongs; none where it is left, being no event about generative AI or one that says nothing.
pub(crate) fn read(record: &LogRecord, from: &From<'_>) -> Result<Option<Placed>, Wrong> {
    let attributes = Attributes::of(&record.attributes);
    let Some(event) = event(record, &attributes).filter(|event| names::is_event(event)) else {
        return Ok(None);
    };
    let trace_id = span::id(&record.trace_id, 16, "trace id")?;
    let span_id = span::id(&record.span_id, 8, "span id")?;
    let nanos = if record.time_unix_nano > 0 {
        record.time_unix_nano
    } else {
        record.observed_time_unix_nano
    };
    let at = span::time(nanos, "time")?;
    let execution = span::execution(&attributes, from, &record.trace_id)?;
    let (input, output) = said(record, &attributes, &event);
    if input.is_none() && output.is_none() {
        return Ok(None);
    }
    let text = canonical(&json!([input, output]));
    let step = NewStep {
        id: Some(derived_id(
            "otlp-record",
            &[
                execution.as_bytes(),
                &record.trace_id,
                &record.span_id,
                event.as_bytes(),
                &nanos.to_be_bytes(),
                text.as_bytes(),
            ],
        )),
        kind: StepKind::Other,
        name: value::clean(&event, NAME_LEN_MAX).unwrap_or_default(),
        provider: None,
        request_model: None,
        response_model: None,
        finish_reasons: Vec::new(),
        call_id: Some(hex(&record.span_id)),
        started_at: Some(at),
        finished_at: None,
        outcome: Outcome::Success,
        error_type: None,
        usage: Usage::default(),
        cost: None,
        approval: None,
        input: input.as_ref().map(Content::of),
        output: output.as_ref().map(Content::of),
    };
    let stands = format!("2{nanos:016x}{span_id}");
    let mut span = span::tells(&attributes, from, &stands);
    span.started_at = at;
    if event == names::EVALUATION {
        let score = span::score(&attributes, at, execution, &record.span_id);
        span.scores = score.into_iter().collect();
    }
    span.step = Some(step);
    Ok(Some(Placed {
        execution,
        trace_id,
        span,
    }))
}

/// What a record says went in and came out.
fn said(record: &LogRecord, attributes: &Attributes<'_>, event: &str) -> InOut {
    let body = record
        .body
        .as_ref()
        .filter(|body| value::says(body))
        .map(value::json);
    if event == names::DETAILS {
        let (input, output) = content::of_attributes(StepKind::Model, attributes);
        // Some put the attributes into the body.
        let of_body = |name: &str| body.as_ref()?.get(name).cloned().map(value::parsed);
        return (
            input.or_else(|| of_body("gen_ai.input.messages")),
            output.or_else(|| of_body("gen_ai.output.messages")),
        );
    }
    let own = || value::shallow(value::object(&record.attributes), 20);
    if event == names::EVALUATION {
        return (None, Some(own()));
    }
    let said = match body {
        Some(Value::Object(members)) => Some(Value::Object(members)),
        Some(content) => Some(json!({ "content": content })),
        // Where content is switched off, attributes are left that say whose it was.
        None => {
            let whose = |name: &str| name == EVENT_NAME || names::PROVIDER.of.contains(&name);
            let more = record.attributes.iter().any(|pair| !whose(&pair.key));
            more.then(own)
        }
    };
    match names::role(event) {
        Some(role) => (said.map(|said| content::with_role(said, role)), None),
        None => (None, said),
    }
}
