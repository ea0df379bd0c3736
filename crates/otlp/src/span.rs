//! A span as a step, with what it says of its execution.

use domain::own_id::{self, derived_id};
use domain::workflow::execution::{
    BY_CLOCK, ERROR_LEN_MAX, ERROR_TYPE_LEN_MAX, RootEnd, Said, SaidAgent, Told, WORKFLOW_LEN_MAX,
};
use domain::workflow::metric::{NAME_LEN_MAX as METRIC_LEN_MAX, Number};
use domain::workflow::step::{
    CALL_ID_LEN_MAX, Content, Cost, FINISH_REASON_LEN_MAX, FINISH_REASONS_MAX, NAME_LEN_MAX, NewStep,
    PROVIDER_LEN_MAX, StepKind, TOKENS_MAX, Usage,
};
use domain::workflow::trace::{NewScore, Span, UNNAMED};
use evidence::Timestamp;
use evidence::json::hex;
use evidence::leaf::Outcome;
use evidence::payload::{DragMode, NAME_LEN_MAX as ACTOR_LEN_MAX, TEXT_LEN_MAX};
use serde_json::Value;
use uuid::Uuid;

use crate::attributes::Attributes;
use crate::names::{self, Names};
use crate::request::messages::trace::v1::Span as Sent;
use crate::request::messages::trace::v1::span::Event;
use crate::request::messages::trace::v1::status::StatusCode;
use crate::{content, value};

/// Longest thread, in characters.
const THREAD_LEN_MAX: usize = 256;

/// Why a span is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// A word for it.
    pub reason: &'static str,
    /// What is wrong.
    pub why: String,
}

/// What is wrong with an id, a time or an attribute of Probity's own.
pub(crate) const REASONS: [&str; 3] = ["malformed_id", "malformed_time", "malformed_attribute"];

fn wrong<T>(reason: usize, why: impl Into<String>) -> Result<T, Wrong> {
    let (reason, why) = (REASONS[reason], why.into());
    Err(Wrong { reason, why })
}

const ID: usize = 0;
const TIME: usize = 1;
const ATTRIBUTE: usize = 2;

/// Where a span is from.
pub(crate) struct From<'a> {
    /// For whom it is.
    pub user: Uuid,
    /// The attributes of the resource.
    pub resource: &'a Attributes<'a>,
}

/// A span with where it belongs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    /// The execution.
    pub execution: Uuid,
    /// The trace, as hex.
    pub trace_id: String,
    /// The span.
    pub span: Span,
}

/// What sort of step a span is; none where it is not about generative AI.
pub(crate) fn kind(attributes: &Attributes<'_>) -> Option<StepKind> {
    let by_rest = || {
        let model = || {
            let model = attributes.first(names::REQUEST_MODEL);
            model.or_else(|| attributes.first(names::RESPONSE_MODEL))
        };
        match attributes.first(names::TOOL) {
            Some(_) => Some(StepKind::Tool),
            None => model().map(|_| StepKind::Model),
        }
    };
    let Some((name, value)) = attributes.first(names::KIND) else {
        return by_rest();
    };
    let word = value::text(value).unwrap_or_default().to_ascii_lowercase();
    let known = match (name, word.as_str()) {
        ("mcp.method.name", "tools/call") => Some(StepKind::Tool),
        ("mcp.method.name", "resources/read") => Some(StepKind::Retrieval),
        ("mcp.method.name", _) | (_, "invoke_workflow") => Some(StepKind::Other),
        (
            _,
            "chat" | "text_completion" | "generate_content" | "embeddings" | "llm" | "embedding"
            | "generation",
        ) => Some(StepKind::Model),
        (_, "execute_tool" | "tool") => Some(StepKind::Tool),
        (_, "invoke_agent" | "create_agent" | "agent") => Some(StepKind::Agent),
        (_, "retrieval" | "retriever" | "reranker" | "search_memory" | "vector_db_retrieve") => {
            Some(StepKind::Retrieval)
        }
        (_, "plan" | "decision") => Some(StepKind::Plan),
        ("gen_ai.operation.name", _) => None,
        _ => Some(StepKind::Other),
    };
    known.or_else(by_rest).or(Some(StepKind::Other))
}

