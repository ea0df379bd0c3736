//! Putting the document together.

use domain::identity::Permission;
use serde_json::{Map, Value, json};

use crate::call::Route;
use crate::endpoint::Access;
use crate::openapi::doc::{Content, Example, Parameter, Reply, Shape, parsed};
use crate::openapi::shapes::Shapes;
use crate::openapi::{problems, request};
use crate::problem::Members;
use crate::routes::ROUTES;

const ABOUT: &str = "A system of record: every change is an entry of a Merkle log that anyone can check.\n\n\
Every error is a problem (RFC 9457) with a stable `code`. Pages go by cursor: follow `next`, or the `Link` header. \
Times are RFC 3339 in UTC with microseconds. Request bodies are JSON, at most 8 MiB unless configured otherwise; \
`null` for a member that may be left out means the same as leaving it out, unless said otherwise.\n\n\
Answers to callers with a quota have the headers `RateLimit-Policy` and `RateLimit` \
(draft-ietf-httpapi-ratelimit-headers): each quota of a minute that holds, and what is left of it.";

/// The OpenAPI 3.1 document of the API.
pub fn document() -> Value {
    let mut shapes = Shapes::new();
    let mut paths = Map::new();
    for route in ROUTES {
        let operations = paths.entry(template(route.path)).or_insert_with(|| json!({}));
        operations[route.verb.as_str().to_ascii_lowercase()] = operation(route, &mut shapes);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Probity",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"api_key": []}, {"session": []}, {"session_cookie": []}],
        "tags": [
            {"name": "audit", "description": "The audit log: record, read, prove, export."},
            {"name": "activity", "description": "The same entries as people read them, also live."},
            {"name": "log", "description": "The public side of the log: C2SP tlog-tiles, safe to mirror."},
            {"name": "account", "description": "One's own account: log in and out, password, second factor, sessions."},
            {"name": "users", "description": "The users of this installation."},
            {"name": "api_keys", "description": "API keys of programs: create, rotate, revoke."},
            {"name": "custody", "description": "Assets, balances and operations: every movement has a debit and a credit."},
            {"name": "kyc", "description": "KYC: which tier of a user was checked, on which documents, until when."},
            {"name": "destinations", "description": "Where users may withdraw to."},
            {"name": "governance", "description": "Agents: programs that act by themselves, each on behalf of a user. Metrics: named numbers in time."},
            {"name": "approvals", "description": "What one person asks for and others decide; it works once, for exactly what was asked."},
            {"name": "workflows", "description": "What agents do: conversations, by user and thread, and executions of workflows with their steps."},
            {"name": "access", "description": "Roles and permissions: who may do what."},
            {"name": "service", "description": "Health, metrics, and this reference."},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "api_key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key: `Authorization: Bearer prb_…`",
                },
                "session": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a login: `Authorization: Bearer prs_…`",
                },
                "session_cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": crate::credential::COOKIE_NAME,
                    "description": "The same in a browser. Changes are taken only from this server's own pages \
                                    (`Sec-Fetch-Site` or `Origin`).",
                },
            },
            "schemas": shapes.named(),
        },
    });
    document
}

/// The path as OpenAPI writes it: no wildcards there.
fn template(path: &str) -> String {
    path.replace("{*", "{")
}

fn operation(route: &Route, shapes: &mut Shapes) -> Value {
    let doc = (route.doc)();
    let mut operation = json!({
        "operationId": doc.id,
        "tags": [doc.tag],
        "summary": doc.summary,
        "description": format!("{}{}", doc.description, access(route.access)),
        "responses": responses(route, shapes),
    });
    operation["security"] = security(route.access);
    let parameters = doc.parameters.iter().copied().flatten();
    let parameters: Vec<Value> = parameters.map(|one| parameter(one, shapes)).collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = &doc.body {
        let content = content(body, &shapes.taken(body.schema));
        let schema = &content["schema"];
        // It may be absent where all its members may.
        let required = schema["type"] != "object" || schema.get("required").is_some();
        operation["requestBody"] = json!({"required": required, "content": {body.media: content}});
    }
    operation
}

fn access(access: Access) -> String {
    let words = match access {
        Access::Open => "Needs no credential.".to_owned(),
        Access::Credentials => "Needs no credential but those in the body.".to_owned(),
        Access::Caller => "Needs any valid API key or session.".to_owned(),
        Access::Session | Access::SecondFactor => {
            "Needs a session: it is about one's own account.".to_owned()
        }
        Access::Read(permission) | Access::Command(permission) => {
            format!("Needs the permission `{}`.", permission.as_str())
        }
        Access::ReadEither(first, other) => format!(
            "Needs the permission `{}` or `{}`.",
            first.as_str(),
            other.as_str()
        ),
        Access::OwnOr(own, all) | Access::ReadOwnOr(own, all) => format!(
            "Needs the permission `{}` for what is one's own, `{}` for that of others.",
            own.as_str(),
            all.as_str()
        ),
        Access::OwnSessionOr(all) => format!(
            "Needs a session for what is one's own, the permission `{}` for that of others.",
            all.as_str()
        ),
        Access::Vote(custody, other) => format!(
            "Needs a session, and the permission `{}` for what is about custody, `{}` for all else.",
            custody.as_str(),
            other.as_str()
        ),
        Access::ReadUnlessPublic(permission) => format!(
            "Needs the permission `{}`, unless the server is configured public.",
            permission.as_str()
        ),
    };
    format!("\n\n{words}")
}

