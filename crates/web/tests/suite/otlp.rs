//! What OpenTelemetry's exporters send, and what they are answered.

use std::io::Write;

use axum::body::Body;
use domain::identity::{Role, Scope};
use engine::IdentityOptions;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use otlp::Signal;
use prost::Message;
use serde_json::{Value, json};
use web::Settings;

use crate::api::{Api, BOTH, Got, On};

const PATHS: [(Signal, &str); 3] = [
    (Signal::Traces, "/otlp/v1/traces"),
    (Signal::Logs, "/otlp/v1/logs"),
    (Signal::Metrics, "/otlp/v1/metrics"),
];
const TRACES: &str = PATHS[0].1;
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// A span that asked a model, and the root of its trace.
fn span(trace: u8, more: &Value) -> Value {
    let mut span = json!({
        "traceId": format!("{trace:032x}"), "spanId": "00f067aa0ba902b7", "name": "chat m",
        "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000",
        "attributes": [attribute("gen_ai.operation.name", "chat"), attribute("gen_ai.request.model", "m-1")],
    });
    span.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    span
}

fn traces(spans: &[Value]) -> Value {
    json!({"resourceSpans": [{"resource": {"attributes": [attribute("service.name", "shop")]}, "scopeSpans": [{"spans": spans}]}]})
}

fn logs(trace: u8) -> Value {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{
        "traceId": format!("{trace:032x}"), "spanId": "00f067aa0ba902b7", "timeUnixNano": "1790000000500000000",
        "eventName": "gen_ai.choice", "body": {"stringValue": "Bob"},
    }]}]}]})
}