/// An id of so many bytes that is not all zero.
pub(crate) fn id(bytes: &[u8], length: usize, what: &str) -> Result<String, Wrong> {
    if bytes.is_empty() {
        return wrong(ID, format!("it has no {what}"));
    }
    if bytes.len() != length {
        let has = bytes.len();
        return wrong(ID, format!("its {what} must have {length} bytes, not {has}"));
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return wrong(ID, format!("its {what} is all zero"));
    }
    Ok(hex(bytes))
}

/// A time in nanoseconds since 1970, to the microsecond before it.
pub(crate) fn time(nanos: u64, what: &str) -> Result<Timestamp, Wrong> {
    let time = i64::try_from(nanos / 1_000).ok().and_then(Timestamp::from_micros);
    match time.filter(|_| nanos > 0) {
        Some(time) => Ok(time),
        None => wrong(TIME, format!("it has no {what}")),
    }
}

/// The id that an attribute of Probity's holds, of the span or of its resource.
fn own_attribute(attributes: &Attributes<'_>, from: &From<'_>, names: Names) -> Result<Option<Uuid>, Wrong> {
    let Some(text) = said(attributes, from, names, 64) else {
        return Ok(None);
    };
    let name = names.of.first().copied().unwrap_or_default();
    match own_id::parse(&text) {
        Some(id) => Ok(Some(id)),
        None => wrong(ATTRIBUTE, format!("its {name} {}", own_id::MUST)),
    }
}

/// What a span says, else its resource.
fn said(attributes: &Attributes<'_>, from: &From<'_>, names: Names, max: usize) -> Option<String> {
    let own = attributes.text(names, max);
    own.or_else(|| from.resource.text(names, max))
}

/// The workflow that a span names, and whether it is more than the name of its service.
fn workflow(attributes: &Attributes<'_>, from: &From<'_>) -> (Option<String>, bool) {
    let operation = attributes.get("gen_ai.operation.name").and_then(value::text);
    let own = names::WORKFLOW.of.iter().find_map(|name| {
        let counts = *name != "gen_ai.agent.name" || operation.as_deref() == Some("invoke_workflow");
        value::text(attributes.get(name).filter(|_| counts)?)
    });
    let clean = |text: String| value::clean(&text, WORKFLOW_LEN_MAX);
    if let Some(own) = own.and_then(clean) {
        return (Some(own), true);
    }
    let service = from.resource.get("service.name").and_then(value::text);
    (service.and_then(clean), false)
}

/// What a span, or a log record, says of its execution, and where it stands: roots first, then by their begin.
pub(crate) fn tells(attributes: &Attributes<'_>, from: &From<'_>, stands: &str) -> Span {
    let by = |is: Option<String>| {
        let by = format!("0{stands}");
        is.map(|is| Said { by, is })
    };
    let (workflow, more) = workflow(attributes, from);
    let thread = attributes.text(names::THREAD, THREAD_LEN_MAX);
    let agent = SaidAgent {
        id: attributes.text(names::AGENT_ID, ACTOR_LEN_MAX),
        name: attributes.text(names::AGENT_NAME, ACTOR_LEN_MAX),
        version: attributes.text(names::AGENT_VERSION, ACTOR_LEN_MAX),
    };
    let mission = attributes
        .first(names::MISSION)
        .or_else(|| from.resource.first(names::MISSION));
    let mission = mission.and_then(|(_, said)| value::clean_lines(&value::text(said)?, TEXT_LEN_MAX));
    let drag_mode = said(attributes, from, names::DRAG_MODE, 64);
    let drag_mode = drag_mode.and_then(|word| DragMode::parse(&word));
    let told = Told {
        actor: by(said(attributes, from, names::ACTOR, ACTOR_LEN_MAX)),
        agent: (agent != SaidAgent::default()).then(|| Said {
            by: format!("0{stands}"),
            is: agent,
        }),
        conversation: None,
        drag_mode: drag_mode.map(|is| Said {
            by: format!("0{stands}"),
            is,
        }),
        end: None,
        mission: by(mission),
        user: by(attributes.text(names::USER, ACTOR_LEN_MAX)),
        workflow: workflow.clone().map(|is| Said {
            // The name of a service says less than that of a workflow, whichever span has it.
            by: format!("{}{stands}", u8::from(!more)),
            is,
        }),
    };
    Span {
        step: None,
        started_at: Timestamp::default(),
        told,
        thread: thread.map(|thread| (format!("0{stands}"), thread)),
        workflow: workflow.unwrap_or_else(|| UNNAMED.to_owned()),
        drag_mode,
        scores: Vec::new(),
    }
}