/// What a call must bring: one of these, each with the permission that it must hold.
fn security(access: Access) -> Value {
    let both = |permission: &'static str| {
        ["api_key", "session", "session_cookie"].map(|scheme| json!({scheme: [permission]}))
    };
    let any = |scheme: &str| json!({scheme: []});
    match access {
        Access::Open | Access::Credentials => json!([]),
        Access::Caller => json!([any("api_key"), any("session"), any("session_cookie")]),
        Access::Session | Access::SecondFactor => json!([any("session"), any("session_cookie")]),
        Access::Read(permission) | Access::Command(permission) => json!(both(permission.as_str())),
        Access::OwnOr(first, other) | Access::ReadOwnOr(first, other) | Access::ReadEither(first, other) => {
            json!([both(first.as_str()), both(other.as_str())].concat())
        }
        Access::OwnSessionOr(all) => {
            let own = [any("session"), any("session_cookie")];
            json!([own.as_slice(), both(all.as_str()).as_slice()].concat())
        }
        Access::Vote(custody, other) => {
            let each = |permission: Permission| {
                ["session", "session_cookie"].map(|scheme| json!({scheme: [permission.as_str()]}))
            };
            json!([each(custody), each(other)].concat())
        }
        Access::ReadUnlessPublic(permission) => {
            json!([both(permission.as_str()).as_slice(), &[json!({})]].concat())
        }
    }
}

fn parameter(parameter: &Parameter, shapes: &mut Shapes) -> Value {
    let mut schema = shapes.taken(parameter.schema);
    if parameter.place == "query" {
        request::not_empty(&mut schema);
    }
    json!({
        "in": parameter.place,
        "name": parameter.name,
        "description": parameter.description,
        "required": parameter.required,
        "schema": schema,
    })
}

fn content(content: &Content, schema: &Value) -> Value {
    let example = |text: &str| {
        if content.media.ends_with("json") {
            parsed(text)
        } else {
            text.into()
        }
    };
    let mut value = json!({"schema": schema});
    match content.example {
        Example::None => {}
        Example::Text(text) => value["example"] = example(text),
        made @ Example::Of(_) => value["example"] = made.value(),
    }
    for (name, text) in content.examples {
        value["examples"][*name] = json!({"value": example(text)});
    }
    value
}

fn reply(reply: &Reply, shapes: &mut Shapes) -> Value {
    let mut value = json!({"description": reply.description});
    for (name, description) in reply.headers {
        value["headers"][*name] = json!({"description": description, "schema": {"type": "string"}});
    }
    for body in reply.contents {
        value["content"][body.media] = content(body, &shapes.given(body.schema));
    }
    value
}

