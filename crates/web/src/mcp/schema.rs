//! How tools are described to clients: by what the OpenAPI document says of the endpoints that they call.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::tools::{OUTCOME, TOOLS, To, Tool, WAIT};
use crate::endpoint::Verb;

/// Where the document has its named schemas, and where a schema of a tool has them.
const NAMED: (&str, &str) = ("#/components/schemas/", "#/$defs/");

/// The member of a tool's answer that has the text which an endpoint answers with.
pub(super) const RECEIPT: &str = "receipt";

/// The tools as they are listed, and the arguments of each.
pub(crate) struct Listed {
    /// What `tools/list` shows.
    pub(super) tools: Value,
    arguments: Vec<Vec<String>>,
}

impl Listed {
    /// The tools, by this document.
    pub fn of(document: &Value) -> Listed {
        let tools: Vec<Value> = TOOLS.iter().map(|tool| described(document, tool)).collect();
        let names = |tool: &Value| {
            let properties = tool["inputSchema"]["properties"].as_object();
            properties.map_or_else(Vec::new, |properties| properties.keys().cloned().collect())
        };
        Listed {
            arguments: tools.iter().map(names).collect(),
            tools: tools.into(),
        }
    }

    /// The tool of this name, and the names of its arguments.
    pub(super) fn find(&self, name: &str) -> Option<(&'static Tool, &[String])> {
        let tools = TOOLS.iter().zip(&self.arguments);
        let mut found = tools.filter(|(tool, _)| tool.name == name);
        found.next().map(|(tool, arguments)| (tool, arguments.as_slice()))
    }
}

fn described(document: &Value, tool: &Tool) -> Value {
    json!({
        "name": tool.name,
        "title": tool.title,
        "description": format!("{} {}", tool.about, permission(document, tool)).trim(),
        "inputSchema": whole(document, input(document, tool)),
        "outputSchema": whole(document, output(document, tool)),
        "annotations": {
            "title": tool.title,
            "readOnlyHint": tool.hints.read_only,
            "destructiveHint": tool.hints.destructive,
            "idempotentHint": tool.hints.idempotent,
            // All of it is in this installation.
            "openWorldHint": false,
        },
    })
}

/// What the document says of an endpoint.
fn operation<'a>(document: &'a Value, verb: Verb, path: &str) -> &'a Value {
    &document["paths"][path][verb.as_str().to_ascii_lowercase()]
}

/// What it takes to call a tool, which stands last in the description of its endpoint.
fn permission<'a>(document: &'a Value, tool: &Tool) -> &'a str {
    let first = tool.to.each().into_iter().next();
    let of = first.map_or(&Value::Null, |(_, verb, path)| operation(document, verb, path));
    let paragraphs = of["description"].as_str().unwrap_or_default().rsplit("\n\n");
    let last = paragraphs.take(1).next();
    last.filter(|last| last.starts_with("Needs the permission"))
        .unwrap_or_default()
}

