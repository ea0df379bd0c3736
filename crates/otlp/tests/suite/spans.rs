//! What becomes of spans and log records.

use domain::workflow::step::{Content, StepKind};
use domain::workflow::trace::UNNAMED;
use evidence::leaf::Outcome;
use otlp::Signal;
use serde_json::{Value, json};

use crate::made::{logs, one, reading, span, traces};

fn chat() -> Value {
    json!({"gen_ai.operation.name": "chat"})
}

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

#[test]
fn what_is_not_about_generative_ai_is_counted_and_left() {
    let http = json!({"http.request.method": "GET"});
    let spans = [
        span(&http, &json!({"spanId": "00f067aa0ba90201"})),
        span(&chat(), &json!({"spanId": "00f067aa0ba90202"})),
        // Ids that cannot be are no matter of what is left.
        span(&http, &json!({"spanId": ""})),
        span(&http, &json!({"spanId": "00f067aa0ba90203", "parentSpanId": ""})),
    ];
    let reading = reading(Signal::Traces, &traces(&json!({"service.name": "shop"}), &spans));
    assert_eq!(
        (reading.left, reading.rejected.len(), reading.traces.len()),
        (3, 0, 1)
    );
    let [step, root] = &reading.traces[0].spans[..] else {
        panic!("two of them");
    };
    // The root ends the execution, and is no step of it.
    assert!(root.step.is_none() && root.told.end.is_some() && root.told.workflow.is_none());
    assert!(step.step.is_some() && step.told.end.is_none());
    assert_eq!(reading.traces[0].ids, ["00f067aa0ba90202", "00f067aa0ba90203"]);
}

#[test]
fn what_no_retry_can_cure_is_rejected_and_named() {
    for (member, wrong, why) in [
        ("traceId", json!(""), "it has no trace id"),
        (
            "traceId",
            json!("00000000000000000000000000000000"),
            "its trace id is all zero",
        ),
        (
            "traceId",
            json!("4bf92f"),
            "its trace id must have 16 bytes, not 3",
        ),
        ("spanId", json!(null), "it has no span id"),
        ("spanId", json!("0000000000000000"), "its span id is all zero"),
        (
            "startTimeUnixNano",
            json!("1800000001000000001"),
            "it starts after its end",
        ),
        ("startTimeUnixNano", json!(0), "it has no start"),
        ("endTimeUnixNano", json!(0), "it has no end"),
        (
            "attributes",
            json!([
                attribute("gen_ai.system", "x"),
                attribute("llm.model_name", "m"),
                attribute("probity.execution.id", "seven")
            ]),
            "its probity.execution.id must be a UUID",
        ),
        (
            "attributes",
            json!([
                attribute("llm.model_name", "m"),
                attribute("probity.approval.id", "1")
            ]),
            "its probity.approval.id must be a UUID",
        ),
    ] {
        let good = span(&chat(), &json!({"spanId": "00f067aa0ba90209"}));
        let body = traces(&json!({}), &[span(&chat(), &json!({member: wrong})), good]);
        let reading = reading(Signal::Traces, &body);
        let [rejected] = &reading.rejected[..] else {
            panic!("{member}: {:?}", reading.rejected);
        };
        assert!(rejected.why.starts_with(why), "{member}: {}", rejected.why);
        assert_eq!(reading.traces.len(), 1, "{member}: the other is taken");
    }
}

#[test]
fn kinds_by_what_is_said() {
    for (said, kind) in [
        (json!({"gen_ai.operation.name": "chat"}), StepKind::Model),
        (json!({"gen_ai.operation.name": "embeddings"}), StepKind::Model),
        (json!({"gen_ai.operation.name": "invoke_agent"}), StepKind::Agent),
        (
            json!({"gen_ai.operation.name": "invoke_workflow"}),
            StepKind::Other,
        ),
        (json!({"gen_ai.operation.name": "retrieval"}), StepKind::Retrieval),
        (
            json!({"gen_ai.operation.name": "vector_db_retrieve", "traceloop.span.kind": "task"}),
            StepKind::Retrieval,
        ),
        (json!({"gen_ai.operation.name": "plan"}), StepKind::Plan),
        (
            json!({"gen_ai.operation.name": "new", "gen_ai.tool.name": "t"}),
            StepKind::Tool,
        ),
        (
            json!({"gen_ai.operation.name": "new", "gen_ai.request.model": "m"}),
            StepKind::Model,
        ),
        (json!({"gen_ai.operation.name": "new"}), StepKind::Other),
        (json!({"openinference.span.kind": "LLM"}), StepKind::Model),
        (json!({"openinference.span.kind": "CHAIN"}), StepKind::Other),
        (
            json!({"openinference.span.kind": "RERANKER"}),
            StepKind::Retrieval,
        ),
        (json!({"traceloop.span.kind": "workflow"}), StepKind::Other),
        (json!({"traceloop.span.kind": "tool"}), StepKind::Tool),
        (json!({"langfuse.observation.type": "span"}), StepKind::Other),
        (json!({"mcp.method.name": "resources/read"}), StepKind::Retrieval),
        (json!({"mcp.method.name": "initialize"}), StepKind::Other),
        (json!({"tool.name": "t"}), StepKind::Tool),
        (json!({"llm.model_name": "m"}), StepKind::Model),
    ] {
        let found = one(&json!({}), span(&said, &json!({})));
        assert_eq!(found.step.unwrap().kind, kind, "{said}");
    }
}