fn responses(route: &Route, shapes: &mut Shapes) -> Value {
    let mut responses = Map::new();
    for answer in (route.doc)().replies {
        responses.insert(answer.status.to_owned(), reply(answer, shapes));
    }
    let problems = problems::of(route);
    let mut statuses: Vec<&str> = problems.iter().map(|(status, ..)| *status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for status in statuses {
        let of_status: Vec<_> = problems.iter().filter(|(of, ..)| *of == status).collect();
        let lines: Vec<String> = of_status
            .iter()
            .map(|(_, code, when)| format!("- `{code}`: {when}"))
            .collect();
        let lines = lines.join("\n");
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
        let usual = entry["description"].as_str().filter(|text| !text.is_empty());
        let description: Vec<&str> = usual.into_iter().chain([lines.as_str()]).collect();
        entry["description"] = description.join("\n\n").into();
        entry["content"]["application/problem+json"] =
            json!({"schema": shapes.given(Shape::of::<Members>()), "example": problem});
        if status == "503" || status == "429" {
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
        for doc in ROUTES.iter().map(|route| (route.doc)()) {
            let check_shape = |shape: Shape| {
                if let Shape::Text(text) = shape {
                    check(text);
                }
            };
            let parameters = doc.parameters.iter().copied().flatten();
            parameters.for_each(|parameter| check_shape(parameter.schema));
            for content in doc
                .body
                .iter()
                .chain(doc.replies.iter().flat_map(|reply| reply.contents))
            {
                check_shape(content.schema);
                if content.media.ends_with("json") {
                    content.examples.iter().for_each(|(_, text)| check(text));
                    if let Example::Text(text) = content.example {
                        check(text);
                    }
                }
            }
        }
    }

    /// Why a value is not what a schema says; of the keywords that are used here.
    fn misfit(document: &Value, schema: &Value, value: &Value) -> Option<String> {
        let told = |why: &str| Some(format!("{why}: {value} against {schema}"));
        let fits = |schema: &Value| misfit(document, schema, value).is_none();
        if let Some(target) = schema["$ref"].as_str() {
            let Some(found) = document.pointer(target.trim_start_matches('#')) else {
                return told("a reference that leads nowhere");
            };
            return misfit(document, found, value);
        }
        if schema["anyOf"]
            .as_array()
            .is_some_and(|ways| !ways.iter().any(fits))
        {
            return told("none of the ways");
        }
        let fitting = |ways: &Vec<Value>| ways.iter().filter(|way| fits(way)).count();
        if schema["oneOf"].as_array().is_some_and(|ways| fitting(ways) != 1) {
            return told("not exactly one of the ways");
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            if let Some(why) = misfit(document, part, value) {
                return Some(why);
            }
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        // Every integer is a number.
        let is = |of: &Value| *of == kind || (kind == "integer" && *of == "number");
        match &schema["type"] {
            Value::Array(kinds) if !kinds.iter().any(is) => return told("another type"),
            of @ Value::String(_) if !is(of) => return told("another type"),
            _ => {}
        }
        if schema.get("const").is_some_and(|only| only != value)
            || schema["enum"]
                .as_array()
                .is_some_and(|words| !words.contains(value))
        {
            return told("another value");
        }
        let number = |name: &str| schema[name].as_u64();
        if let Value::Number(of) = value
            && (number("maximum").is_some_and(|most| of.as_u64() > Some(most))
                || number("minimum").is_some_and(|least| of.as_u64() < Some(least)))
        {
            return told("out of bounds");
        }
        let length = match value {
            Value::String(text) => Some((text.chars().count(), "minLength", "maxLength")),
            Value::Array(items) => Some((items.len(), "minItems", "maxItems")),
            _ => None,
        };
        if let Some((length, least, most)) = length
            && (number(least).is_some_and(|least| (length as u64) < least)
                || number(most).is_some_and(|most| length as u64 > most))
        {
            return told("too short or too long");
        }
        let items = value.as_array().into_iter().flatten();
        let of_items = items.map(|item| misfit(document, &schema["items"], item));
        let members = value.as_object().into_iter().flatten().map(|(name, member)| {
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(property), _) => misfit(document, property, member),
                (None, Value::Bool(false)) => told(&format!("unknown {name}")),
                (None, other) => misfit(document, other, member),
            }
        });
        let required = schema["required"].as_array().into_iter().flatten();
        let missing =
            required.filter(|name| value.is_object() && value.get(name.as_str().unwrap()).is_none());
        of_items
            .chain(members)
            .chain(missing.map(|name| told(&format!("without {name}"))))
            .find_map(|why| why)
    }

    #[test]
    fn every_example_is_what_its_schema_says() {
        let document = document();
        let mut looked_at = 0;
        let paths = document["paths"].as_object().unwrap().values();
        for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
            let answers = operation["responses"].as_object().unwrap().values();
            for body in answers.chain([&operation["requestBody"]]) {
                let json = |media: &str| media.ends_with("json");
                let contents = body["content"].as_object().into_iter().flatten();
                for (media, content) in contents.filter(|(media, _)| json(media)) {
                    let named = content["examples"]
                        .as_object()
                        .into_iter()
                        .flat_map(|named| named.values());
                    for example in named.map(|named| &named["value"]).chain(content.get("example")) {
                        let why = misfit(&document, &content["schema"], example);
                        assert_eq!(why, None, "{} {media}", operation["operationId"]);
                        looked_at += 1;
                    }
                }
            }
        }
        assert!(looked_at > 800, "{looked_at}");
        let schema =
            serde_json::json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
        assert!(misfit(&document, &schema, &serde_json::json!({"a": 1})).is_some());
        assert!(misfit(&document, &schema, &serde_json::json!({})).is_some());
    }

    #[test]
    fn every_operation_is_described_and_has_an_example() {
        let mut ids = std::collections::BTreeSet::new();
        for route in ROUTES {
            let doc = (route.doc)();
            assert!(ids.insert(doc.id), "{} is used twice", doc.id);
            for text in [doc.id, doc.tag, doc.summary, doc.description] {
                assert!(!text.is_empty(), "{}", route.path);
            }
            assert!(!doc.replies.is_empty(), "{}", route.path);
            let bodies = doc
                .body
                .iter()
                .chain(doc.replies.iter().flat_map(|reply| reply.contents));
            // Bytes, pages and this document itself need none.
            let shown = |media: &str| media != "application/octet-stream" && !media.starts_with("text/html");
            for body in bodies.filter(|body| shown(body.media) && doc.id != "describe") {
                assert!(
                    !matches!(body.example, Example::None) || !body.examples.is_empty(),
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
            let documented: Vec<&str> = (route.doc)()
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
