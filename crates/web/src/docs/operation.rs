//! One operation: what it is for, who may call it, what it takes and what it answers.

use maud::{Markup, html};
use serde_json::Value;

use super::prose::{blocks, inline};
use super::schema::{ALWAYS, REQUIRED, Schemas};
use super::{curl, items, members, text};

const PROBLEM: &str = "application/problem+json";

/// An operation and where it is.
pub(super) struct Operation<'a> {
    /// `GET` and the like.
    pub verb: String,
    /// The path, with its variables in braces.
    pub path: &'a str,
    /// Its object in the document.
    pub value: &'a Value,
}

impl<'a> Operation<'a> {
    /// Its anchor: the name that generated clients have for it, too.
    pub fn id(&self) -> &'a str {
        text(self.value, "operationId")
    }

    /// One line about it.
    pub fn summary(&self) -> &'a str {
        text(self.value, "summary")
    }

    /// The operation as a section of the page.
    pub fn section(&self, schemas: Schemas<'a>) -> Markup {
        let parameters = items(self.value, "parameters");
        html! {
            section.operation id=(self.id()) aria-labelledby={ (self.id()) "-title" } {
                div.head {
                    h3 id={ (self.id()) "-title" } {
                        (self.summary()) " "
                        a.anchor href={ "#" (self.id()) } aria-label={ "Link to " (self.summary()) } { "#" }
                    }
                    p.endpoint { (method(&self.verb)) " " code { (broken(self.path)) } " " (access(self.value)) }
                }
                div.text {
                    (blocks(text(self.value, "description")))
                    @if !parameters.is_empty() {
                        h4 { "Parameters" }
                        (self::parameters(parameters, schemas))
                    }
                    @for (media, content) in members(&self.value["requestBody"], "content") {
                        h4 { "Body" }
                        details open {
                            summary { code { (media) } }
                            (schemas.body(&content["schema"], REQUIRED))
                        }
                    }
                    h4 { "Answers" }
                    (self.answers(schemas))
                }
                div.examples {
                    h4 { "Request" }
                    (self.requests(schemas))
                    (self.answer_examples())
                }
            }
        }
    }

    fn answers(&self, schemas: Schemas<'a>) -> Markup {
        let (usual, problems): (Vec<_>, Vec<_>) = members(self.value, "responses")
            .partition(|(_, response)| response["content"][PROBLEM].is_null());
        let statuses: Vec<&str> = problems.iter().map(|(status, _)| status.as_str()).collect();
        html! {
            @for (status, response) in usual { (answer(status, response, schemas)) }
            @if !problems.is_empty() {
                details.problems {
                    summary { "Problems: " (statuses.join(", ")) }
                    @for (status, response) in problems { (answer(status, response, schemas)) }
                }
            }
        }
    }

    /// Commands to paste: one for each example of a body, or the only one.
    fn requests(&self, schemas: Schemas<'a>) -> Markup {
        let mut bodies = members(&self.value["requestBody"], "content")
            .flat_map(|(media, content)| {
                examples(content).map(move |(name, value)| (media.as_str(), name, value))
            })
            .peekable();
        let command =
            |body: Option<(&str, &str)>| curl::command(schemas, &self.verb, self.path, self.value, body);
        html! {
            @if bodies.peek().is_none() { (block("curl", "", &command(None))) }
            @for (media, name, value) in bodies {
                (block("Body", name, &formatted(value)))
                (block("curl", name, &command(Some((media, &compact(value))))))
            }
        }
    }

    fn answer_examples(&self) -> Markup {
        let found: Vec<_> = members(self.value, "responses")
            .filter(|(status, _)| status.starts_with('2'))
            .flat_map(|(status, response)| {
                let contents = members(response, "content");
                contents.flat_map(move |(media, content)| {
                    examples(content)
                        .map(move |(name, value)| (format!("{status} {media}"), name, formatted(value)))
                })
            })
            .collect();
        html! {
            @if !found.is_empty() {
                h4 { "Answer" }
                @for (number, (title, name, shown)) in found.iter().enumerate() {
                    @if number == 0 { (block(title, name, shown)) }
                    @else {
                        details {
                            summary { (title) @if !name.is_empty() { ": " (name) } }
                            pre { code { (shown) } }
                        }
                    }
                }
            }
        }
    }
}