/// The execution that a span belongs to: the one that it names, or that of its trace.
pub(crate) fn execution(
    attributes: &Attributes<'_>,
    from: &From<'_>,
    trace_id: &[u8],
) -> Result<Uuid, Wrong> {
    let named = own_attribute(attributes, from, names::EXECUTION)?;
    Ok(named.unwrap_or_else(|| derived_id("otlp-execution", &[from.user.as_bytes(), trace_id])))
}

/// A score as an evaluation says it; none where it says no number.
pub(crate) fn score(
    attributes: &Attributes<'_>,
    at: Timestamp,
    execution: Uuid,
    span_id: &[u8],
) -> Option<NewScore> {
    let name = value::word(
        &value::text(attributes.first(names::SCORE_NAME)?.1)?,
        METRIC_LEN_MAX,
    )?;
    let number = Number::new(value::double(attributes.first(names::SCORE)?.1)?)?;
    let (micros, text) = (at.micros().to_be_bytes(), number.text());
    let parts = [
        execution.as_bytes(),
        span_id,
        name.as_bytes(),
        text.as_bytes(),
        &micros,
    ];
    Some(NewScore {
        id: derived_id("otlp-score", &parts),
        name,
        value: number,
        at,
    })
}

fn scores(events: &[Event], end: Timestamp, execution: Uuid, span_id: &[u8]) -> Vec<NewScore> {
    let evaluations = events.iter().filter(|event| event.name == names::EVALUATION);
    let score = |event: &Event| {
        let at = time(event.time_unix_nano, "time").unwrap_or(end);
        score(&Attributes::of(&event.attributes), at, execution, span_id)
    };
    evaluations.filter_map(score).collect()
}

fn finish_reasons(attributes: &Attributes<'_>) -> Vec<String> {
    let reasons = match attributes.json(names::FINISH_REASONS) {
        Some(Value::Array(reasons)) => reasons,
        one => Vec::from_iter(one),
    };
    let texts = reasons.iter().filter_map(Value::as_str);
    let clean = texts.filter_map(|text| value::clean(&text.replace(',', " "), FINISH_REASON_LEN_MAX));
    clean.take(FINISH_REASONS_MAX).collect()
}

fn usage(attributes: &Attributes<'_>) -> Usage {
    let count = |names| attributes.count(names, TOKENS_MAX);
    Usage {
        input: count(names::INPUT_TOKENS),
        output: count(names::OUTPUT_TOKENS),
        cache_read: count(names::CACHE_READ),
        cache_write: count(names::CACHE_WRITE),
        reasoning: count(names::REASONING),
    }
}

fn cost(attributes: &Attributes<'_>) -> Option<Cost> {
    let dollars = value::double(attributes.first(names::COST)?.1)?;
    Cost::parse(&format!("{dollars:.12}")).ok()
}

/// What sort of error a span ended with.
fn error_type(attributes: &Attributes<'_>, events: &[Event]) -> Option<String> {
    let own = attributes.text(names::ERROR_TYPE, ERROR_TYPE_LEN_MAX);
    own.or_else(|| exception(events)?.text(names::ERROR_TYPE, ERROR_TYPE_LEN_MAX))
}

/// What the first exception says that came up in a span.
fn exception(events: &[Event]) -> Option<Attributes<'_>> {
    let mut exceptions = events.iter().filter(|event| event.name == "exception");
    Some(Attributes::of(&exceptions.next()?.attributes))
}

