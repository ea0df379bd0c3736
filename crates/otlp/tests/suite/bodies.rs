//! What bodies of JSON may look like.

use otlp::{Encoding, Fault, OBJECTS_MAX, Request, SPANS_MAX, Signal, read};
use serde_json::{Value, json};

use crate::made::{self, request, span, traces};

fn json_of(signal: Signal, text: &str) -> Result<Request, Fault> {
    read(signal, Encoding::Json, text.as_bytes())
}

#[test]
fn the_specifications_own_examples_are_read() {
    let trace = include_str!("../fixtures/specification/trace.json");
    let Request::Traces(read) = json_of(Signal::Traces, trace).unwrap() else {
        panic!("no traces");
    };
    let span = &read.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!(span.name, "I'm a server span");
    assert_eq!((span.trace_id.len(), span.span_id[0], span.kind), (16, 0xee, 2));
    assert_eq!(span.end_time_unix_nano, 1_544_712_661_000_000_000);
    // The specification: unknown fields are ignored.
    let mut unknown: Value = serde_json::from_str(trace).unwrap();
    add_unknown(&mut unknown);
    assert_eq!(request(Signal::Traces, &unknown), Request::Traces(read));

    let logs = include_str!("../fixtures/specification/logs.json");
    let Request::Logs(read) = json_of(Signal::Logs, logs).unwrap() else {
        panic!("no logs");
    };
    let record = &read.resource_logs[0].scope_logs[0].log_records[0];
    assert_eq!((record.severity_number, record.attributes.len()), (10, 6));
    let mut unknown: Value = serde_json::from_str(logs).unwrap();
    add_unknown(&mut unknown);
    assert_eq!(request(Signal::Logs, &unknown), Request::Logs(read));
}

/// Adds a member that nobody knows to every object.
fn add_unknown(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(add_unknown);
            members.insert("aNewField".to_owned(), json!({"deep": [1, {"er": null}]}));
        }
        Value::Array(items) => items.iter_mut().for_each(add_unknown),
        _ => {}
    }
}