#[test]
fn messages_of_what_asked_no_model_come_last() {
    let said = |kind: &str| {
        json!({
            "openinference.span.kind": kind, "input.value": "all", "output.value": "all",
            "llm.input_messages.0.message.role": "user", "llm.output_messages.0.message.role": "assistant",
        })
    };
    for (kind, input, output) in [
        ("CHAIN", r#""all""#, r#""all""#),
        ("AGENT", r#""all""#, r#""all""#),
        (
            "LLM",
            r#"[{"message":{"role":"user"}}]"#,
            r#"[{"message":{"role":"assistant"}}]"#,
        ),
    ] {
        let step = one(&json!({}), span(&said(kind), &json!({}))).step.unwrap();
        assert_eq!(step.input.unwrap().as_str(), input, "{kind}");
        assert_eq!(step.output.unwrap().as_str(), output, "{kind}");
    }
    let mut only = said("CHAIN");
    only["input.value"] = json!("");
    let step = one(&json!({}), span(&only, &json!({}))).step.unwrap();
    assert_eq!(step.input.unwrap().as_str(), r#"[{"message":{"role":"user"}}]"#);
}

#[test]
fn names_by_kind() {
    for (said, name) in [
        (json!({"gen_ai.operation.name": "chat"}), "chat"),
        (json!({"openinference.span.kind": "LLM"}), "a span"),
        (
            json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}),
            "search",
        ),
        (json!({"gen_ai.operation.name": "execute_tool"}), "a span"),
        (
            json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "triage"}),
            "triage",
        ),
        (json!({"gen_ai.operation.name": "execute_task"}), "a span"),
        (json!({"gen_ai.operation.name": "retrieval"}), "a span"),
    ] {
        let found = one(&json!({}), span(&said, &json!({})));
        assert_eq!(found.step.unwrap().name, name, "{said}");
    }
}

#[test]
fn how_a_root_ends_is_how_the_execution_does() {
    for (status, said, failed, error_type, error) in [
        (json!(null), json!({}), false, None, None),
        (
            json!({"code": 1}),
            json!({"error.type": "timeout"}),
            false,
            None,
            None,
        ),
        (
            json!({"code": 0}),
            json!({"error.type": "timeout"}),
            true,
            Some("timeout"),
            None,
        ),
        (
            json!({"code": 2, "message": "no\nanswer"}),
            json!({}),
            true,
            None,
            Some("no\nanswer"),
        ),
        // A word of the clock's is not taken from anybody else.
        (
            json!({"code": 2}),
            json!({"error.type": "root_missing"}),
            true,
            None,
            None,
        ),
    ] {
        let mut all = chat();
        all.as_object_mut()
            .unwrap()
            .extend(said.as_object().unwrap().clone());
        for parent in ["", "0000000000000000"] {
            let found = one(
                &json!({}),
                span(&all, &json!({"parentSpanId": parent, "status": status})),
            );
            let end = found.told.end.unwrap().is;
            assert_eq!(
                (end.failed, end.error_type.as_deref(), end.error.as_deref()),
                (failed, error_type, error),
                "{status}"
            );
            assert_eq!(end.at.micros(), 1_800_000_001_000_000);
            let outcome = if failed { Outcome::Failed } else { Outcome::Success };
            assert_eq!(found.step.unwrap().outcome, outcome);
        }
    }
    assert!(one(&json!({}), span(&chat(), &json!({}))).told.end.is_none());
    // Where its status has no words, those of the exception count.
    let raised = json!([{"name": "exception", "attributes": [attribute("exception.message", "no order 8")]}]);
    for (status, error) in [
        (json!({"code": 2}), Some("no order 8")),
        (json!({"code": 2, "message": "gone"}), Some("gone")),
        (json!({"code": 1}), None),
    ] {
        let more = json!({"parentSpanId": "", "status": status, "events": raised});
        let end = one(&json!({}), span(&chat(), &more)).told.end.unwrap().is;
        assert_eq!(end.error.as_deref(), error, "{status}");
    }
}