/// The schema of a tool's arguments.
fn input(document: &Value, tool: &Tool) -> Value {
    let (mut properties, mut required) = (Map::new(), BTreeSet::new());
    let ways = tool.to.each();
    for (outcome, verb, path) in &ways {
        let of = operation(document, *verb, path);
        for parameter in of["parameters"].as_array().into_iter().flatten() {
            let place = parameter["in"].as_str().unwrap_or_default();
            if place == "path" || place == "query" && *verb == Verb::Get {
                let name = parameter["name"].as_str().unwrap_or_default();
                let mut schema = parameter["schema"].clone();
                schema["description"] = parameter["description"].clone();
                properties.insert(name.to_owned(), schema);
                required.extend((parameter["required"] == true).then(|| name.to_owned()));
            }
        }
        let body = &of["requestBody"]["content"]["application/json"]["schema"];
        for (name, schema) in body["properties"].as_object().into_iter().flatten() {
            let mut schema = schema.clone();
            if let Some(outcome) = outcome {
                let about = schema["description"].as_str().unwrap_or_default();
                schema["description"] = format!("{about} Where `{OUTCOME}` is `{outcome}`.")
                    .trim_start()
                    .into();
            }
            properties.insert(name.clone(), schema);
        }
        let names = body["required"].as_array().into_iter().flatten();
        required.extend(names.filter_map(Value::as_str).map(str::to_owned));
    }
    match tool.to {
        To::One(..) => {}
        To::Waiting(_) => {
            let (argument, parameter, max) = WAIT;
            if let Some(mut schema) = properties.remove(parameter) {
                schema["maximum"] = max.into();
                properties.insert(argument.to_owned(), schema);
            }
        }
        To::Outcome(ways) => {
            let words: Vec<&str> = ways.iter().map(|(outcome, _)| *outcome).collect();
            properties.insert(
                OUTCOME.to_owned(),
                json!({"type": "string", "enum": words, "description": "How it ended."}),
            );
            required.insert(OUTCOME.to_owned());
        }
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The schema of a tool's answer: of what is made or shown, and not of what a dry run says.
fn output(document: &Value, tool: &Tool) -> Value {
    let first = tool.to.each().into_iter().next();
    let of = first.map_or(&Value::Null, |(_, verb, path)| operation(document, verb, path));
    let answers =
        ["201", "200"].map(|status| &of["responses"][status]["content"]["application/json"]["schema"]);
    let Some(mut schema) = answers.into_iter().find(|schema| schema.is_object()) else {
        return json!({
            "type": "object",
            "properties": {RECEIPT: {"type": "string"}},
            "required": [RECEIPT],
        });
    };
    if let Some(first) = schema["anyOf"].get(0) {
        schema = first;
    }
    let target = schema["$ref"].as_str().and_then(|target| named(document, target));
    target.map_or(schema, |(_, found)| found).clone()
}

/// The schema that a reference in the document leads to, and its name.
fn named<'a>(document: &'a Value, target: &str) -> Option<(String, &'a Value)> {
    let name = target.strip_prefix(NAMED.0)?;
    Some((name.to_owned(), document["components"]["schemas"].get(name)?))
}

/// A schema with all that it refers to.
fn whole(document: &Value, mut schema: Value) -> Value {
    let (mut found, mut waiting) = (Map::new(), Vec::new());
    localise(&mut schema, &mut waiting);
    while let Some(target) = waiting.pop() {
        if let Some((name, named)) = named(document, &target)
            && !found.contains_key(&name)
        {
            let mut named = named.clone();
            localise(&mut named, &mut waiting);
            found.insert(name, named);
        }
    }
    if !found.is_empty() {
        schema["$defs"] = found.into();
    }
    schema
}

/// Has references lead to where a tool's schema has its named schemas; says where they led.
fn localise(schema: &mut Value, targets: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref") {
                targets.push(target.clone());
                *target = target.replacen(NAMED.0, NAMED.1, 1);
            }
            members.values_mut().for_each(|value| localise(value, targets));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| localise(value, targets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_of_endpoints_that_there_are() {
        let document = crate::openapi::document();
        for tool in &TOOLS {
            for (_, verb, path) in tool.to.each() {
                assert!(
                    operation(&document, verb, path).is_object(),
                    "{}: {path}",
                    tool.name
                );
            }
            let told = described(&document, tool);
            for schema in ["inputSchema", "outputSchema"] {
                assert_eq!(told[schema]["type"], "object", "{} {schema}", tool.name);
                assert!(
                    !told[schema].to_string().contains(NAMED.0),
                    "{} {schema}",
                    tool.name
                );
            }
            // A description of a property is not lost, and none is empty.
            assert!(
                told["description"]
                    .as_str()
                    .is_some_and(|text| text.ends_with('.'))
            );
        }
    }

    #[test]
    fn no_argument_stands_for_two_things() {
        let document = crate::openapi::document();
        for tool in &TOOLS {
            for (_, verb, path) in tool.to.each() {
                let of = operation(&document, verb, path);
                let body = &of["requestBody"]["content"]["application/json"]["schema"]["properties"];
                let variables = of["parameters"].as_array().into_iter().flatten();
                for variable in variables.filter(|one| one["in"] == "path") {
                    let name = variable["name"].as_str().unwrap();
                    assert!(body.get(name).is_none(), "{}: {name}", tool.name);
                }
                assert!(body.get(OUTCOME).is_none() || !matches!(tool.to, To::Outcome(_)));
            }
        }
    }
}
