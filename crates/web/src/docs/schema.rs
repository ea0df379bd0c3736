//! JSON schemas in words: what a value is, its bounds, and the members of an object one by one.

use maud::{Markup, html};
use serde_json::Value;

use super::prose::inline;
use super::{items, members, text};

/// What to say of a member that a request must have.
pub(super) const REQUIRED: &str = "required";
/// What to say of a member that every answer has.
pub(super) const ALWAYS: &str = "always there";

/// What the names of the schemas lead to.
#[derive(Clone, Copy)]
pub(crate) struct Schemas<'a> {
    document: &'a Value,
}

impl<'a> Schemas<'a> {
    /// Those of a document.
    pub fn of(document: &'a Value) -> Schemas<'a> {
        Schemas { document }
    }

    /// The schema that a reference leads to, with its name.
    pub fn resolved(self, schema: &'a Value) -> (Option<&'a str>, &'a Value) {
        let reference = schema["$ref"]
            .as_str()
            .and_then(|target| target.strip_prefix('#'));
        match reference.and_then(|pointer| self.document.pointer(pointer)) {
            Some(found) => (reference.and_then(|pointer| pointer.rsplit('/').next()), found),
            None => (None, schema),
        }
    }

    /// An example of a value that is written as text.
    pub fn example(self, schema: &'a Value) -> Option<String> {
        let (_, schema) = self.resolved(schema);
        let found = items(schema, "examples")
            .first()
            .or_else(|| schema.get("default"))
            .or_else(|| schema.get("minimum"))
            .or_else(|| items(schema, "enum").first())?;
        Some(plain(found))
    }

    /// What a value is, in a few words.
    pub fn kind(self, schema: &'a Value) -> String {
        let (name, schema) = self.resolved(schema);
        let ways = alternatives(schema);
        if !ways.is_empty() {
            let mut words: Vec<String> = ways.iter().map(|way| self.kind(way)).collect();
            words.dedup();
            return words.join(" or ");
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ if items(schema, "enum").contains(&Value::Null) => vec!["string", "null"],
            _ if schema.get("enum").is_some() => vec!["string"],
            _ if schema["const"] == true || schema["const"] == false => vec!["boolean"],
            _ => vec!["any"],
        };
        let word = |word: &str| match (word, name) {
            ("object", Some(name)) => name.to_owned(),
            ("array", _) => format!("array of {}", self.kind(&schema["items"])),
            ("string", _) => match text(schema, "format") {
                "" => "string".to_owned(),
                "binary" => "bytes".to_owned(),
                format => format!("string ({format})"),
            },
            (other, _) => other.to_owned(),
        };
        types.into_iter().map(word).collect::<Vec<_>>().join(" or ")
    }

    /// Bounds of a value, a line each; and of the items, where it is an array.
    pub fn bounds(self, schema: &'a Value) -> Vec<String> {
        let (_, schema) = self.resolved(schema);
        let mut lines = own_bounds(schema);
        for way in alternatives(schema) {
            for line in self.bounds(way) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        if schema.get("items").is_some() {
            lines.extend(
                self.bounds(&schema["items"])
                    .into_iter()
                    .map(|line| format!("each: {line}")),
            );
        }
        lines
    }

    /// What describes a value: its own words, or those of what it refers to, where that is one thing or null.
    pub fn description(self, schema: &'a Value) -> &'a str {
        let referred = self.resolved(schema).1;
        match (
            text(schema, "description"),
            text(referred, "description"),
            alternatives(referred),
        ) {
            ("", "", [one, null]) if null["type"] == "null" => self.description(one),
            ("", referred, _) => referred,
            (own, ..) => own,
        }
    }
}

/// A value as it stands in a sentence.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What `oneOf` or `anyOf` lists.
pub(crate) fn alternatives(schema: &Value) -> &[Value] {
    match items(schema, "oneOf") {
        [] => items(schema, "anyOf"),
        found => found,
    }
}

/// The bounds of a value, in one line.
pub(super) fn bounds(schemas: Schemas, schema: &Value) -> Markup {
    html! { @for line in schemas.bounds(schema) { span.bound { (inline(&line)) } } }
}

fn own_bounds(schema: &Value) -> Vec<String> {
    let code = |value: &Value| format!("`{}`", plain(value));
    let mut lines = Vec::new();
    let mut line = |text: String| lines.push(text);
    if let Some(value) = schema.get("const") {
        line(format!("always {}", code(value)));
    }
    let words: Vec<String> = items(schema, "enum")
        .iter()
        .filter(|word| !word.is_null())
        .map(code)
        .collect();
    if !words.is_empty() {
        line(words.join(", "));
    }
    for (least, most, unit) in [
        ("minimum", "maximum", ""),
        ("exclusiveMinimum", "exclusiveMaximum", ", both excluded"),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " members"),
    ] {
        match (&schema[least], &schema[most]) {
            (Value::Number(least), Value::Number(most)) => {
                line(format!("{} to {}{unit}", grouped(least), grouped(most)));
            }
            (least, _) if *least == 1 && !unit.is_empty() => line("not empty".to_owned()),
            (Value::Number(least), _) => line(format!("at least {}{unit}", grouped(least))),
            (_, Value::Number(most)) => line(format!("at most {}{unit}", grouped(most))),
            _ => {}
        }
    }
    if !text(schema, "pattern").is_empty() {
        line(format!("matches `{}`", text(schema, "pattern")));
    }
    if let Some(value) = schema.get("default") {
        line(format!("default {}", code(value)));
    }
    for (of, needed) in members(schema, "dependentRequired") {
        let needed: Vec<String> = needed.as_array().into_iter().flatten().map(code).collect();
        line(format!("`{of}` only with {}", needed.join(", ")));
    }
    let examples: Vec<String> = items(schema, "examples").iter().map(code).collect();
    if !examples.is_empty() {
        line(format!("such as {}", examples.join(", ")));
    }
    lines
}

/// A number with commas between its thousands.
fn grouped(number: &serde_json::Number) -> String {
    let text = number.to_string();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    let mut out = String::new();
    for (position, digit) in text.chars().enumerate() {
        if position > 0 && (text.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({"components": {"schemas": {
            "Node": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 1024, "description": "Its `name` <b>."},
                "child": {"$ref": "#/components/schemas/Node"},
                "way": {"$ref": "#/components/schemas/Way"},
            }},
            "Way": {"enum": ["up", "down"]},
        }}})
    }

