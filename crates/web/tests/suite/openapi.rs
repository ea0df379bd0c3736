//! `/openapi.json` says what the server does.

use std::collections::BTreeSet;

use domain::identity::{Role, Scope};
use serde_json::{Value, json};
use web::{Access, endpoints};

use crate::api::{Api, On};
use crate::{custody, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_has_every_endpoint_and_no_other() {
    let api = Api::new(On::Sqlite).await;
    let got = api.get_open("/openapi.json").await;
    assert_eq!(got.header("content-type"), "application/json");
    let document = got.json();
    assert_eq!(document, web::document());
    assert_eq!(document["openapi"], "3.1.0");
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        documented.extend(
            operations
                .as_object()
                .unwrap()
                .keys()
                .map(|verb| (verb.to_uppercase(), path.clone())),
        );
    }
    let served: BTreeSet<_> = endpoints()
        .map(|(verb, path, _)| (verb.as_str().to_owned(), path.replace("{*", "{")))
        .collect();
    assert_eq!(documented, served);
    for (verb, path, access) in endpoints() {
        let operation = &document["paths"][path.replace("{*", "{")][verb.as_str().to_lowercase()];
        assert_eq!(
            operation["security"] == json!([]),
            matches!(access, Access::Open | Access::Credentials),
            "{path}"
        );
        assert_eq!(
            operation["responses"].get("401").is_some(),
            access != Access::Open,
            "{path}"
        );
    }
}

/// The contract as a file, so that a change of it is a diff; with `PROBITY_WRITE_EXPECTED=1` it is written.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/openapi.json");

#[test]
fn the_document_is_the_one_that_callers_were_given() {
    let mut document = web::document();
    in_lines(&mut document);
    once(&mut document, &mut BTreeSet::new());
    let found = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("PROBITY_WRITE_EXPECTED").is_some() {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    let expected = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differing = found
        .lines()
        .zip(expected.lines())
        .find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{differing:?}; to write it anew: PROBITY_WRITE_EXPECTED=1"
    );
}

/// Texts of several lines as a list of them, so that a changed line is one in the file.
fn in_lines(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(in_lines),
        Value::Array(values) => values.iter_mut().for_each(in_lines),
        Value::String(text) if text.contains('\n') => *value = text.split('\n').collect(),
        _ => {}
    }
}

/// The body of a problem is written out where it comes first; where it comes again, only its code.
fn once(value: &mut Value, seen: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(problem) = members.get_mut("application/problem+json")
                && !seen.insert(problem.to_string())
            {
                *problem = problem["example"]["code"].take();
            }
            members.values_mut().for_each(|value| once(value, seen));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| once(value, seen)),
        _ => {}
    }
}