#[test]
fn probitys_own_attributes_may_stand_on_the_resource() {
    let id = "01970000-0000-7000-8000-000000000001";
    let resource = json!({
        "probity.aim.actor": "a", "probity.aim.mission": "m", "probity.drag_mode": "draft",
        "probity.approval.id": id, "probity.execution.id": id, "gen_ai.agent.name": "not for spans",
    });
    let body = traces(&resource, &[span(&chat(), &json!({}))]);
    let mut found = reading(Signal::Traces, &body).traces.remove(0);
    assert_eq!(found.execution.to_string(), id);
    let span = found.spans.remove(0);
    assert_eq!(span.told.actor.unwrap().is, "a");
    assert_eq!(span.told.mission.unwrap().is, "m");
    assert_eq!(span.drag_mode.unwrap().as_str(), "draft");
    assert_eq!((span.told.agent, span.workflow.as_str()), (None, UNNAMED));
    assert_eq!(span.step.unwrap().approval.unwrap().to_string(), id);
}

#[test]
fn events_hold_content_and_scores() {
    let events = json!([
        {"name": "gen_ai.choice", "timeUnixNano": 3, "attributes": [attribute("content", "Bob")]},
        {"name": "gen_ai.user.message", "timeUnixNano": 2, "attributes": [attribute("content", "Who?")]},
        {"name": "gen_ai.system.message", "timeUnixNano": 1, "attributes": [attribute("content", "Be brief"), attribute("role", "developer")]},
        {"name": "exception", "attributes": [attribute("exception.type", "KeyError")]},
        {"name": "gen_ai.evaluation.result", "timeUnixNano": "1800000000500000000", "attributes": [
            attribute("gen_ai.evaluation.name", "Answer relevance"), {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.75}},
        ]},
        {"name": "gen_ai.evaluation.result", "attributes": [attribute("gen_ai.evaluation.name", "no number")]},
        {"name": "something.else", "attributes": []},
    ]);
    let found = one(&json!({}), span(&chat(), &json!({"events": events})));
    let [score] = &found.scores[..] else {
        panic!("{:?}", found.scores);
    };
    assert_eq!(
        (score.name.as_str(), score.value.text()),
        ("Answer_relevance", "0.75".to_owned())
    );
    assert_eq!(score.at.micros(), 1_800_000_000_500_000);
    let step = found.step.unwrap();
    let input = r#"[{"content":"Be brief","role":"developer"},{"content":"Who?","role":"user"}]"#;
    assert_eq!(step.input.unwrap().as_str(), input);
    assert_eq!(step.output.unwrap().as_str(), r#"[{"content":"Bob"}]"#);
    assert_eq!(step.error_type.as_deref(), Some("KeyError"));
    let details = json!([{"name": "gen_ai.client.inference.operation.details", "attributes": [
        attribute("gen_ai.input.messages", "[1]"), attribute("gen_ai.output.messages", "[2]"),
    ]}]);
    let step = one(&json!({}), span(&chat(), &json!({"events": details})))
        .step
        .unwrap();
    assert_eq!(step.input.unwrap().as_str(), "[1]");
    assert_eq!(step.output.unwrap().as_str(), "[2]");
}

