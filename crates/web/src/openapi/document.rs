//! Putting the document together.

use serde_json::{Map, Value, json};

use crate::openapi::doc::{Content, Doc, Parameter, Reply};
use crate::routes::{Access, ROUTES, Route};

/// Schemas that several endpoints share.
const SCHEMAS: &str = include_str!("schemas.json");

const ABOUT: &str = "A system of record: every change is an entry of a Merkle log that anyone can check.\n\n\
Every error is a problem (RFC 9457) with a stable `code`. Pages go by cursor: follow `next`, or the `Link` header. \
Times are RFC 3339 in UTC with microseconds. Request bodies are JSON, at most 8 MiB unless configured otherwise.";

/// The OpenAPI 3.1 document of the API.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let operations = paths.entry(template(route.path)).or_insert_with(|| json!({}));
        operations[route.verb.as_str().to_ascii_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Probity",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"api_key": []}],
        "tags": [
            {"name": "audit", "description": "The audit log: record, read, prove, export."},
            {"name": "activity", "description": "The same entries as people read them, also live."},
            {"name": "log", "description": "The public side of the log: C2SP tlog-tiles, safe to mirror."},
            {"name": "service", "description": "Health, metrics, and who you are."},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "api_key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key: `Authorization: Bearer prb_…`",
                },
            },
            "schemas": parsed(SCHEMAS),
        },
    })
}

/// The path as OpenAPI writes it: no wildcards there.
fn template(path: &str) -> String {
    path.replace("{*", "{")
}

/// Text written in this crate; that it is JSON, the tests check.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn operation(route: &Route) -> Value {
    let doc = route.doc;
    let mut operation = json!({
        "operationId": doc.id,
        "tags": [doc.tag],
        "summary": doc.summary,
        "description": format!("{}{}", doc.description, access(route.access)),
        "responses": responses(route),
    });
    if route.access == Access::Open {
        operation["security"] = json!([]);
    }
    let parameters: Vec<Value> = doc.parameters.iter().copied().flatten().map(parameter).collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = &doc.body {
        operation["requestBody"] = json!({"required": true, "content": {body.media: content(body)}});
    }
    operation
}

fn access(access: Access) -> String {
    match access {
        Access::Open => "\n\nNeeds no key.".to_owned(),
        Access::Key => "\n\nNeeds any valid key.".to_owned(),
        Access::Read(permission) | Access::Command(permission) => {
            format!("\n\nNeeds the permission `{}`.", permission.as_str())
        }
        Access::ReadUnlessPublic(permission) => {
            format!(
                "\n\nNeeds the permission `{}`, unless the server is configured public.",
                permission.as_str()
            )
        }
    }
}

fn parameter(parameter: &Parameter) -> Value {
    json!({
        "in": parameter.place,
        "name": parameter.name,
        "description": parameter.description,
        "required": parameter.required,
        "schema": parsed(parameter.schema),
    })
}

fn content(content: &Content) -> Value {
    let example = |text: &str| {
        if content.media.ends_with("json") {
            parsed(text)
        } else {
            text.into()
        }
    };
    let mut value = json!({"schema": parsed(content.schema)});
    if !content.example.is_empty() {
        value["example"] = example(content.example);
    }
    for (name, text) in content.examples {
        value["examples"][*name] = json!({"value": example(text)});
    }
    value
}

fn reply(reply: &Reply) -> Value {
    let mut value = json!({"description": reply.description});
    for (name, description) in reply.headers {
        value["headers"][*name] = json!({"description": description, "schema": {"type": "string"}});
    }
    for body in reply.contents {
        value["content"][body.media] = content(body);
    }
    value
}