fn parameters<'a>(parameters: &'a [Value], schemas: Schemas<'a>) -> Markup {
    html! {
        dl.members {
            @for parameter in parameters {
                div {
                    dt {
                        code.path { (text(parameter, "name")) }
                        span.type { (schemas.kind(&parameter["schema"])) " in " (text(parameter, "in")) }
                        @if parameter["required"] == true { span.required { (REQUIRED) } }
                    }
                    dd {
                        (blocks(text(parameter, "description")))
                        @let bounds = schemas.bounds(&parameter["schema"]);
                        @if !bounds.is_empty() {
                            p.bounds { @for line in bounds { span.bound { (inline(&line)) } } }
                        }
                    }
                }
            }
        }
    }
}

/// One status: when it comes, its headers and its body. A problem's body is described once for all.
fn answer(status: &str, response: &Value, schemas: Schemas) -> Markup {
    let contents = || members(response, "content").filter(|(media, _)| *media != PROBLEM);
    html! {
        div.answer {
            h5 { span.status data-kind=(status.get(..1).unwrap_or_default()) { (status) } " " (reason(status)) }
            (blocks(text(response, "description")))
            @if response["headers"].is_object() {
                ul.headers {
                    @for (name, header) in members(response, "headers") {
                        li { "Header " code { (name) } ": " (inline(text(header, "description"))) }
                    }
                }
            }
            @for (media, content) in contents() {
                details {
                    summary { code { (media) } }
                    (schemas.body(&content["schema"], ALWAYS))
                }
            }
        }
    }
}

/// The words of a status, as RFC 9110 has them.
fn reason(status: &str) -> &'static str {
    let status = http::StatusCode::from_bytes(status.as_bytes()).ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}

/// The examples of a body, with their names.
fn examples(content: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let one = content.get("example").map(|value| ("", value));
    one.into_iter()
        .chain(members(content, "examples").map(|(name, example)| (name.as_str(), &example["value"])))
}

fn block(title: &str, name: &str, shown: &str) -> Markup {
    html! {
        figure {
            figcaption { (title) @if !name.is_empty() { ": " (name) } }
            pre { code { (shown) } }
        }
    }
}

/// JSON on several lines; other text as it is.
fn formatted(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => format!("{other:#}"),
    }
}

fn compact(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A method, in its colour.
pub(super) fn method(verb: &str) -> Markup {
    html! { span.method data-method=(verb) { (verb) } }
}

/// A path that may be broken after each of its parts.
fn broken(path: &str) -> Markup {
    html! { @for part in path.split_inclusive('/') { (part) @if part.ends_with('/') { wbr; } } }
}

/// Who may call: what the requirements of an operation say, of which one must be met.
fn access(operation: &Value) -> Markup {
    let mut ways: Vec<Vec<String>> = items(operation, "security").iter().map(needed).collect();
    // Each permission is there once for every kind of credential.
    let mut seen = std::collections::BTreeSet::new();
    ways.retain(|way| seen.insert(way.clone()));
    let permissions = items(operation, "security").iter().any(named_one);
    // Beside a permission, which is for all, any session is for what is its user's own.
    let own = |word: &str| permissions && word == SESSION;
    html! { span.access {
        @match operation.get("security") {
            None => { span.key { "any key" } },
            Some(_) if ways.is_empty() => { span.open { "open to everyone" } },
            Some(_) => @for (number, way) in ways.iter().enumerate() {
                @if number > 0 { " or " }
                @if way.is_empty() { span.open { "open to everyone, if so configured" } }
                @for word in way { span.key { (word) @if own(word) { ", for one’s own" } } " " }
            }
        }
    } }
}

/// What is shown for a session that needs no permission.
const SESSION: &str = "any session";

/// Whether one requirement names a permission.
fn named_one(requirement: &Value) -> bool {
    let mut schemes = requirement.as_object().into_iter().flatten();
    schemes.any(|(_, permissions)| permissions.as_array().is_some_and(|all| !all.is_empty()))
}

/// What one requirement asks for: the permissions, or any credential.
fn needed(requirement: &Value) -> Vec<String> {
    let schemes = requirement.as_object().into_iter().flatten();
    schemes
        .flat_map(|(scheme, permissions)| {
            let named: Vec<String> = permissions
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            match (named.is_empty(), scheme.as_str()) {
                (false, _) => named,
                (true, "api_key") => vec!["any key".to_owned()],
                (true, _) => vec![SESSION.to_owned()],
            }
        })
        .collect()
}