#[test]
fn log_records_are_steps_of_their_own() {
    let record = |more: Value| {
        let mut record = json!({
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7",
            "timeUnixNano": "1800000000000000000",
        });
        record
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        record
    };
    let body = json!({"kvlistValue": {"values": [attribute("content", "Who?")]}});
    for (record, name, input, output) in [
        (
            record(json!({"eventName": "gen_ai.user.message", "body": body})),
            "gen_ai.user.message",
            Some(r#"{"content":"Who?","role":"user"}"#),
            None,
        ),
        (
            record(
                json!({"attributes": [attribute("event.name", "gen_ai.choice")], "body": {"stringValue": "Bob"}}),
            ),
            "gen_ai.choice",
            None,
            Some(r#"{"content":"Bob"}"#),
        ),
        (
            record(
                json!({"eventName": "gen_ai.client.inference.operation.details", "attributes": [attribute("gen_ai.input.messages", "[1]"), attribute("gen_ai.output.messages", "[2]")]}),
            ),
            "gen_ai.client.inference.operation.details",
            Some("[1]"),
            Some("[2]"),
        ),
    ] {
        let mut reading = reading(Signal::Logs, &logs(&[record]));
        let mut trace = reading.traces.remove(0);
        let span = trace.spans.remove(0);
        let step = span.step.unwrap();
        assert_eq!((step.name.as_str(), step.kind), (name, StepKind::Other));
        assert_eq!(step.call_id.as_deref(), Some("00f067aa0ba902b7"));
        assert_eq!(step.input.as_ref().map(Content::as_str), input, "{name}");
        assert_eq!(step.output.as_ref().map(Content::as_str), output, "{name}");
        // It is of the execution that its span is of.
        let of_span = self::reading(
            Signal::Traces,
            &traces(&json!({}), &[self::span(&chat(), &json!({}))]),
        );
        assert_eq!(trace.execution, of_span.traces[0].execution);
        assert_ne!(step.id, of_span.traces[0].spans[0].step.as_ref().unwrap().id);
    }
    let score = record(json!({"eventName": "gen_ai.evaluation.result", "attributes": [
        attribute("gen_ai.evaluation.name", "toxicity"), {"key": "gen_ai.evaluation.score.value", "value": {"intValue": 1}},
    ]}));
    let mut taken = reading(Signal::Logs, &logs(&[score]));
    let span = taken.traces.remove(0).spans.remove(0);
    assert_eq!(
        (span.scores[0].name.as_str(), span.scores[0].value.get()),
        ("toxicity", 1.0)
    );
    // What is no event is left, whatever ids it has; what is one needs them.
    let records = [
        record(json!({"body": {"stringValue": "a line"}, "traceId": ""})),
        record(json!({"eventName": "gen_ai.choice", "traceId": ""})),
    ];
    let found = reading(Signal::Logs, &logs(&records));
    assert_eq!((found.left, found.rejected.len(), found.traces.len()), (1, 1, 0));
    // Nor is one whose content was switched off: whose it was is no content.
    for (attributes, expected) in [
        (json!([]), (2, 0)),
        (json!([attribute("gen_ai.system", "openai")]), (2, 0)),
        (
            json!([attribute("gen_ai.system", "openai"), attribute("content", "Who?")]),
            (1, 1),
        ),
    ] {
        let records = ["gen_ai.user.message", "gen_ai.client.inference.operation.details"];
        let records = records.map(|event| record(json!({"eventName": event, "attributes": attributes})));
        let found = reading(Signal::Logs, &logs(&records));
        assert_eq!((found.left, found.traces.len()), expected, "{attributes}");
    }
}

#[test]
fn content_that_is_too_large_is_counted() {
    let text = "x".repeat(262_144);
    for (output, large) in [(&text[..262_142], 0), (&text[..], 1)] {
        let said = json!({"tool.name": "t", "output.value": output});
        let found = reading(Signal::Traces, &traces(&json!({}), &[span(&said, &json!({}))]));
        assert_eq!(found.large, large);
    }
}

#[test]
fn whatever_has_no_place_is_cut_or_left_out() {
    let long = "é".repeat(20_000);
    let said = json!({
        "gen_ai.operation.name": "chat\u{0}", "gen_ai.request.model": long, "gen_ai.provider.name": "a\nb",
        "gen_ai.usage.input_tokens": -1, "gen_ai.usage.output_tokens": 1_000_000_001_i64, "operation.cost": -1,
        "gen_ai.response.finish_reasons": ["a,b", 7, ""], "session.id": long, "gen_ai.workflow.name": long,
        "probity.aim.mission": long, "probity.drag_mode": "fast",
    });
    let found = one(&json!({}), span(&said, &json!({"name": ""})));
    let step = found.step.unwrap();
    assert_eq!(step.request_model.unwrap().chars().count(), 200);
    assert_eq!(
        (step.provider.as_deref(), step.name.as_str()),
        (Some("ab"), "chat")
    );
    assert_eq!(
        (step.usage.input, step.usage.output, step.cost),
        (None, None, None)
    );
    assert_eq!(step.finish_reasons, ["a b"]);
    assert_eq!(found.thread.unwrap().1.chars().count(), 256);
    assert_eq!(found.workflow.chars().count(), 200);
    assert_eq!(found.told.mission.unwrap().is.chars().count(), 10_000);
    assert_eq!(found.drag_mode, None);
}