#[test]
fn each_value_may_come_in_each_of_its_forms() {
    let plain = span(&json!({"a": 7}), &json!({}));
    let expected = request(Signal::Traces, &traces(&json!({}), std::slice::from_ref(&plain)));
    for (member, forms) in [
        ("traceId", vec![json!("4BF92F3577B34DA6A3CE929D0E0E4736")]),
        (
            "startTimeUnixNano",
            vec![json!(1_800_000_000_000_000_000_u64), json!(1.8e18)],
        ),
        ("kind", vec![json!("1"), json!(1.0)]),
        ("events", vec![Value::Null, json!({}), json!([])]),
        ("status", vec![Value::Null]),
        ("traceState", vec![Value::Null, json!({}), json!("")]),
        ("droppedAttributesCount", vec![Value::Null, json!({}), json!("0")]),
        (
            "attributes",
            vec![
                json!([{"key": "a", "value": {"intValue": 7}}]),
                json!([{"key": "a", "value": {"stringValue": null, "intValue": "7", "other": {}}}]),
            ],
        ),
    ] {
        for form in forms {
            let mut other = plain.clone();
            other[member] = form.clone();
            let found = request(Signal::Traces, &traces(&json!({}), &[other]));
            assert_eq!(found, expected, "{member} as {form}");
        }
    }
    for value in [json!(null), json!({}), json!({"unknown": 1})] {
        let attribute = json!({"attributes": [{"key": "a", "value": value}]});
        let read = request(
            Signal::Traces,
            &traces(&json!({}), &[span(&json!({}), &attribute)]),
        );
        let Request::Traces(read) = read else {
            panic!("no traces")
        };
        let pair = &read.resource_spans[0].scope_spans[0].spans[0].attributes[0];
        assert!(
            pair.value.as_ref().is_none_or(|value| value.value.is_none()),
            "{value}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_refused_and_says_where() {
    for (member, wrong) in [
        ("traceId", json!("xyz")),
        ("traceId", json!(7)),
        ("spanId", json!("abc")),
        ("startTimeUnixNano", json!(-1)),
        ("startTimeUnixNano", json!("soon")),
        ("startTimeUnixNano", json!(1.5)),
        ("kind", json!("SPAN_KIND_CLIENT")),
        ("name", json!({"a": 1})),
        ("attributes", json!("a")),
        ("attributes", json!([7])),
        ("attributes", json!([{"key": "a", "value": {"bytesValue": "*"}}])),
        ("status", json!([])),
    ] {
        let body = traces(&json!({}), &[span(&json!({}), &json!({member: wrong}))]);
        let Err(Fault::Malformed(why)) = json_of(Signal::Traces, &body.to_string()) else {
            panic!("{member} as {wrong} is read");
        };
        assert!(why.contains("line 1 column"), "{why}");
    }
    for text in ["", "null]", "[]", "7", "{", "\u{feff}{}"] {
        assert!(
            matches!(json_of(Signal::Traces, text), Err(Fault::Malformed(_))),
            "{text}"
        );
    }
    assert!(json_of(Signal::Traces, "{}").is_ok());
}

#[test]
fn a_known_member_stands_once() {
    let body = |span: &str| format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{span}}}]}}]}}]}}"#);
    for (span, name) in [
        (r#""traceId":"01","traceId":"02""#, "traceId"),
        (r#""name":"a","kind":3,"\u006eame":"a""#, "name"),
        (r#""status":null,"status":{}"#, "status"),
        (
            r#""attributes":[{"key":"k","value":{"stringValue":"a","stringValue":"b"}}]"#,
            "stringValue",
        ),
    ] {
        let Err(Fault::Malformed(why)) = json_of(Signal::Traces, &body(span)) else {
            panic!("taken: {span}");
        };
        assert!(why.contains(&format!("{name} is given twice")), "{why}");
    }
    let twice = r#""name":"a","nobodyKnows":1,"nobodyKnows":2"#;
    assert!(json_of(Signal::Traces, &body(twice)).is_ok());
    let whole = r#"{"resourceSpans":[],"resourceSpans":[]}"#;
    assert!(json_of(Signal::Traces, whole).is_err());
}

#[test]
fn a_body_of_another_signal_is_named() {
    let (of_traces, of_logs) = (
        traces(&json!({}), &[span(&json!({}), &json!({}))]),
        made::logs(&[json!({})]),
    );
    for (signal, body, other) in [
        (Signal::Traces, &of_logs, "/otlp/v1/logs"),
        (Signal::Logs, &of_traces, "/otlp/v1/traces"),
        (Signal::Metrics, &of_traces, "/otlp/v1/traces"),
    ] {
        let Err(Fault::Malformed(why)) = json_of(signal, &body.to_string()) else {
            panic!("it was read");
        };
        assert!(why.contains(other), "{why}");
    }
}

#[test]
fn bounds_at_their_edges() {
    for (count, good) in [(SPANS_MAX, true), (SPANS_MAX + 1, false)] {
        let body = traces(&json!({}), &vec![json!({}); count]).to_string();
        let read = json_of(Signal::Traces, &body);
        let large = matches!(read, Err(Fault::TooLarge(_)));
        assert_eq!((read.is_ok(), large), (good, !good), "{count}");
    }
    // What is null is one, and takes as much memory; and lists of lists are counted together.
    let nulls =
        |count: usize| json!({"resourceSpans": [{"scopeSpans": [{"spans": vec![Value::Null; count]}]}]});
    assert!(json_of(Signal::Traces, &nulls(SPANS_MAX).to_string()).is_ok());
    let lists = json!({"resourceLogs": vec![made::logs(&vec![json!({}); SPANS_MAX / 2])["resourceLogs"][0].clone(); 3]});
    for (signal, body) in [
        (Signal::Traces, nulls(OBJECTS_MAX)),
        (Signal::Traces, nulls(SPANS_MAX + 1)),
        (Signal::Logs, lists),
    ] {
        assert!(matches!(
            json_of(signal, &body.to_string()),
            Err(Fault::TooLarge(_))
        ));
    }
    // Body, resource, its own, scope and span; and two for each attribute.
    let attributes = vec![json!({"value": {}}); OBJECTS_MAX / 2 - 2];
    for (count, good) in [(attributes.len() - 1, true), (attributes.len(), false)] {
        let attributes = json!({"attributes": attributes[..count]});
        let body = traces(&json!({}), &[span(&json!({}), &attributes)]).to_string();
        assert_eq!(json_of(Signal::Traces, &body).is_ok(), good, "{count}");
    }
    for (depth, good) in [(30, true), (200, false), (100_000, false)] {
        let value = r#"{"arrayValue":{"values":["#.repeat(depth) + &"]}}".repeat(depth);
        let body = format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"attributes":[{{"key":"a","value":{value}}}]}}]}}]}}]}}"#
        );
        assert_eq!(json_of(Signal::Traces, &body).is_ok(), good, "{depth}");
    }
}

#[test]
fn data_points_are_counted() {
    let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "a", "gauge": {"dataPoints": [{}, {}]}}, {"sum": {"dataPoints": [{}]}}, {"summary": null},
    ]}]}]});
    assert_eq!(request(Signal::Metrics, &metrics), Request::Metrics(3));
}