/// The same body in protobuf.
fn protobuf(signal: Signal, body: &Value) -> Vec<u8> {
    match otlp::read(signal, otlp::Encoding::Json, body.to_string().as_bytes()).unwrap() {
        otlp::Request::Traces(request) => request.encode_to_vec(),
        otlp::Request::Logs(request) => request.encode_to_vec(),
        otlp::Request::Metrics(_) => Vec::new(),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

async fn sent(api: &Api, key: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Got {
    let mut request = Request::post(path);
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    api.send(request.body(Body::from(body)).unwrap()).await
}

/// Code and message of a `google.rpc.Status`.
fn status(got: &Got) -> (i64, String) {
    if got.header("content-type") == JSON {
        let body = got.json();
        return (
            body["code"].as_i64().unwrap(),
            body["message"].as_str().unwrap().to_owned(),
        );
    }
    assert_eq!(got.header("content-type"), PROTOBUF);
    let [0x08, code, 0x12, rest @ ..] = &got.body[..] else {
        panic!("{:?}", got.body);
    };
    let mut rest = rest;
    let length = prost::encoding::decode_varint(&mut rest).unwrap();
    assert_eq!(length, rest.len() as u64);
    (i64::from(*code), String::from_utf8(rest.to_vec()).unwrap())
}

/// The steps of an execution.
async fn steps_of(api: &Api, key: &str, execution: &Value) -> Vec<Value> {
    let path = format!("/v1/steps?execution={}", execution.as_str().unwrap());
    let found = api.call_as(key, "GET", &path, &Value::Null).await.json();
    found["steps"].as_array().unwrap().clone()
}

/// The key of a user who keeps their own.
async fn key_of(api: &Api, name: &str, role: Role) -> String {
    api.new_user(name, role).await;
    api.new_key(name, &[Scope::Workflows, Scope::Read]).await.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_signal_in_each_encoding_packed_or_not() {
    for on in BOTH {
        let api = Api::new(on).await;
        let key = key_of(&api, "ann", Role::USER).await;
        let (mut trace, mut last) = (0, Value::Null);
        for packed in [false, true] {
            for media in [JSON, PROTOBUF, "application/json; charset=utf-8"] {
                trace += 1;
                for (signal, body) in [
                    (Signal::Logs, logs(trace)),
                    (Signal::Traces, traces(&[span(trace, &json!({}))])),
                ] {
                    let path = format!("/otlp/v1/{}", signal.as_str());
                    let plain = if media == PROTOBUF {
                        protobuf(signal, &body)
                    } else {
                        body.to_string().into_bytes()
                    };
                    let encoding = if packed { "gzip" } else { "identity" };
                    let body = if packed { gzip(&plain) } else { plain };
                    let headers = [("content-type", media), ("content-encoding", encoding)];
                    let got = sent(&api, &key, &path, &headers, body).await;
                    assert_eq!(got.status, 200, "{media} {packed}: {:?}", got.body);
                    let empty: &[u8] = if media == PROTOBUF { b"" } else { b"{}" };
                    assert_eq!(&got.body[..], empty);
                    assert_eq!(got.header("content-type"), media.split(';').next().unwrap());
                }
                let path = format!("/v1/executions?trace_id={trace:032x}");
                let found = api.call_as(&key, "GET", &path, &Value::Null).await.json();
                let execution = &found["executions"][0];
                assert_eq!(execution["status"], "completed");
                assert_eq!(
                    (&execution["workflow"], &execution["step_count"]),
                    (&json!("shop"), &json!(2))
                );
                assert_eq!(execution["duration_ms"], 1_000);
                last = execution["id"].clone();
            }
        }
        let steps = steps_of(&api, &key, &last).await;
        let model = steps.iter().find(|step| step["kind"] == "model");
        assert_eq!(model.unwrap()["request_model"], "m-1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_is_no_second_step_and_what_differs_is_named() {
    for on in BOTH {
        let api = Api::new(on).await;
        let key = key_of(&api, "ann", Role::USER).await;
        let json = [("content-type", JSON)];
        let first = traces(&[span(1, &json!({}))]).to_string();
        for _ in 0..2 {
            let got = sent(&api, &key, TRACES, &json, first.clone().into_bytes()).await;
            assert_eq!((got.status.as_u16(), got.text()), (200, "{}"));
        }
        let size = api.size().await;
        let other = span(
            1,
            &json!({"attributes": [attribute("gen_ai.operation.name", "embeddings")]}),
        );
        let bad = span(2, &json!({"spanId": "0000000000000000"}));
        let body = traces(&[other, bad]).to_string();
        let got = sent(&api, &key, TRACES, &json, body.into_bytes()).await;
        assert_eq!(got.status, 200);
        let partial = got.json()["partialSuccess"].clone();
        assert_eq!(partial["rejectedSpans"], "2");
        let message = partial["errorMessage"].as_str().unwrap();
        assert!(
            message.contains("span 0000000000000000: its span id is all zero"),
            "{message}"
        );
        assert!(message.contains("span 00f067aa0ba902b7: name: step"), "{message}");
        assert_eq!(api.size().await, size, "nothing was to be written");
        let metrics = api.get("/metrics").await;
        for line in [
            r#"probity_otlp_items_total{signal="traces",became="step"} 1"#,
            r#"probity_otlp_items_total{signal="traces",became="again"} 1"#,
            r#"probity_otlp_items_total{signal="traces",became="rejected"} 2"#,
            r#"probity_otlp_rejected_total{reason="malformed_id"} 1"#,
            r#"probity_otlp_rejected_total{reason="id_conflict"} 1"#,
        ] {
            assert!(metrics.text().lines().any(|found| found == line), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_is_too_large_keeps_its_commitment_and_is_warned_of() {
    let api = Api::new(On::Sqlite).await;
    let key = key_of(&api, "ann", Role::USER).await;
    let large = "x".repeat(300_000);
    let body = traces(&[span(
        1,
        &json!({"attributes": [attribute("tool.name", "t"), attribute("output.value", &large)]}),
    )]);
    let got = sent(
        &api,
        &key,
        TRACES,
        &[("content-type", JSON)],
        body.to_string().into_bytes(),
    )
    .await;
    let partial = got.json()["partialSuccess"].clone();
    assert_eq!(partial["rejectedSpans"], "0");
    assert!(
        partial["errorMessage"]
            .as_str()
            .unwrap()
            .contains("only their commitments are kept")
    );
    let found = api.call_as(&key, "GET", "/v1/executions", &Value::Null).await;
    let steps = steps_of(&api, &key, &found.json()["executions"][0]["id"]).await;
    let path = format!("/v1/steps/{}", steps[0]["id"].as_str().unwrap());
    let step = api.call_as(&key, "GET", &path, &Value::Null).await.json();
    assert_eq!(step["output"], Value::Null);
    let check = json!({ "output": large });
    let held = api.call_as(&key, "POST", &format!("{path}/check"), &check).await;
    assert_eq!(held.json()["output"], true, "{}", held.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_metrics_all_points_are_rejected_and_it_says_why() {
    let api = Api::new(On::Sqlite).await;
    let key = key_of(&api, "ann", Role::USER).await;
    let body =
        json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"gauge": {"dataPoints": [{}, {}]}}]}]}]});
    let path = PATHS[2].1;
    let got = sent(
        &api,
        &key,
        path,
        &[("content-type", JSON)],
        body.to_string().into_bytes(),
    )
    .await;
    assert_eq!(got.status, 200);
    let partial = got.json()["partialSuccess"].clone();
    assert_eq!(partial["rejectedDataPoints"], "2");
    assert!(
        partial["errorMessage"]
            .as_str()
            .unwrap()
            .contains("OTEL_METRICS_EXPORTER=none")
    );
    let got = sent(&api, &key, path, &[("content-type", JSON)], b"{}".to_vec()).await;
    assert_eq!((got.status.as_u16(), got.text()), (200, "{}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_error_is_a_status_in_the_encoding_of_the_request() {
    let identity = IdentityOptions {
        key_requests_per_minute: 0,
        ..IdentityOptions::default()
    };
    let api = Api::identity(On::Sqlite, identity).await;
    let (ann, vic) = (
        key_of(&api, "ann", Role::USER).await,
        key_of(&api, "vic", Role::VIEWER).await,
    );
    let many = vec![span(1, &json!({})); 20_001];
    for (media, garbage) in [(JSON, &b"{"[..]), (PROTOBUF, &b"\xff"[..])] {
        let encoded = |signal, body: &Value| {
            if media == JSON {
                body.to_string().into_bytes()
            } else {
                protobuf(signal, body)
            }
        };
        let one = encoded(Signal::Traces, &traces(&[span(1, &json!({}))]));
        let of_logs = encoded(Signal::Logs, &logs(1));
        let many = match media {
            JSON => traces(&many).to_string().into_bytes(),
            // As many as are read from JSON, twice: a request is the sum of its parts.
            _ => encoded(Signal::Traces, &traces(&many[..10_001])).repeat(2),
        };
        let plain = [("content-type", media)];
        let packed = [("content-type", media), ("content-encoding", "gzip")];
        let unknown = [("content-type", media), ("content-encoding", "br")];
        for (key, headers, body, expected, code, word) in [
            (&*ann, &plain[..], garbage.to_vec(), 400, 3, "malformed_otlp"),
            (&*ann, &plain[..], of_logs, 400, 3, "/otlp/v1/logs"),
            (&*ann, &packed[..], one.clone(), 400, 3, "gzip"),
            ("", &plain[..], one.clone(), 401, 16, "no_credential"),
            ("prb_x", &plain[..], one.clone(), 401, 16, "malformed_token"),
            (&*vic, &plain[..], one.clone(), 403, 7, "permission_missing"),
            (&*ann, &plain[..], many, 413, 3, "20000 spans"),
            (&*ann, &unknown[..], one.clone(), 415, 3, "Content-Encoding"),
        ] {
            let got = sent(&api, key, TRACES, headers, body).await;
            assert_eq!(got.status, expected, "{media} {word}: {:?}", got.body);
            assert_eq!(got.header("content-type"), media, "{word}");
            let (said, message) = status(&got);
            assert_eq!(said, code, "{message}");
            assert!(message.contains(word), "{message}");
        }
        // Who may not send may not send nothing either.
        for (_, path) in PATHS {
            assert_eq!(sent(&api, &vic, path, &plain, Vec::new()).await.status, 403);
        }
    }
    let text = [("content-type", "text/plain")];
    let got = sent(&api, &ann, TRACES, &text, b"{}".to_vec()).await;
    assert_eq!((got.status.as_u16(), got.header("content-type")), (415, JSON));
    let got = sent(&api, &ann, TRACES, &[("content-type", PROTOBUF)], Vec::new()).await;
    assert_eq!((got.status.as_u16(), got.body.len()), (200, 0));
    let got = api.get(TRACES).await;
    assert_eq!((got.status.as_u16(), got.header("allow")), (405, "POST"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_that_is_used_up_says_to_come_back_in_a_second() {
    let identity = IdentityOptions {
        key_requests_per_minute: 1,
        ..IdentityOptions::default()
    };
    let api = Api::standing(On::Sqlite, identity).await;
    let key = key_of(&api, "ann", Role::USER).await;
    let json = [("content-type", JSON)];
    assert_eq!(sent(&api, &key, TRACES, &json, b"{}".to_vec()).await.status, 200);
    let got = sent(&api, &key, TRACES, &json, b"{}".to_vec()).await;
    assert_eq!((got.status.as_u16(), got.header("retry-after")), (429, "1"));
    assert_eq!(status(&got).0, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bombs_and_large_bodies_are_refused_within_the_bound() {
    let settings = Settings {
        otlp_body_bytes_max: 100_000,
        ..Settings::default()
    };
    let api = Api::with(On::Sqlite, settings).await;
    let key = key_of(&api, "ann", Role::USER).await;
    let packed = [("content-type", JSON), ("content-encoding", "gzip")];
    let body = |length: usize| {
        let mut body = traces(&[span(1, &json!({}))]).to_string().into_bytes();
        body.resize(length, b' ');
        body
    };
    for (headers, body, expected) in [
        (&packed[..1], body(100_000), 200),
        (&packed[..1], body(100_001), 413),
        (&packed[..], gzip(&body(100_000)), 200),
        (&packed[..], gzip(&body(100_001)), 413),
        // A gigabyte from one megabyte.
        (&packed[..], gzip(&vec![b' '; 1 << 20]).repeat(1_024), 413),
    ] {
        let got = sent(&api, &key, TRACES, headers, body).await;
        assert_eq!(got.status, expected, "{:?}", got.body);
        if expected == 413 {
            assert!(status(&got).1.contains("100000 bytes"), "{:?}", got.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_for_which_there_is_no_room_comes_back() {
    // A body that never ends holds its room.
    let api = Api::new(On::Sqlite).await;
    let key = key_of(&api, "ann", Role::USER).await;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
    sender.send(vec![b' '; (64 << 20) - 4_096]).unwrap();
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async {
        let part = receiver.recv().await?;
        Some((Ok::<_, std::io::Error>(part), receiver))
    });
    let request = Request::post(TRACES)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", JSON)
        .body(Body::from_stream(stream))
        .unwrap();
    let first = api.send(request);
    let second = async {
        // Until the first has its room, an empty body is answered; then there is none left for more.
        let body = || traces(&vec![span(1, &json!({})); 20]).to_string().into_bytes();
        loop {
            let got = sent(&api, &key, TRACES, &[("content-type", JSON)], body()).await;
            if got.status != 200 {
                break got;
            }
        }
    };
    let closing = async {
        let got = second.await;
        drop(sender);
        got
    };
    let (first, second) = tokio::join!(first, closing);
    assert_eq!((second.status.as_u16(), second.header("retry-after")), (503, "1"));
    assert_eq!(status(&second).0, 14);
    assert_eq!(first.status, 400, "blanks are no body");
    let body = traces(&[span(1, &json!({}))]).to_string().into_bytes();
    assert_eq!(
        sent(&api, &key, TRACES, &[("content-type", JSON)], body)
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agents_key_is_who_acted() {
    for on in BOTH {
        let api = Api::new(on).await;
        let made = api
            .post("/v1/agents", r#"{"name":"triage","release":"2.1.0"}"#)
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        let key = json!({"name": "k", "agent": "triage", "scopes": ["workflows", "read"]});
        let key = api.post("/v1/api-keys", key.to_string()).await.json();
        let key = key["key"]
            .as_str()
            .or_else(|| key["token"].as_str())
            .unwrap()
            .to_owned();
        let said = json!({"attributes": [
            attribute("gen_ai.operation.name", "invoke_agent"), attribute("gen_ai.agent.name", "somebody"), attribute("user.id", "u-7"),
        ]});
        let body = traces(&[span(1, &said)]).to_string().into_bytes();
        let got = sent(&api, &key, TRACES, &[("content-type", JSON)], body).await;
        assert_eq!((got.status.as_u16(), got.text()), (200, "{}"));
        let found = api.get("/v1/executions").await.json();
        let execution = &found["executions"][0];
        assert_eq!(
            (&execution["agent"], &execution["agent_version"]),
            (&made.json()["id"], &json!("2.1.0"))
        );
        assert_eq!(
            execution["told"],
            json!({"agent_id": null, "agent_name": "somebody", "agent_version": null, "user": "u-7"})
        );
        let entry = api
            .get(&format!(
                "/v1/audit/entries?target={}&action=execution.observe",
                execution["id"].as_str().unwrap()
            ))
            .await
            .json();
        let entry = &entry["entries"][0];
        assert_eq!(
            (&entry["actor"]["kind"], &entry["actor"]["name"]),
            (&json!("agent"), &json!("triage"))
        );
        assert!(!entry.to_string().contains("u-7"));
    }
}
