//! Input that is wrong, with the answer that names it; nothing of it is written.

use axum::body::Body;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::api::{Api, BOTH};

const PATH: &str = "/v1/audit/entries";

fn with(name: &str, value: &Value) -> String {
    let mut event =
        json!({"actor": {"kind": "user", "id": "u"}, "action": "a.b", "target": {"kind": "t", "id": "1"}});
    match name.split_once('.') {
        Some((outer, inner)) => event[outer][inner] = value.clone(),
        None => event[name] = value.clone(),
    }
    event.to_string()
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inner, _| json!({"n": inner}))
}

/// Body, status, code, field.
type Case = (Bytes, u16, &'static str, Option<String>);

fn malformed() -> Vec<Case> {
    let bodies: [&[u8]; 14] = [
        b"",
        b" ",
        b"{",
        b"[",
        b"[{",
        b"nonsense",
        b"{\"actor\":{\"kind\":\"user\"},\"action\":\"a\"",
        b"{\"actor\":{\"kind\":\"user\"},\"action\":\"a\"} x",
        b"{\"actor\":{\"kind\":\"user\"},\"action\":\"a\",}",
        b"{'actor':1}",
        b"{\"actor\":{\"kind\":\"user\"},\"action\":\"\xff\"}",
        b"{\"actor\":{\"kind\":\"user\"},\"action\":\"\\ud800\"}",
        b"{\"actor\":{\"kind\":\"user\"},\"action\":\"a\x01\"}",
        b"\xef\xbb\xbf{\"actor\":{\"kind\":\"user\"},\"action\":\"a\"}",
    ];
    bodies
        .into_iter()
        .map(|body| (Bytes::from_static(body), 400, "malformed_json", None))
        .collect()
}

fn of_the_wrong_shape() -> Vec<Case> {
    let duplicate = r#"{"actor":{"kind":"user"},"action":"a","action":"b"}"#.to_owned();
    let inner = r#"{"actor":{"kind":"user"},"action":"a","details":{"x":{"y":1,"y":2}}}"#.to_owned();
    let cases: Vec<(String, Option<&str>)> = vec![
        ("null".into(), None),
        ("7".into(), None),
        ("\"text\"".into(), None),
        ("{}".into(), Some("actor")),
        (r#"{"actor":{"kind":"user"}}"#.into(), Some("action")),
        (r#"{"actor":{},"action":"a"}"#.into(), Some("actor.kind")),
        ("[7]".into(), Some("[0]")),
        (
            r#"[{"actor":{"kind":"user"},"action":"a"},{"actor":{"kind":"x"},"action":"a"}]"#.into(),
            Some("[1].actor.kind"),
        ),
        (
            r#"[{"actor":{"kind":"user"},"action":"a"},{"actor":{"kind":"user"}}]"#.into(),
            Some("[1].action"),
        ),
        (
            r#"[{"actor":{"kind":"user"},"action":7}]"#.into(),
            Some("[0].action"),
        ),
        (with("unknown", &json!(1)), Some("unknown")),
        (with("actor.unknown", &json!(1)), Some("actor.unknown")),
        (with("actor", &json!("anna")), Some("actor")),
        (with("actor", &json!(null)), Some("actor")),
        (with("actor", &json!(["user", "u"])), Some("actor")),
        (with("target", &json!(["t", "1"])), Some("target")),
        (with("aim", &json!([])), Some("aim")),
        (r#"[[{"kind":"user"},"a"]]"#.into(), Some("[0]")),
        (with("actor.kind", &json!("robot")), Some("actor.kind")),
        (with("actor.kind", &json!(1)), Some("actor.kind")),
        (with("actor.id", &json!(7)), Some("actor.id")),
        (with("action", &json!(["a"])), Some("action")),
        (with("outcome", &json!("maybe")), Some("outcome")),
        (with("drag_mode", &json!("DRAFT")), Some("drag_mode")),
        (with("id", &json!("4711")), Some("id")),
        (with("details", &json!([1])), Some("details")),
        (with("details", &json!("x")), Some("details")),
        (with("aim.input", &json!(3)), Some("aim.input")),
        (with("occurred_at", &json!("yesterday")), Some("occurred_at")),
        (with("occurred_at", &json!(1_795_250_000)), Some("occurred_at")),
        (
            with("occurred_at", &json!("2026-02-30T00:00:00Z")),
            Some("occurred_at"),
        ),
        (
            with("occurred_at", &json!("2026-11-21T08:30:00")),
            Some("occurred_at"),
        ),
        (
            with("occurred_at", &json!("99999-01-01T00:00:00Z")),
            Some("occurred_at"),
        ),
        (duplicate, Some("action")),
        (inner, Some("details.x")),
        (with("details", &nested(33)), Some("details.n.n")),
        (
            r#"{"actor":{"kind":"user"},"action":"a","details":{"n":9007199254740993}}"#.into(),
            Some("details.n"),
        ),
    ];
    cases
        .into_iter()
        .map(|(body, field)| (body.into(), 400, "invalid_field", field.map(str::to_owned)))
        .collect()
}

fn out_of_bounds() -> Vec<Case> {
    let long = |length: usize| json!("x".repeat(length));
    let cases = [
        ("action", json!("")),
        ("action", long(129)),
        ("action", json!("a b")),
        ("action", json!("ä")),
        ("action", json!("a\u{0}")),
        ("actor.id", json!("")),
        ("actor.id", long(1_025)),
        ("actor.id", json!("a\u{0}b")),
        ("actor.name", long(257)),
        ("actor.on_behalf_of", long(1_025)),
        ("target.kind", long(65)),
        ("target.kind", json!("")),
        ("target.id", long(1_025)),
        ("target.id", json!("\u{0}")),
        ("description", long(10_001)),
        ("description", json!("")),
        ("user_agent", long(10_001)),
        ("session_id", long(257)),
        ("aim.actor", long(257)),
        ("aim.mission", long(10_001)),
        ("ip", json!("256.0.0.1")),
        ("ip", json!("localhost")),
        ("trace_id", json!("4BF92F3577B34DA6A3CE929D0E0E4736")),
        ("trace_id", json!("00000000000000000000000000000000")),
        ("trace_id", json!("abc")),
        ("id", json!("00000000-0000-0000-0000-000000000000")),
        ("id", json!("ffffffff-ffff-ffff-ffff-ffffffffffff")),
        ("occurred_at", json!("1969-12-31T23:59:59Z")),
        // With its quotes and name 262,145 bytes of canonical JSON.
        ("details", json!({"d": "x".repeat(262_145 - 8)})),
        ("aim.input", json!({"d": "x".repeat(262_145 - 8)})),
    ];
    let single = cases.iter().map(|(name, value)| {
        (
            with(name, value).into(),
            400,
            "invalid_field",
            Some((*name).to_owned()),
        )
    });
    let good = with("action", &json!("a"));
    let listed = cases.iter().map(|(name, value)| {
        let body = format!("[{good},{}]", with(name, value));
        (body.into(), 400, "invalid_field", Some(format!("[1].{name}")))
    });
    single.chain(listed).collect()
}

fn too_many() -> Vec<Case> {
    let list = |count: usize| format!("[{}]", vec![with("action", &json!("a")); count].join(","));
    vec![
        ("[]".into(), 400, "too_many_entries", Some("[0]".into())),
        (" [ ] ".into(), 400, "too_many_entries", Some("[0]".into())),
        (list(1_001).into(), 400, "too_many_entries", Some("[1000]".into())),
        (
            vec![b' '; 8 * 1024 * 1024 + 1].into(),
            413,
            "body_too_large",
            None,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_named_and_nothing_is_written() {
    for on in BOTH {
        let api = Api::new(on).await;
        let size = api.size().await;
        for (body, status, code, field) in
            [malformed(), of_the_wrong_shape(), out_of_bounds(), too_many()].concat()
        {
            let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
            let got = api.post(PATH, body).await;
            let (got_status, got_code, got_field) = got.problem();
            // How deep the path of something deeply nested goes is not the point.
            let same_field = match (&got_field, &field) {
                (Some(got), Some(field)) if field == "details.n.n" => got.starts_with(field),
                (got, field) => got == field,
            };
            assert!(
                (got_status, got_code.as_str()) == (status, code) && same_field,
                "{shown}: {}",
                got.text()
            );
            if code == "malformed_json" {
                assert!(
                    got.json()["line"].is_u64() && got.json()["column"].is_u64(),
                    "{}",
                    got.text()
                );
            }
        }
        assert_eq!(api.size().await, size, "{on:?}: nothing was written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nesting_beyond_what_the_parser_takes_is_refused() {
    let api = Api::new(crate::api::On::Sqlite).await;
    let size = api.size().await;
    let body = format!(
        r#"{{"actor":{{"kind":"user"}},"action":"a","details":{{"x":{}"#,
        "[".repeat(1_000_000)
    );
    api.post(PATH, body)
        .await
        .assert_problem(400, "malformed_json", None);
    let body = format!(
        r#"{{"actor":{{"kind":"user"}},"action":"a","details":{{"x":{}{}}}}}"#,
        "[".repeat(1_000_000),
        "]".repeat(1_000_000)
    );
    let (status, code, field) = api.post(PATH, body).await.problem();
    assert_eq!((status, code.as_str()), (400, "invalid_field"));
    assert!(field.is_some_and(|field| field.starts_with("details.x[0][0]")));
    let body = format!(
        r#"{{"actor":{{"kind":"user"}},"action":"a","unknown":{}"#,
        "[".repeat(1_000_000)
    );
    api.post(PATH, body)
        .await
        .assert_problem(400, "invalid_field", Some("unknown"));
    assert_eq!(api.size().await, size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_just_within_its_bounds_is_taken() {
    for on in BOTH {
        let api = Api::new(on).await;
        let long = |length: usize| json!("é".repeat(length));
        let ascii = |length: usize| json!("x".repeat(length));
        for (name, value) in [
            ("action", ascii(128)),
            ("actor.id", long(1_024)),
            ("actor.name", long(256)),
            ("actor.on_behalf_of", long(1_024)),
            ("target.kind", ascii(64)),
            ("target.id", long(1_024)),
            ("description", long(10_000)),
            ("user_agent", long(10_000)),
            ("session_id", long(256)),
            ("aim.mission", long(10_000)),
            ("details", nested(32)),
            ("details", json!({"d": "x".repeat(262_144 - 8)})),
            ("occurred_at", json!("1970-01-01T00:00:00Z")),
            (
                "details",
                json!({"nul": "\u{0}", "big": 9_007_199_254_740_991_u64}),
            ),
        ] {
            let got = api.post(PATH, with(name, &value)).await;
            assert_eq!(got.status, 201, "{on:?} {name}: {}", got.text());
        }
        let mut body = with("action", &json!("padded")).into_bytes();
        body.resize(8 * 1024 * 1024, b' ');
        assert_eq!(api.post(PATH, body).await.status, 201, "a body of exactly 8 MiB");
    }
}

/// Only the Writer's clock can tell, so that this refusal is one of a command, and recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_too_far_ahead_is_refused_and_recorded() {
    for on in BOTH {
        let api = Api::new(on).await;
        let size = api.size().await;
        let got = api
            .post(PATH, with("occurred_at", &json!("2999-12-31T23:59:59Z")))
            .await;
        got.assert_problem(400, "invalid_field", Some("occurred_at"));
        assert_eq!(got.json()["entry"], size);
        let entry = api.get(&format!("{PATH}/{size}")).await.json();
        assert_eq!(
            (&entry["outcome"], &entry["details"]["field"]),
            (&json!("failed"), &json!("occurred_at"))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_body_must_say_that_it_is_json() {
    let api = Api::new(crate::api::On::Sqlite).await;
    let good = with("action", &json!("a"));
    let send = async |content_type: Option<&str>, encoding: Option<&str>| {
        let mut request = api.request("POST", PATH);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        api.send(request.body(Body::from(good.clone())).unwrap()).await
    };
    for content_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonl"),
    ] {
        send(content_type, None)
            .await
            .assert_problem(415, "unsupported_media_type", None);
    }
    send(Some("application/json"), Some("gzip"))
        .await
        .assert_problem(415, "unsupported_encoding", None);
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(send(Some(content_type), None).await.status, 201);
    }
}

/// A chunked body does not say its length, so that it is counted as it comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_unknown_length_is_bounded_too() {
    let api = Api::new(crate::api::On::Sqlite).await;
    let pieces = (0..9).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1024 * 1024])));
    let request = api
        .request("POST", PATH)
        .header("content-type", "application/json");
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    api.send(request.body(body).unwrap())
        .await
        .assert_problem(413, "body_too_large", None);

    let good = with("action", &json!("in.pieces"));
    let pieces: Vec<_> = good
        .bytes()
        .map(|byte| Ok::<_, std::io::Error>(Bytes::from(vec![byte])))
        .collect();
    let request = api
        .request("POST", PATH)
        .header("content-type", "application/json");
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(api.send(request.body(body).unwrap()).await.status, 201);
}