/// Examples that need what no test can prepare, and their answer without: a secret that is in the example.
const NEED_STATE: &[(&str, u16, &str)] = &[
    ("accept_invitation", 401, "invalid_invitation"),
    ("change_password", 403, "wrong_password"),
    ("confirm_second_factor", 409, "nothing_to_confirm"),
    ("renew_recovery_codes", 409, "no_second_factor"),
    ("remove_second_factor", 409, "no_second_factor"),
    ("resolve_operation", 404, "unknown_approval"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_of_requests_are_taken() {
    let document = web::document();
    let mut taken = std::collections::BTreeMap::new();
    for (verb, template, access) in endpoints() {
        let operation = &document["paths"][template.replace("{*", "{")][verb.as_str().to_lowercase()];
        let id = operation["operationId"].as_str().unwrap();
        let content = &operation["requestBody"]["content"]["application/json"];
        for (name, example) in content["examples"].as_object().into_iter().flatten() {
            let api = Api::new(On::Sqlite).await;
            // The one that examples are about, unless they make it.
            let user = if id == "create_user" { "zoe" } else { "ann" };
            api.new_login(user, Role::DEVELOPER).await;
            let key = api.new_key(user, &[Scope::Read]).await.1.to_string();
            let of_custody = custody::prepare(&api, id).await;
            let usual = if template.contains("api-keys") { &key } else { user };
            let path = template.replace("{id}", of_custody.as_deref().unwrap_or(usual));
            let credential = match access {
                Access::Session | Access::SecondFactor => api.token(user).await,
                _ => api.key.clone(),
            };
            let prepared = people::prepare(&api, id, template).await;
            let (path, credential) = prepared.unwrap_or((path, credential));
            let bearer = format!("Bearer {credential}");
            let headers = [("authorization", bearer.as_str()), ("if-match", "*")];
            let got = api
                .call_with(&headers, verb.as_str(), &path, &example["value"])
                .await;
            if let Some((_, status, code)) = NEED_STATE.iter().find(|(of, ..)| *of == id) {
                assert_eq!(
                    (got.problem().0, &*got.problem().1),
                    (*status, *code),
                    "{id} {name}: {}",
                    got.text()
                );
            } else {
                let status = got.status.as_str();
                assert!(got.status.is_success(), "{id} {name}: {}", got.text());
                assert!(
                    operation["responses"].get(status).is_some(),
                    "{id} {name}: {status}"
                );
            }
            *taken.entry(id).or_insert(0) += 1;
        }
    }
    assert_eq!(taken.values().sum::<u32>(), 70, "{taken:?}");
    assert!(NEED_STATE.iter().all(|(id, ..)| taken.contains_key(id)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_is_in_the_schema() {
    let document = web::document();
    let schema = &document["components"]["schemas"]["Recorded"]["properties"];
    for path in ["/v1/audit/entries", "/v1/activity"] {
        let content = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"];
        for example in content["examples"].as_object().unwrap().values() {
            let api = Api::new(On::Sqlite).await;
            let got = api.post(path, example["value"].to_string()).await.json();
            let one = got["entries"].get(0).unwrap_or(&got);
            let mut members = one.as_object().unwrap().keys();
            assert!(members.all(|key| schema.get(key).is_some()), "{one}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_may_be_left_out_may_be_null() {
    let document = web::document();
    let mut tried = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let content = &operations["post"]["requestBody"]["content"]["application/json"];
        let named = content["schema"]["oneOf"].get(0).unwrap_or(&content["schema"]);
        let Some(pointer) = named["$ref"].as_str() else {
            continue;
        };
        let schema = document.pointer(pointer.trim_start_matches('#')).unwrap();
        let example = content["examples"].as_object().unwrap().values().next().unwrap();
        let mut body = example["value"].clone();
        for (name, member) in schema["properties"].as_object().unwrap() {
            if schema["required"]
                .as_array()
                .unwrap()
                .iter()
                .all(|required| required != name)
            {
                let may_be_null = member.to_string().contains("null");
                assert!(may_be_null, "{path} {name}: {member}");
                body[name] = Value::Null;
            }
        }
        let got = Api::new(On::Sqlite).await.post(path, body.to_string()).await;
        assert_eq!(got.status, 201, "{path}: {}", got.text());
        tried += 1;
    }
    assert_eq!(tried, 2);
}

/// The members that a type has, as the server lists them when it meets one that it does not know.
async fn members(api: &Api, path: &str, body: Value) -> BTreeSet<String> {
    let got = api.post(path, body.to_string()).await;
    let detail = got.json()["detail"].as_str().unwrap().to_owned();
    let expected = detail
        .split(", expected ")
        .nth(1)
        .unwrap_or_else(|| panic!("{detail}"));
    expected
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schemas_have_the_members_that_the_server_takes() {
    let api = Api::new(On::Sqlite).await;
    let document = web::document();
    let documented = |name: &str| -> BTreeSet<String> {
        document["components"]["schemas"][name]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let event = |inner: Value| {
        let mut event = json!({"actor": {"kind": "user"}, "action": "a"});
        event
            .as_object_mut()
            .unwrap()
            .extend(inner.as_object().unwrap().clone());
        event
    };
    let entries = "/v1/audit/entries";
    for (schema, path, body) in [
        ("Event", entries, json!({"nonsense": 1})),
        ("Actor", entries, event(json!({"actor": {"nonsense": 1}}))),
        ("Target", entries, event(json!({"target": {"nonsense": 1}}))),
        ("Aim", entries, event(json!({"aim": {"nonsense": 1}}))),
        ("NewActivity", "/v1/activity", json!({"nonsense": 1})),
    ] {
        assert_eq!(members(&api, path, body).await, documented(schema), "{schema}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_is_in_the_schema() {
    let api = Api::new(On::Sqlite).await;
    let document = web::document();
    let full = json!([{
        "occurred_at": "2026-01-01T00:00:00Z", "actor": {"kind": "agent", "id": "a", "name": "n", "on_behalf_of": "o"},
        "action": "x", "target": {"kind": "t", "id": "1"}, "description": "d", "details": {}, "ip": "::1", "user_agent": "u",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "session_id": "s", "aim": {"mission": "m"}, "drag_mode": "draft"
    }]);
    api.record(&full).await;
    for (list, members, schema) in [
        ("/v1/audit/entries?limit=1000", "entries", "Entry"),
        ("/v1/activity?limit=1000", "activities", "Activity"),
    ] {
        let schema = &document["components"]["schemas"][schema];
        let found = api.get(list).await.json();
        for shown in found[members].as_array().unwrap() {
            for name in shown.as_object().unwrap().keys() {
                assert!(
                    schema["properties"].get(name).is_some(),
                    "{name} is not documented"
                );
            }
            for name in schema["required"].as_array().unwrap() {
                assert!(shown.get(name.as_str().unwrap()).is_some(), "{name} is missing");
            }
        }
    }
}
