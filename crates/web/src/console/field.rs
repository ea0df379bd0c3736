//! A member of a body as a field of a form, and what is typed there as JSON.

use console::components::{Field, Input};
use serde_json::Value;

use crate::console::phrases;
use crate::docs::schema::{Schemas, alternatives};
use crate::query::Fields;

/// Characters beyond which a text gets several lines.
const LINE_MAX: u64 = 300;

/// What a field's text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Flag,
    /// A word or a text a line.
    List,
    Time,
    /// JSON as it is.
    Json,
}

/// A member of a body.
#[derive(Clone)]
pub(crate) struct Spec {
    pub name: String,
    pub required: bool,
    /// Whether most who send the form give it, though it need not be given.
    pub usual: bool,
    doc: String,
    input: Input,
    kind: Kind,
    /// Whether it may be null, where null removes what is there.
    removable: bool,
}

impl Spec {
    /// The member of this name; `changes` is whether what is left out stays as it is.
    pub fn of(schemas: Schemas<'_>, name: &str, schema: &Value, required: bool, changes: bool) -> Spec {
        let doc = phrases::described(schemas.description(schema));
        let (one, nullable) = without_null(schemas, schema);
        let kinds = schemas.kind(one);
        let enumerated = words(one);
        let chars_max = one["maxLength"].as_u64();
        let (kind, input) = match kinds.trim_end_matches(" or null") {
            _ if !enumerated.is_empty() => (Kind::Text, Input::Words(enumerated)),
            "boolean" => (Kind::Flag, Input::Flag),
            "integer" => (
                Kind::Number,
                Input::Number(one["minimum"].as_i64(), one["maximum"].as_i64()),
            ),
            "string (date-time)" => (Kind::Time, Input::Time),
            text if text.starts_with("string") => (Kind::Text, line(name, chars_max)),
            list if list.starts_with("array of string") => {
                let offered = words(schemas.resolved(&one["items"]).1);
                let input = if offered.is_empty() {
                    Input::Lines
                } else {
                    Input::Several(offered)
                };
                (Kind::List, input)
            }
            _ => (Kind::Json, Input::Lines),
        };
        let doc = match (kind, &input) {
            (Kind::List, Input::Lines) => format!("{doc} One a line.").trim().to_owned(),
            (Kind::Json, _) => format!("{doc} As JSON.").trim().to_owned(),
            // What is said of times over the API is said of what programs send.
            (Kind::Time, _) => {
                let own = phrases::described(schema["description"].as_str().unwrap_or_default());
                format!("{own} As clocks show it in your zone.").trim().to_owned()
            }
            _ => doc,
        };
        Spec {
            name: name.to_owned(),
            required,
            usual: false,
            doc,
            input,
            kind,
            removable: nullable && changes,
        }
    }

    /// The field with what stands in it.
    pub fn field(&self, value: String) -> Field {
        let mut field = Field::new(&self.name, self.name.replace('_', " "), self.input.clone());
        field.doc.clone_from(&self.doc);
        field.value = value;
        // A flag that is not given means what goes without saying.
        field.required = self.required;
        field.spare = !(self.required || self.usual);
        field
    }

    /// What to say where it must be given and is not.
    pub fn missing(&self) -> &'static str {
        match self.input {
            Input::Several(_) => "choose one at least",
            Input::Words(_) | Input::Flag => "choose one",
            _ => "is needed",
        }
    }

    /// What stands in the field for a value that is there.
    pub fn shown(&self, value: &Value) -> String {
        match (value, self.kind) {
            (Value::Null, _) => String::new(),
            (Value::String(text), _) => text.clone(),
            (Value::Array(items), Kind::List) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                items.join(self.between())
            }
            (other, _) => other.to_string(),
        }
    }

    fn between(&self) -> &'static str {
        if matches!(self.input, Input::Several(_)) {
            ","
        } else {
            "\n"
        }
    }

    /// What was typed, to be shown again.
    pub fn typed(&self, fields: &Fields) -> String {
        fields.all(&self.name).collect::<Vec<_>>().join(self.between())
    }

    /// What was typed, as the member of the body: none where it is left out.
    pub fn read(&self, fields: &Fields, zone: &console::Zone) -> Result<Option<Value>, String> {
        let text = self.typed(fields);
        if text.is_empty() {
            return Ok(self.removable.then_some(Value::Null));
        }
        Ok(Some(match self.kind {
            Kind::Flag => Value::Bool(text == "true"),
            // What is no number goes on as it is: the endpoint says what is wrong with it.
            Kind::Number => text.parse::<i64>().map_or(Value::String(text), Value::from),
            Kind::List => {
                let words = text
                    .split([',', '\n'])
                    .map(str::trim)
                    .filter(|word| !word.is_empty());
                words.map(Value::from).collect()
            }
            Kind::Time => zone
                .read(&text)
                .map_or(Value::String(text), |time| time.to_string().into()),
            Kind::Json => serde_json::from_str(&text).map_err(|error| format!("is no JSON: {error}"))?,
            Kind::Text => Value::String(text),
        }))
    }
}

/// A text of at most so many characters.
fn line(name: &str, chars_max: Option<u64>) -> Input {
    match name {
        "new_password" => Input::NewPassword,
        name if name.ends_with("password") => Input::Password,
        "totp" | "code" => Input::Code,
        _ if chars_max.is_some_and(|most| most > LINE_MAX) => Input::Lines,
        _ => Input::Line,
    }
}

/// A schema without null, and whether it had it.
fn without_null<'a>(schemas: Schemas<'a>, schema: &'a Value) -> (&'a Value, bool) {
    let (_, schema) = schemas.resolved(schema);
    let is_null = |way: &&Value| way["type"] == "null";
    if let Some(one) = alternatives(schema).iter().find(|way| !is_null(way))
        && alternatives(schema).iter().any(|way| is_null(&way))
    {
        return (schemas.resolved(one).1, true);
    }
    let nullable = schema["type"]
        .as_array()
        .is_some_and(|types| types.iter().any(|one| one == "null"));
    (schema, nullable)
}

/// The words that a schema lists.
fn words(schema: &Value) -> Vec<String> {
    let listed = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let each = alternatives(schema)
        .iter()
        .filter_map(|way| way["const"].as_str());
    listed.chain(each).map(str::to_owned).collect()
}