fn step(
    sent: &Sent,
    kind: StepKind,
    attributes: &Attributes<'_>,
    (started_at, finished_at): (Timestamp, Timestamp),
    failed: bool,
) -> NewStep {
    let text = |names, max| attributes.text(names, max);
    let named = match kind {
        StepKind::Tool => text(names::TOOL, NAME_LEN_MAX),
        StepKind::Agent => text(names::AGENT_NAME, NAME_LEN_MAX),
        StepKind::Model | StepKind::Plan => {
            let operation = attributes.get("gen_ai.operation.name").and_then(value::text);
            operation.and_then(|operation| value::clean(&operation, NAME_LEN_MAX))
        }
        // The span's name says which node of a graph it is, or what was searched.
        StepKind::Retrieval | StepKind::Other => None,
    };
    let name = named.or_else(|| value::clean(&sent.name, NAME_LEN_MAX));
    let provider = text(names::PROVIDER, PROVIDER_LEN_MAX);
    let (input, output) = content::of_span(kind, attributes, &sent.events);
    NewStep {
        id: None,
        kind,
        name: name.unwrap_or_else(|| "span".to_owned()),
        provider: provider.map(|provider| names::folded(&provider).to_owned()),
        request_model: text(names::REQUEST_MODEL, NAME_LEN_MAX),
        response_model: text(names::RESPONSE_MODEL, NAME_LEN_MAX),
        finish_reasons: finish_reasons(attributes),
        call_id: text(names::CALL_ID, CALL_ID_LEN_MAX),
        started_at: Some(started_at),
        finished_at: Some(finished_at),
        outcome: if failed { Outcome::Failed } else { Outcome::Success },
        error_type: error_type(attributes, &sent.events),
        usage: usage(attributes),
        cost: cost(attributes),
        approval: None,
        input: input.as_ref().map(Content::of),
        output: output.as_ref().map(Content::of),
    }
}

/// A span with where it belongs; none where it is left, being neither about generative AI nor the root of a trace.
pub(crate) fn read(sent: &Sent, from: &From<'_>) -> Result<Option<Placed>, Wrong> {
    let attributes = Attributes::of(&sent.attributes);
    let kind = kind(&attributes);
    let root = sent.parent_span_id.iter().all(|byte| *byte == 0);
    if kind.is_none() && !root {
        return Ok(None);
    }
    let placed = placed(sent, from, &attributes, kind, root);
    // What is left is not told of.
    if kind.is_none() {
        return Ok(placed.ok());
    }
    placed.map(Some)
}

fn placed(
    sent: &Sent,
    from: &From<'_>,
    attributes: &Attributes<'_>,
    kind: Option<StepKind>,
    root: bool,
) -> Result<Placed, Wrong> {
    let trace_id = id(&sent.trace_id, 16, "trace id")?;
    let span_id = id(&sent.span_id, 8, "span id")?;
    let started_at = time(sent.start_time_unix_nano, "start")?;
    let finished_at = time(sent.end_time_unix_nano, "end")?;
    if sent.end_time_unix_nano < sent.start_time_unix_nano {
        return wrong(TIME, "it starts after its end");
    }
    let execution = execution(attributes, from, &sent.trace_id)?;
    let approval = own_attribute(attributes, from, names::APPROVAL)?;
    let stands = format!("{}{:016x}{span_id}", u8::from(!root), sent.start_time_unix_nano);
    let mut span = tells(attributes, from, &stands);
    span.started_at = started_at;
    span.scores = scores(&sent.events, finished_at, execution, &sent.span_id);
    let error_type = error_type(attributes, &sent.events);
    let status = sent.status.as_ref();
    let failed = match status.map(crate::request::messages::trace::v1::Status::code) {
        Some(StatusCode::Error) => true,
        Some(StatusCode::Ok) => false,
        _ => error_type.is_some(),
    };
    if root {
        let own = status.and_then(|status| value::clean_lines(&status.message, ERROR_LEN_MAX));
        let raised = || value::text(exception(&sent.events)?.first(names::ERROR)?.1);
        let error = own.or_else(|| value::clean_lines(&raised()?, ERROR_LEN_MAX));
        let end = RootEnd {
            at: finished_at,
            failed,
            // What the clock says is nobody else's to say.
            error_type: error_type.filter(|word| failed && !BY_CLOCK.contains(&word.as_str())),
            error: error.filter(|_| failed),
        };
        span.told.end = Some(Said {
            by: format!("0{stands}"),
            is: end,
        });
    }
    span.step = kind.map(|kind| NewStep {
        id: Some(derived_id(
            "otlp-step",
            &[execution.as_bytes(), &sent.trace_id, &sent.span_id],
        )),
        approval,
        ..step(sent, kind, attributes, (started_at, finished_at), failed)
    });
    if kind.is_none() {
        // It ends its execution and says what Probity's own attributes say. All else is of spans that are steps.
        let Told {
            actor,
            drag_mode,
            end,
            mission,
            ..
        } = span.told;
        span.told = Told {
            actor,
            drag_mode,
            end,
            mission,
            ..Told::default()
        };
        (span.thread, span.scores) = (None, Vec::new());
    }
    Ok(Placed {
        execution,
        trace_id,
        span,
    })
}