/// Problems that a request may meet whatever it asks for.
fn common(doc: &Doc, access: Access) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut problems = vec![
        (
            "400",
            "unknown_parameter",
            "a query parameter is not one of those above",
        ),
        (
            "500",
            "internal",
            "an internal error; the server's log has the details",
        ),
    ];
    if access != Access::Open {
        problems.push(("401", "no_credential", "no API key was given"));
        problems.push((
            "401",
            "malformed_credential",
            "the header is not `Bearer` and a key",
        ));
        problems.push((
            "401",
            "malformed_token",
            "what was given has a typo: its checksum is wrong",
        ));
        problems.push(("401", "unknown_api_key", "no such key"));
        problems.push(("401", "api_key_revoked", "the key was revoked"));
        problems.push(("401", "api_key_expired", "the key has expired"));
        problems.push(("401", "user_disabled", "the key's owner is disabled"));
        problems.push((
            "503",
            "database_unavailable",
            "the database does not answer; try again",
        ));
    }
    if matches!(
        access,
        Access::Read(_) | Access::Command(_) | Access::ReadUnlessPublic(_)
    ) {
        problems.push((
            "403",
            "permission_missing",
            "the owner's role does not hold the permission",
        ));
        problems.push((
            "403",
            "scope_missing",
            "the key's scopes do not include the permission",
        ));
    }
    if doc.body.is_some() {
        problems.push((
            "400",
            "malformed_json",
            "the body is not JSON; `line` and `column` say where",
        ));
        problems.push((
            "400",
            "invalid_field",
            "a field is missing, unknown, of the wrong type or out of its bounds",
        ));
        problems.push(("400", "body_incomplete", "the body broke off"));
        problems.push(("408", "body_timeout", "the body took too long to arrive"));
        problems.push((
            "413",
            "body_too_large",
            "the body is larger than the server takes",
        ));
        problems.push((
            "415",
            "unsupported_media_type",
            "the body is not `application/json`",
        ));
        problems.push(("415", "unsupported_encoding", "the body has a Content-Encoding"));
        problems.push((
            "503",
            "overloaded",
            "too much is waiting to be written; nothing of this request was",
        ));
        problems.push((
            "503",
            "outcome_unknown",
            "the database broke off while committing; send the same ids again",
        ));
    }
    problems
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    for answer in route.doc.replies {
        responses.insert(answer.status.to_owned(), reply(answer));
    }
    let mut problems = route.doc.problems.to_vec();
    problems.extend(common(route.doc, route.access));
    let mut statuses: Vec<&str> = problems.iter().map(|(status, ..)| *status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for status in statuses {
        let of_status: Vec<_> = problems.iter().filter(|(of, ..)| *of == status).collect();
        let lines: Vec<String> = of_status
            .iter()
            .map(|(_, code, when)| format!("- `{code}`: {when}"))
            .collect();
        let code = of_status.first().map_or("", |(_, code, _)| code);
        let problem = json!({
            "type": format!("/problems/{code}"),
            "title": crate::problem::title(code),
            "status": status.parse::<u16>().unwrap_or_default(),
            "detail": of_status.first().map_or("", |(.., when)| when),
            "code": code,
        });
        let entry = responses
            .entry(status.to_owned())
            .or_insert_with(|| json!({"description": ""}));
        entry["description"] = lines.join("\n").into();
        entry["content"]["application/problem+json"] =
            json!({"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem});
        if status == "503" {
            entry["headers"]["Retry-After"] =
                json!({"description": "When to try again, in seconds.", "schema": {"type": "string"}});
        }
    }
    Value::Object(responses)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text in this crate that should be JSON is.
    #[test]
    fn schemas_and_examples_are_json() {
        let check =
            |text: &str| drop(serde_json::from_str::<Value>(text).unwrap_or_else(|e| panic!("{text}: {e}")));
        check(SCHEMAS);
        for doc in ROUTES.iter().map(|route| route.doc) {
            doc.parameters
                .iter()
                .copied()
                .flatten()
                .for_each(|parameter| check(parameter.schema));
            for content in doc
                .body
                .iter()
                .chain(doc.replies.iter().flat_map(|reply| reply.contents))
            {
                check(content.schema);
                if content.media.ends_with("json") {
                    content.examples.iter().for_each(|(_, text)| check(text));
                    if !content.example.is_empty() {
                        check(content.example);
                    }
                }
            }
        }
    }

    #[test]
    fn every_operation_is_described_and_has_an_example() {
        let mut ids = std::collections::BTreeSet::new();
        for route in ROUTES {
            let doc = route.doc;
            assert!(ids.insert(doc.id), "{} is used twice", doc.id);
            for text in [doc.id, doc.tag, doc.summary, doc.description] {
                assert!(!text.is_empty(), "{}", route.path);
            }
            assert!(!doc.replies.is_empty(), "{}", route.path);
            let bodies = doc
                .body
                .iter()
                .chain(doc.replies.iter().flat_map(|reply| reply.contents));
            for body in bodies.filter(|body| body.media != "application/octet-stream" && doc.id != "describe")
            {
                assert!(
                    !body.example.is_empty() || !body.examples.is_empty(),
                    "{} {}",
                    route.path,
                    body.media
                );
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        fn references(value: &Value, found: &mut std::collections::BTreeSet<String>) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(target)) = members.get("$ref") {
                        found.insert(target.clone());
                    }
                    members.values().for_each(|value| references(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = std::collections::BTreeSet::new();
        references(&document, &mut found);
        let defined = document["components"]["schemas"].as_object().unwrap();
        let defined = defined
            .keys()
            .map(|name| format!("#/components/schemas/{name}"))
            .collect();
        assert_eq!(found, defined);
    }

    #[test]
    fn variables_of_paths_are_parameters() {
        for route in ROUTES {
            let template = template(route.path);
            let variables: Vec<&str> = template
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            let documented: Vec<&str> = route
                .doc
                .parameters
                .iter()
                .copied()
                .flatten()
                .filter(|parameter| parameter.place == "path")
                .map(|parameter| parameter.name)
                .collect();
            assert_eq!(documented, variables, "{}", route.path);
        }
    }
}
