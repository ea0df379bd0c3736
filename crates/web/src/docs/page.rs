//! The page as a whole: introduction, contents, and the operations by tag.

use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use super::operation::{Operation, method};
use super::prose::{blocks, inline};
use super::schema::{ALWAYS, Schemas};
use super::{items, members, text};

/// Methods in the order in which those of one path are shown.
const VERBS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Operations that belong together.
struct Group<'a> {
    name: &'a str,
    description: &'a str,
    operations: Vec<Operation<'a>>,
}

/// The page of an OpenAPI document.
pub(crate) fn page(document: &Value) -> String {
    let groups = groups(document);
    let title = format!("{} API", text(&document["info"], "title"));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href=(console::assets::FAVICON.path()) type="image/svg+xml";
                link rel="stylesheet" href="/docs/style.css";
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { (title) }
                    p.version {
                        "Version " (text(&document["info"], "version")) " · "
                        a href="/openapi.json" { "openapi.json" }
                        " (OpenAPI " (text(document, "openapi")) ")"
                    }
                }
                (contents(document, &groups))
                main id="content" tabindex="-1" {
                    (introduction(document))
                    @for group in &groups { (self::group(group, document)) }
                }
            }
        }
    };
    page.into_string()
}

/// The operations by tag, in the order of the tags. A tag that the document does not describe comes last.
fn groups(document: &Value) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = items(document, "tags")
        .iter()
        .map(|tag| Group {
            name: text(tag, "name"),
            description: text(tag, "description"),
            operations: Vec::new(),
        })
        .collect();
    for (path, operations) in members(document, "paths") {
        for verb in VERBS {
            let Some(value) = operations.get(verb) else {
                continue;
            };
            let operation = Operation {
                verb: verb.to_ascii_uppercase(),
                path,
                value,
            };
            let name = items(value, "tags")
                .first()
                .and_then(Value::as_str)
                .unwrap_or("other");
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.operations.push(operation),
                None => groups.push(Group {
                    name,
                    description: "",
                    operations: vec![operation],
                }),
            }
        }
    }
    groups.retain(|group| !group.operations.is_empty());
    groups
}

fn contents(document: &Value, groups: &[Group]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                li { a href="#introduction" { "Introduction" } }
                li { a href="#authentication" { "Authentication" } }
                @if problem(document).is_object() { li { a href="#problems" { "Problems" } } }
            }
            @for group in groups {
                p { a href={ "#tag-" (group.name) } { (title(group.name)) } }
                ul {
                    @for operation in &group.operations {
                        li { a href={ "#" (operation.id()) } { (method(&operation.verb)) span { (operation.summary()) } } }
                    }
                }
            }
        }
    }
}

fn introduction(document: &Value) -> Markup {
    html! {
        section id="introduction" aria-labelledby="introduction-title" {
            h2 id="introduction-title" { "Introduction" }
            (blocks(text(&document["info"], "description")))
        }
        section id="authentication" aria-labelledby="authentication-title" {
            h2 id="authentication-title" { "Authentication" }
            @for (_, scheme) in members(&document["components"], "securitySchemes") {
                (blocks(text(scheme, "description")))
            }
            p { "The commands on this page take variables of the shell: where the server is, your key, and, for what only a person does, the token of a login:" }
            pre { code { "URL=http://127.0.0.1:8080\nKEY=prb_…\nSESSION=prs_…" } }
        }
        @let problem = problem(document);
        @if problem.is_object() {
            section id="problems" aria-labelledby="problems-title" {
                h2 id="problems-title" { "Problems" }
                p { "What every error answer holds, as " code { "application/problem+json" } ":" }
                (Schemas::of(document).body(problem, ALWAYS))
            }
        }
    }
}

/// The schema of every error answer.
fn problem(document: &Value) -> &Value {
    &document["components"]["schemas"]["Problem"]
}

fn group<'a>(group: &Group<'a>, document: &'a Value) -> Markup {
    let id = format!("tag-{}", group.name);
    html! {
        section.group id=(id) aria-labelledby={ (id) "-title" } {
            h2 id={ (id) "-title" } { (title(group.name)) }
            p { (inline(group.description)) }
            @for operation in &group.operations { (operation.section(Schemas::of(document))) }
        }
    }
}

/// A tag as a title.
fn title(tag: &str) -> String {
    let mut title = tag.replace(['_', '-'], " ").replace("api ", "API ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_come_by_tag_then_path_then_method() {
        let operation = |id: &str, tag: &str| json!({"operationId": id, "tags": [tag]});
        let document = json!({
            "tags": [{"name": "b"}, {"name": "empty"}, {"name": "a"}],
            "paths": {
                "/y": {"post": operation("y_post", "b"), "get": operation("y_get", "b")},
                "/x": {"delete": operation("x_delete", "b"), "put": operation("x_put", "a")},
                "/z": {"patch": operation("z_patch", "unknown")},
            },
        });
        let found: Vec<(&str, Vec<&str>)> = groups(&document)
            .iter()
            .map(|group| (group.name, group.operations.iter().map(Operation::id).collect()))
            .collect();
        assert_eq!(
            found,
            [
                ("b", vec!["x_delete", "y_get", "y_post"]),
                ("a", vec!["x_put"]),
                ("unknown", vec!["z_patch"])
            ]
        );
    }

    #[test]
    fn whatever_the_document_says_is_escaped() {
        let bad = "</code><script>alert(\"1\")</script>' onload=x";
        let content = json!({"application/json": {"schema": {"type": bad, "pattern": bad, "enum": [bad], "properties": {bad: {"description": bad}}},
            "examples": {bad: {"value": bad}}}});
        let document = json!({
            "info": {"title": bad, "version": bad, "description": bad},
            "tags": [{"name": bad, "description": bad}],
            "components": {"securitySchemes": {"key": {"description": bad}}, "schemas": {"Problem": {"description": bad}}},
            "paths": {bad: {"post": {
                "operationId": bad, "tags": [bad], "summary": bad, "description": bad, "security": [{"key": [bad]}],
                "parameters": [{"in": bad, "name": bad, "required": true, "description": bad, "schema": {"default": bad}}],
                "requestBody": {"content": content},
                "responses": {bad: {"description": bad, "headers": {bad: {"description": bad}}, "content": content}},
            }}},
        });
        let page = page(&document);
        assert!(page.contains("&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("\"1\"") && !page.contains("alert(\""), "{page}");
    }
}
