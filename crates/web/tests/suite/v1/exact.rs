//! Numbers and times, on every way in: as they were written, or refused by name.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, BOTH, On};
use crate::custody::World;

/// Numbers that canonical JSON would make another of.
const INEXACT: [&str; 9] = [
    "18446744073709551617",
    "18446744073709551616",
    "9007199254740993",
    "-9007199254740993",
    "9007199254740993.0",
    "1e-400",
    "1E400",
    "1.00000000000000000001",
    "0.1000000000000000055511151231257827",
];

/// Numbers that stay what they are, and how they are given back.
const EXACT: [(&str, &str); 9] = [
    ("0.1", "0.1"),
    ("-0", "0"),
    ("-0.0", "0"),
    ("1.0", "1"),
    ("1E3", "1000"),
    ("9007199254740992", "9007199254740992"),
    ("9007199254740991.0", "9007199254740991"),
    ("5e-324", "5e-324"),
    ("100000000000000000000000", "1e23"),
];

/// Where JSON of a caller's own comes in: the path, the body around it, and the field.
const WAYS_IN: [(&str, &str, &str); 9] = [
    (
        "/v1/audit/entries",
        r#"{"actor":{"kind":"user"},"action":"a","details":@}"#,
        "details",
    ),
    (
        "/v1/audit/entries",
        r#"[{"actor":{"kind":"user"},"action":"a"},{"actor":{"kind":"user"},"action":"a","details":@}]"#,
        "[1].details",
    ),
    (
        "/v1/audit/entries",
        r#"{"actor":{"kind":"agent"},"action":"a","aim":{"input":@}}"#,
        "aim.input",
    ),
    (
        "/v1/activity",
        r#"{"type":"t","description":"d","details":@}"#,
        "details",
    ),
    (
        "/v1/approvals",
        r#"{"action":"deploy","arguments":@}"#,
        "arguments",
    ),
    (
        "/v1/approvals",
        r#"{"action":"operation.create","arguments":{"kind":"transfer","metadata":@}}"#,
        "arguments.metadata",
    ),
    (
        "/v1/operations",
        r#"{"kind":"transfer","metadata":@}"#,
        "metadata",
    ),
    (
        "/v1/operations",
        r#"[{"kind":"transfer"},{"kind":"transfer","metadata":@}]"#,
        "[1].metadata",
    ),
    (
        "/v1/approvals/01970000-0000-7000-8000-0000000000a1/use",
        r#"{"action":"deploy","arguments":@}"#,
        "arguments",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_are_not_exact_are_refused_by_name_on_every_way_in() {
    for on in BOTH {
        let api = Api::new(on).await;
        let size = api.size().await;
        let shapes = [
            (r#"{"n":#}"#, ".n"),
            (r#"{"m":1,"a":[0,{"b":"1e400","c":[[],[#]]}]}"#, ".a[1].c[1][0]"),
        ];
        for (path, body, field) in WAYS_IN {
            for (shape, inner) in shapes {
                for number in INEXACT {
                    let body = body.replace('@', &shape.replace('#', number));
                    let got = api.post(path, body.clone()).await;
                    got.assert_problem(400, "invalid_field", Some(&format!("{field}{inner}")));
                    let detail = got.json()["detail"].as_str().unwrap().to_owned();
                    assert!(
                        detail.contains(&format!("number {number} is not exact")),
                        "{body}: {detail}"
                    );
                }
            }
        }
        assert_eq!(api.size().await, size, "nothing is written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_are_exact_stay_what_they_are() {
    for on in BOTH {
        let api = Api::new(on).await;
        for (number, kept) in EXACT {
            let body = format!(r#"{{"actor":{{"kind":"user"}},"action":"a","details":{{"n":[{number}]}}}}"#);
            let got = api.post("/v1/audit/entries", body).await;
            assert_eq!(got.status, 201, "{number}: {}", got.text());
            let shown = api.get(got.header("location")).await;
            let expected = format!(r#""details":{{"n":[{kept}]}}"#).replace("1e23", "1e+23");
            assert!(shown.text().contains(&expected), "{number}: {}", shown.text());
        }
        let got = api
            .post(
                "/v1/approvals",
                r#"{"action":"deploy","arguments":{"n":[0.1,1.0,-0,1e3]}}"#,
            )
            .await;
        assert_eq!(got.status, 201, "{}", got.text());
        assert_eq!(got.json()["arguments"], json!({"n": [0.1, 1, 0, 1000]}));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_differ_in_a_number_alone_are_not_the_same() {
    for on in BOTH {
        let api = Api::new(on).await;
        let entry = |number: &str| {
            format!(
                r#"{{"id":"01970000-0000-7000-8000-0000000000e1","actor":{{"kind":"user"}},"action":"a","details":{{"n":{number}}}}}"#
            )
        };
        let path = "/v1/audit/entries";
        assert_eq!(api.post(path, entry("9007199254740992")).await.status, 201);
        let same = api.post(path, entry("9007199254740992.0")).await;
        assert_eq!(
            (same.status.as_u16(), &same.json()["replayed"]),
            (200, &json!(true))
        );
        for other in ["9007199254740993", "9007199254740993.0", "9007199254740992.1"] {
            let got = api.post(path, entry(other)).await;
            got.assert_problem(400, "invalid_field", Some("details.n"));
        }
        let got = api.post(path, entry("9007199254740994")).await;
        got.assert_problem(409, "id_conflict", Some("details"));
    }
}

/// What is no time, and the reason that is told.
const NO_TIMES: [(&str, &str); 12] = [
    ("2026-11-21T08:30:00+24:00", "an offset is at most 23:59"),
    (
        "2026-11-21T08:30:00+0530",
        "an offset has hours, a colon and minutes",
    ),
    ("2026-11-21T08:30:00,5Z", "a point, not a comma"),
    ("2026-11-21T10:00:60Z", "there was no leap second then"),
    ("2026-11-21T08:30:00", "must end with Z"),
    ("2026-02-30T08:30:00Z", "its month has no such day"),
    ("2026-13-30T08:30:00Z", "months are 01 to 12"),
    ("2026-11-21T24:00:00Z", "hours are 00 to 23"),
    ("2026-11-21T08:60:00Z", "minutes are 00 to 59"),
    ("2026-11-21T08:30:61Z", "seconds are 00 to 59"),
    ("9999-12-31T23:59:59-01:00", "between the years 0001 and 9999"),
    ("yesterday", "not an RFC 3339 time such as"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_time_is_refused_with_its_reason_on_every_way_in() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let bodies = [
            (
                "/v1/audit/entries",
                r#"{"actor":{"kind":"user"},"action":"a","occurred_at":"@"}"#,
                "occurred_at",
            ),
            (
                "/v1/activity",
                r#"{"type":"t","description":"d","timestamp":"@"}"#,
                "timestamp",
            ),
            (
                "/v1/operations",
                r#"{"kind":"transfer","expires_at":"@"}"#,
                "expires_at",
            ),
            (
                "/v1/approvals",
                r#"{"action":"a","arguments":{},"expires_at":"@"}"#,
                "expires_at",
            ),
            (
                "/v1/api-keys",
                r#"{"name":"k","scopes":["read"],"expires_at":"@"}"#,
                "expires_at",
            ),
        ];
        let balances = api.get("/v1/balances").await.json();
        let balance = balances["balances"][0]["id"].as_str().unwrap();
        let queries = [
            ("/v1/audit/entries".to_owned(), "from"),
            ("/v1/audit/entries".to_owned(), "to"),
            ("/v1/audit/export".to_owned(), "from"),
            ("/v1/operations/statistics".to_owned(), "to"),
            (format!("/v1/balances/{balance}"), "at"),
            (format!("/v1/balances/{balance}/statement"), "from"),
            ("/v1/kyc/tier".to_owned(), "at"),
        ];
        for (text, reason) in NO_TIMES {
            for (path, body, field) in bodies {
                let got = api.post(path, body.replace('@', text)).await;
                got.assert_problem(400, "invalid_field", Some(field));
                let detail = got.json()["detail"].as_str().unwrap().to_owned();
                assert!(detail.contains(reason), "{path} {text}: {detail}");
            }
            for (path, name) in &queries {
                let got = api
                    .get(&format!("{path}?{name}={}", text.replace('+', "%2B")))
                    .await;
                got.assert_problem(400, "invalid_field", Some(name));
                let detail = got.json()["detail"].as_str().unwrap().to_owned();
                assert!(detail.contains(reason), "{path} {text}: {detail}");
            }
        }
        let got = api.get("/v1/audit/entries?from=2026-11-21T08:30:00+02:00").await;
        assert!(got.text().contains("+ is written as %2B"), "{}", got.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_taken_in_every_spelling_of_rfc_3339() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        for (text, kept) in [
            ("2026-11-21t08:30:00z", "2026-11-21T08:30:00.000000Z"),
            (
                "2026-11-21T08:30:00.12345678901234567890Z",
                "2026-11-21T08:30:00.123456Z",
            ),
            ("2026-11-21T08:30:00.5+23:59", "2026-11-20T08:31:00.500000Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z"),
        ] {
            let body = json!({"actor": {"kind": "user"}, "action": "a", "occurred_at": text});
            let got = api.call("POST", "/v1/audit/entries", body).await;
            assert_eq!(got.status, 201, "{text}: {}", got.text());
            assert_eq!(
                api.get(got.header("location")).await.json()["occurred_at"],
                kept,
                "{text}"
            );
        }
        let end = "9999-12-31T23:59:59Z";
        let hold = json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": "user:ann",
            "credit": "user:bob", "pending": true, "expires_at": end});
        let made = api.call("POST", "/v1/operations", hold).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let shown = api.get(made.header("location")).await.json();
        assert_eq!(shown["expires_at"], "9999-12-31T23:59:59.000000Z");
        let all = api
            .get(&format!("/v1/audit/entries?to={end}&limit=1000"))
            .await
            .json();
        let none = api.get(&format!("/v1/audit/entries?from={end}")).await.json();
        assert_eq!(none["entries"], json!([]));
        assert_eq!(
            all["entries"].as_array().map(Vec::len),
            usize::try_from(api.size().await).ok()
        );
        let statistics = api
            .get(&format!(
                "/v1/operations/statistics?from=0001-01-01T00:00:00Z&to={end}"
            ))
            .await;
        assert_eq!(statistics.status, 200, "{}", statistics.text());
        let _: Value = statistics.json();
    }
}

/// Times the wrong way round are refused wherever there are two, and an id that is none has one text everywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_times_and_ids_are_told_alike_everywhere() {
    let world = World::new(On::Sqlite).await;
    let api = &world.api;
    let document = api.get("/openapi.json").await.json();
    let balances = api.get("/v1/balances").await.json();
    let balance = balances["balances"][0]["id"].as_str().unwrap();
    let times = "from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z";
    let mut asked = Vec::new();
    for (path, endpoint) in document["paths"].as_object().unwrap() {
        let parameters = endpoint["get"]["parameters"].as_array();
        let has = |name: &str| parameters.is_some_and(|all| all.iter().any(|one| one["name"] == name));
        if has("from") && has("to") && path != "/v1/audit/consistency" {
            let path = path.replace("{id}", balance);
            let got = api.get(&format!("{path}?{times}&name=m")).await;
            let got = match got.problem().1.as_str() {
                "unknown_parameter" => api.get(&format!("{path}?{times}")).await,
                _ => got,
            };
            got.assert_problem(400, "invalid_field", Some("from"));
            assert!(
                got.text().contains("must not be after `to`"),
                "{path}: {}",
                got.text()
            );
            asked.push(path);
        }
    }
    assert!(asked.len() >= 12, "{asked:?}");
    let must = domain::own_id::MUST;
    let execution = api
        .call("POST", "/v1/executions", json!({"workflow": "w"}))
        .await
        .json();
    let steps = format!("/v1/executions/{}/steps", execution["id"].as_str().unwrap());
    for id in [
        "x",
        "01970000-0000-7000-8000-0000000000a",
        &Uuid::nil().to_string(),
    ] {
        let start = json!({"workflow": "w", "conversation": id});
        let event = json!({"actor": {"kind": "system"}, "action": "a", "id": id});
        let step = json!({"steps": [{"kind": "tool", "name": "t", "id": id}]});
        for got in [
            api.get(&format!("/v1/executions/{id}")).await,
            api.get(&format!("/v1/executions?parent={id}")).await,
            api.call("POST", "/v1/executions", start).await,
            api.call("POST", "/v1/audit/entries", event).await,
            api.call("POST", &steps, step).await,
        ] {
            assert_eq!(got.problem().1, "invalid_field", "{id}");
            assert!(got.text().contains(must), "{id}: {}", got.text());
        }
    }
}
