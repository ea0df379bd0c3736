//! Schemas of types, and their names: what other schemas refer to stands once, under `components`.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::doc::{Shape, parsed};

/// Makes the schemas of a document.
pub(super) struct Shapes {
    taken: SchemaGenerator,
    given: SchemaGenerator,
}

impl Shapes {
    pub fn new() -> Shapes {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.transforms = vec![Box::new(plain)];
        let mut given = settings.clone().for_serialize();
        given.transforms.push(Box::new(absent_is_not_null));
        Shapes {
            taken: settings.for_deserialize().into_generator(),
            given: given.into_generator(),
        }
    }

    /// Of what a request brings.
    pub fn taken(&mut self, shape: Shape) -> Value {
        made(&mut self.taken, shape)
    }

    /// Of what an answer shows.
    pub fn given(&mut self, shape: Shape) -> Value {
        made(&mut self.given, shape)
    }

    /// The schemas that have names. Of what is both given and taken it is the one that is taken: a caller must know all
    /// that may be sent.
    pub fn named(mut self) -> Map<String, Value> {
        let mut schemas = Map::new();
        for generator in [&mut self.given, &mut self.taken] {
            for (name, schema) in generator.take_definitions(true) {
                schemas.insert(name, schema);
            }
        }
        schemas
    }
}

fn made(generator: &mut SchemaGenerator, shape: Shape) -> Value {
    match shape {
        Shape::Of(made) => {
            let mut schema = made(generator);
            for transform in generator.transforms_mut() {
                transform.transform(&mut schema);
            }
            schema.to_value()
        }
        Shape::AnyOf(ways) => json!({"anyOf": all(generator, ways)}),
        Shape::OneOf(ways) => json!({"oneOf": all(generator, ways)}),
        Shape::Text(text) => parsed(text),
    }
}

fn all(generator: &mut SchemaGenerator, shapes: &[Shape]) -> Vec<Value> {
    shapes.iter().map(|shape| made(generator, *shape)).collect()
}

/// The width of a whole number is a matter of Rust's, as are the lines of a comment; and nothing as a default says
/// nothing.
fn plain(schema: &mut Schema) {
    transform_subschemas(&mut plain, schema);
    let format = schema.get("format").and_then(Value::as_str);
    if format.is_some_and(|format| format.contains("int")) {
        schema.remove("format");
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    // Words, each with what it means, are words.
    let words = |ways: &Value| -> Option<Vec<Value>> {
        let words = ways.as_array()?.iter().map(|way| way.get("const").cloned());
        words.collect()
    };
    if let Some(words) = schema.get("oneOf").and_then(words) {
        schema.remove("oneOf");
        schema.insert("type".into(), "string".into());
        schema.insert("enum".into(), words.into());
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

/// What an answer may leave out, it leaves out where it is absent: it never shows it as null.
fn absent_is_not_null(schema: &mut Schema) {
    transform_subschemas(&mut absent_is_not_null, schema);
    let required = schema.get("required").cloned().unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties {
        if required
            .as_array()
            .is_some_and(|required| required.iter().any(|one| *one == **name))
        {
            continue;
        }
        let Some(members) = property.as_object_mut() else {
            continue;
        };
        if let Some(Value::Array(types)) = members.get_mut("type") {
            types.retain(|one| one != "null");
            if let [one] = types.as_slice() {
                members["type"] = one.clone();
            }
        }
        if let Some(Value::Array(ways)) = members.get_mut("anyOf") {
            ways.retain(|way| way["type"] != "null");
            if let [Value::Object(way)] = ways.as_mut_slice() {
                let way = std::mem::take(way);
                members.remove("anyOf");
                members.extend(way);
            }
        }
    }
}
