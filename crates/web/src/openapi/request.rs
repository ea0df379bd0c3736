//! What holds for every request alike, put into the schemas of all, so that no endpoint has to say it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Where the shared schemas are.
const SHARED: &str = "#/components/schemas/";

/// A query parameter that is given is not empty.
pub(super) fn not_empty(schema: &mut Value) {
    if schema["type"] == "string" && schema.get("format").is_none() && schema.get("minLength").is_none() {
        schema["minLength"] = 1.into();
    }
}

/// A member of a body that may be left out may also be null, which means the same.
pub(super) fn optional_may_be_null(document: &mut Value) {
    let mut bodies = Vec::new();
    for operation in operations(document) {
        for content in operation["requestBody"]["content"]
            .as_object()
            .into_iter()
            .flat_map(Map::values)
        {
            bodies.push(content["schema"].clone());
        }
    }
    let mut shared = BTreeSet::new();
    for body in &bodies {
        references(body, document, &mut shared);
    }
    for operation in operations_mut(document) {
        let contents = operation
            .get_mut("requestBody")
            .and_then(|body| body["content"].as_object_mut());
        for content in contents.into_iter().flat_map(Map::values_mut) {
            relax(&mut content["schema"]);
        }
    }
    for name in shared {
        relax(&mut document["components"]["schemas"][name]);
    }
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().into_iter().flat_map(Map::values);
    paths.flat_map(|path| path.as_object().into_iter().flat_map(Map::values))
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut);
    paths.flat_map(|path| path.as_object_mut().into_iter().flat_map(Map::values_mut))
}

/// Names of the shared schemas that a schema leads to.
fn references(schema: &Value, document: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            let name = schema["$ref"]
                .as_str()
                .and_then(|target| target.strip_prefix(SHARED));
            if let Some(name) = name.filter(|name| found.insert((*name).to_owned())) {
                references(&document["components"]["schemas"][name], document, found);
            }
            members
                .values()
                .for_each(|member| references(member, document, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, document, found)),
        _ => {}
    }
}

fn relax(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let required = members.get("required").cloned().unwrap_or_default();
            let required: Vec<&str> = required
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                for (name, property) in properties.iter_mut() {
                    relax(property);
                    if !required.contains(&name.as_str()) {
                        allow_null(property);
                    }
                }
            }
            for (_, member) in members.iter_mut().filter(|(name, _)| *name != "properties") {
                relax(member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(relax),
        _ => {}
    }
}

fn allow_null(schema: &mut Value) {
    let nothing = || json!({"type": "null"});
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if let Some(target) = members.remove("$ref") {
        members.insert("anyOf".to_owned(), json!([{"$ref": target}, nothing()]));
        return;
    }
    for name in ["oneOf", "anyOf"] {
        if let Some(Value::Array(ways)) = members.get_mut(name) {
            if !ways.contains(&nothing()) {
                ways.push(nothing());
            }
            return;
        }
    }
    if let Some(Value::Array(words)) = members.get_mut("enum")
        && !words.contains(&Value::Null)
    {
        words.push(Value::Null);
    }
    if let Some(word @ Value::String(_)) = members.get_mut("type") {
        *word = json!([word, "null"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_left_out_may_be_nothing() {
        let schema = json!({"type": "object", "required": ["must"], "properties": {
            "must": {"type": "string"},
            "text": {"type": "string", "minLength": 1},
            "nullable": {"type": ["string", "null"]},
            "word": {"enum": ["a"]},
            "shared": {"$ref": "#/components/schemas/Shared", "description": "d"},
            "either": {"oneOf": [{"type": "string"}]},
            "required": {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}},
        }});
        let mut document = json!({
            "paths": {"/x": {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}},
            "components": {"schemas": {
                "Shared": {"properties": {"inner": {"type": "array", "items": {"$ref": "#/components/schemas/Shared"}}}},
                "Answer": {"properties": {"text": {"type": "string"}}},
            }},
        });
        optional_may_be_null(&mut document);
        let relaxed =
            &document["paths"]["/x"]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(
            relaxed["properties"],
            json!({
                "must": {"type": "string"},
                "text": {"type": ["string", "null"], "minLength": 1},
                "nullable": {"type": ["string", "null"]},
                "word": {"enum": ["a", null]},
                "shared": {"anyOf": [{"$ref": "#/components/schemas/Shared"}, {"type": "null"}], "description": "d"},
                "either": {"oneOf": [{"type": "string"}, {"type": "null"}]},
                "required": {"type": ["object", "null"], "required": ["x"], "properties": {"x": {"type": "integer"}, "y": {"type": ["integer", "null"]}}},
            })
        );
        let schemas = &document["components"]["schemas"];
        assert_eq!(
            schemas["Shared"]["properties"]["inner"]["type"],
            json!(["array", "null"])
        );
        assert_eq!(schemas["Answer"]["properties"]["text"]["type"], "string");
    }

    #[test]
    fn texts_in_the_query_are_not_empty() {
        for (schema, expected) in [
            (
                json!({"type": "string"}),
                json!({"type": "string", "minLength": 1}),
            ),
            (
                json!({"type": "string", "minLength": 2}),
                json!({"type": "string", "minLength": 2}),
            ),
            (
                json!({"type": "string", "format": "uuid"}),
                json!({"type": "string", "format": "uuid"}),
            ),
            (json!({"enum": ["a"]}), json!({"enum": ["a"]})),
        ] {
            let mut made = schema;
            not_empty(&mut made);
            assert_eq!(made, expected);
        }
    }
}