    #[test]
    fn kinds_and_bounds_are_in_words() {
        let document = document();
        let schemas = Schemas::of(&document);
        let node = json!({"$ref": "#/components/schemas/Node"});
        let cases = [
            (json!({"type": "string", "format": "uuid"}), "string (uuid)", ""),
            (
                json!({"type": ["string", "null"], "maxLength": 9}),
                "string or null",
                "at most 9 characters",
            ),
            (
                json!({"$ref": "#/components/schemas/Way"}),
                "string",
                "`up`, `down`",
            ),
            (
                json!({"anyOf": [{"$ref": "#/components/schemas/Way"}, {"type": "null"}]}),
                "string or null",
                "`up`, `down`",
            ),
            (json!({"enum": ["a", null]}), "string or null", "`a`"),
            (json!({"const": true}), "boolean", "always `true`"),
            (
                json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}),
                "integer",
                "1 to 1,000; default `50`",
            ),
            (
                json!({"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^x$"}}),
                "array of string",
                "not empty; each: matches `^x$`",
            ),
            (
                json!({"oneOf": [node.clone(), {"type": "array", "items": node}]}),
                "Node or array of Node",
                "",
            ),
            (json!({}), "any", ""),
        ];
        for (schema, kind, bounds) in &cases {
            assert_eq!(schemas.kind(schema), *kind, "{schema}");
            assert_eq!(schemas.bounds(schema).join("; "), *bounds, "{schema}");
        }
    }

    #[test]
    fn what_is_referred_to_describes_itself() {
        let document = json!({"components": {"schemas": {"Way": {"description": "theirs"}}}});
        let way = json!({"$ref": "#/components/schemas/Way"});
        for (schema, description) in [
            (way.clone(), "theirs"),
            (json!({"anyOf": [way, {"type": "null"}]}), "theirs"),
            (
                json!({"anyOf": [way, {"type": "null"}], "description": "own"}),
                "own",
            ),
            (json!({"anyOf": [way, {"type": "string"}]}), ""),
        ] {
            assert_eq!(
                Schemas::of(&document).description(&schema),
                description,
                "{schema}"
            );
        }
    }

    #[test]
    fn numbers_are_grouped() {
        let grouped = |number: i64| grouped(&number.into());
        assert_eq!(
            [7, 1_000, 12_345_678, -5_000].map(grouped),
            ["7", "1,000", "12,345,678", "-5000"]
        );
    }
}
