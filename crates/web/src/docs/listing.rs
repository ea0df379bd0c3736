//! The members of an object, one by one, those of its members too.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::prose::blocks;
use super::schema::{Schemas, alternatives, bounds};
use super::{items, members};

/// The members of a body, in the notation that `field` of a problem has: `[].actor.id`.
pub(super) struct Listing<'a> {
    schemas: Schemas<'a>,
    required: &'static str,
    /// Named schemas that are already listed, and where.
    listed: BTreeMap<&'a str, String>,
}

/// A member of an object.
struct Member<'a> {
    path: String,
    schema: &'a Value,
    required: bool,
    /// Where the same members stand already.
    same_as: Option<String>,
}

impl<'a> Listing<'a> {
    /// `required` is what to say of a member that is always there.
    pub fn new(schemas: Schemas<'a>, required: &'static str) -> Listing<'a> {
        Listing {
            schemas,
            required,
            listed: BTreeMap::new(),
        }
    }

    /// The members of a schema as a list; nothing where it has none.
    pub fn of(&mut self, schema: &'a Value) -> Markup {
        let mut found = Vec::new();
        let same_as = self.collect("", schema, &mut found);
        let schemas = self.schemas;
        html! {
            @if same_as.is_some() { p.same { "The same members as above." } }
            @if !found.is_empty() {
                dl.members {
                    @for member in &found {
                        div {
                            dt {
                                (path(&member.path))
                                span.type { (schemas.kind(member.schema)) }
                                @if member.required { span.required { (self.required) } }
                            }
                            dd {
                                (blocks(schemas.description(member.schema)))
                                @let bounds = bounds(schemas, member.schema);
                                @if !bounds.0.is_empty() { p.bounds { (bounds) } }
                                @if let Some(place) = &member.same_as { p.same { "The same members as " code { (place) } "." } }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Adds the members below a path. Gives back where they stand, if they are listed already.
    fn collect(&mut self, path: &str, schema: &'a Value, out: &mut Vec<Member<'a>>) -> Option<String> {
        let (name, schema) = self.schemas.resolved(schema);
        let has_members = schema.get("properties").is_some() || !alternatives(schema).is_empty();
        if let Some(name) = name.filter(|_| has_members) {
            if let Some(place) = self.listed.get(name) {
                return Some(place.clone());
            }
            self.listed.insert(name, path.to_owned());
        }
        let required = items(schema, "required");
        let is_required = |name: &str| required.iter().any(|of| of == name);
        let mut properties: Vec<_> = members(schema, "properties").collect();
        properties.sort_by_key(|(name, _)| !is_required(name));
        for (name, property) in properties {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            self.member(path, property, is_required(name), out);
        }
        if schema["additionalProperties"].is_object() {
            let path = if path.is_empty() {
                "*".to_owned()
            } else {
                format!("{path}.*")
            };
            self.member(path, &schema["additionalProperties"], false, out);
        }
        let mut same_as = None;
        if schema.get("items").is_some() {
            same_as = self.collect(&format!("{path}[]"), &schema["items"], out);
        }
        for part in items(schema, "allOf").iter().chain(alternatives(schema)) {
            same_as = same_as.or(self.collect(path, part, out));
        }
        same_as
    }

    fn member(&mut self, path: String, schema: &'a Value, required: bool, out: &mut Vec<Member<'a>>) {
        let position = out.len();
        let mut below = Vec::new();
        let same_as = self.collect(&path, schema, &mut below);
        out.extend(below);
        let member = Member {
            path,
            schema,
            required,
            same_as: same_as.filter(|place| !place.is_empty()),
        };
        out.insert(position, member);
    }
}

impl<'a> Schemas<'a> {
    /// The body that a schema describes: in words, and member by member; each of several kinds by itself. `required`
    /// is what to say of a member that is always there.
    pub fn body(self, schema: &'a Value, required: &'static str) -> Markup {
        let (name, inner) = self.resolved(schema);
        let mut listing = Listing::new(self, required);
        if name.is_none() && alternatives(inner).len() > 1 {
            return html! {
                @for (number, way) in alternatives(inner).iter().enumerate() {
                    p.kind { @if number == 0 { "Either " } @else { "Or " } strong { (self.kind(way)) } (bounds(self, way)) }
                    (listing.of(way))
                }
            };
        }
        html! {
            p.kind { strong { (self.kind(schema)) } (bounds(self, schema)) }
            (blocks(self.description(schema)))
            (listing.of(schema))
        }
    }
}

/// A path whose last part stands out.
fn path(path: &str) -> Markup {
    let name = path.rfind('.').map_or(0, |dot| dot + 1);
    html! { code.path { @if name > 0 { span.outer { (path[..name]) } wbr; } (path[name..]) } }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_listed_once_even_if_they_hold_themselves() {
        let document = json!({"components": {"schemas": {"Node": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "description": "Its `name` <b>."},
            "child": {"$ref": "#/components/schemas/Node"},
            "way": {"enum": ["up", "down"]},
        }}}}});
        let schema = json!({"oneOf": [
            {"$ref": "#/components/schemas/Node"},
            {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        ]});
        let body = Schemas::of(&document).body(&schema, "required").into_string();
        assert_eq!(body.matches("<dt>").count(), 3, "{body}");
        assert!(body.contains("Its <code>name</code> &lt;b&gt;."), "{body}");
        assert!(
            body.contains("array of Node") && body.contains("The same members as above."),
            "{body}"
        );
    }

    #[test]
    fn nested_members_have_their_path() {
        let schema = json!({"type": "object", "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}},
            "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        }});
        let mut found = Vec::new();
        Listing::new(Schemas::of(&Value::Null), "required").collect("", &schema, &mut found);
        let paths: Vec<&str> = found.iter().map(|member| member.path.as_str()).collect();
        assert_eq!(paths, ["list", "list[].id", "map", "map.*"]);
    }
}
