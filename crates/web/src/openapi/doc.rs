//! What an endpoint's documentation consists of. Schemas come from types; what has no type is JSON text.

use domain::code::Code;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use views::Shown;

use crate::listed::Listed;

/// A JSON schema.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// That of a type.
    Of(fn(&mut SchemaGenerator) -> Schema),
    /// One of these at least.
    AnyOf(&'static [Shape]),
    /// One of these, and no other.
    OneOf(&'static [Shape]),
    /// JSON text.
    Text(&'static str),
}

impl Shape {
    /// That of a type, which other schemas refer to by its name.
    pub const fn of<T: JsonSchema>() -> Shape {
        Shape::Of(SchemaGenerator::subschema_for::<T>)
    }

    /// That of a type that one endpoint alone has: it stands where it is used, and has no name.
    pub const fn own<T: JsonSchema>() -> Shape {
        Shape::Of(T::json_schema)
    }
}

/// Text written in this crate; that it is JSON, the tests check.
pub(super) fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// An example of a body.
#[derive(Clone, Copy)]
pub(crate) enum Example {
    /// None is needed.
    None,
    /// A value of the type that the schema is of.
    Of(fn() -> Value),
    /// JSON text for JSON bodies, text for others.
    Text(&'static str),
}

impl Example {
    /// The example of a JSON body.
    pub fn value(self) -> Value {
        match self {
            Example::None => Value::Null,
            Example::Of(made) => made(),
            Example::Text(text) => parsed(text),
        }
    }
}

/// Keeps what is put together once, for as long as the program runs.
pub(crate) fn kept<T>(items: Vec<T>) -> &'static [T] {
    items.leak()
}

/// The same for a text.
pub(crate) fn words(text: String) -> &'static str {
    text.leak()
}

/// The header with the version of a thing.
pub(crate) fn version_header(noun: &str) -> (&'static str, &'static str) {
    ("ETag", words(format!("The {noun}'s version.")))
}

/// The documentation of an endpoint, beside its handler.
pub(crate) struct Doc {
    /// Name of the operation, for generated clients.
    pub id: &'static str,
    /// Group that it belongs to.
    pub tag: &'static str,
    /// One line.
    pub summary: &'static str,
    /// As many as it takes.
    pub description: &'static str,
    /// Parameters in path, query and headers. A query parameter that is not here is refused.
    pub parameters: &'static [&'static [Parameter]],
    /// The request's body.
    pub body: Option<Content>,
    /// Answers that are not problems.
    pub replies: &'static [Reply],
    /// Problems of its own, beyond those that any request may meet.
    pub problems: &'static [Listed],
    /// What its command may be refused with.
    pub refusals: &'static [&'static Code],
}

impl Doc {
    /// What most endpoints do not have.
    pub const EMPTY: Doc = Doc {
        id: "",
        tag: "",
        summary: "",
        description: "",
        parameters: &[],
        body: None,
        replies: &[],
        problems: &[],
        refusals: &[],
    };
}

/// What stands as an endpoint's `DOC`: the documentation, or what makes it where it follows from a noun.
pub(crate) trait Documents {
    /// The documentation.
    fn doc(self) -> Doc;
}

impl Documents for Doc {
    fn doc(self) -> Doc {
        self
    }
}

impl Documents for fn() -> Doc {
    fn doc(self) -> Doc {
        self()
    }
}

/// A parameter.
#[derive(Clone, Copy)]
pub(crate) struct Parameter {
    /// `query`, `path` or `header`.
    pub place: &'static str,
    /// Name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// JSON schema.
    pub schema: Shape,
    /// Whether it must be given.
    pub required: bool,
}

impl Parameter {
    /// The id of a thing in the path, as in an example of it.
    pub fn id(noun: &str, mut example: Value) -> Parameter {
        let schema =
            serde_json::json!({"type": "string", "format": "uuid", "examples": [example["id"].take()]});
        Parameter::path(
            "id",
            words(format!("The {noun}'s id.")),
            words(schema.to_string()),
        )
    }

    /// An optional query parameter.
    pub const fn query(name: &'static str, description: &'static str, schema: &'static str) -> Parameter {
        Parameter {
            place: "query",
            name,
            description,
            schema: Shape::Text(schema),
            required: false,
        }
    }

    /// An optional query parameter of a type.
    pub const fn query_of<T: JsonSchema>(name: &'static str, description: &'static str) -> Parameter {
        Parameter {
            schema: Shape::of::<T>(),
            ..Parameter::query(name, description, "")
        }
    }

    /// A variable part of the path.
    pub const fn path(name: &'static str, description: &'static str, schema: &'static str) -> Parameter {
        Parameter {
            place: "path",
            name,
            description,
            schema: Shape::Text(schema),
            required: true,
        }
    }

    /// An optional header.
    pub const fn header(name: &'static str, description: &'static str, schema: &'static str) -> Parameter {
        Parameter {
            place: "header",
            name,
            description,
            schema: Shape::Text(schema),
            required: false,
        }
    }

    /// The same, to be given always.
    pub const fn required(mut self) -> Parameter {
        self.required = true;
        self
    }
}

/// A body of a request or an answer.
pub(crate) struct Content {
    /// Media type.
    pub media: &'static str,
    /// JSON schema.
    pub schema: Shape,
    /// Examples by name.
    pub examples: &'static [(&'static str, &'static str)],
    /// An example that needs no name; none where `examples` has some.
    pub example: Example,
}

impl Content {
    /// A body with one example.
    pub const fn new(media: &'static str, schema: &'static str, example: &'static str) -> Content {
        Content {
            media,
            schema: Shape::Text(schema),
            examples: &[],
            example: if example.is_empty() {
                Example::None
            } else {
                Example::Text(example)
            },
        }
    }

    /// JSON with named examples.
    pub const fn json(schema: &'static str, examples: &'static [(&'static str, &'static str)]) -> Content {
        Content {
            examples,
            ..Content::new("application/json", schema, "")
        }
    }

    /// JSON that is read into a type of the endpoint's own, with named examples.
    pub const fn taken<T: JsonSchema>(examples: &'static [(&'static str, &'static str)]) -> Content {
        Content {
            schema: Shape::own::<T>(),
            ..Content::json("", examples)
        }
    }

    /// JSON that shows a type of the endpoint's own.
    pub const fn shown_here<T: Shown>() -> Content {
        Content {
            schema: Shape::own::<T>(),
            ..Content::shown::<T>()
        }
    }

    /// JSON that shows a type of the endpoint's own, with an example as JSON text.
    pub const fn typed<T: JsonSchema>(example: &'static str) -> Content {
        Content {
            schema: Shape::own::<T>(),
            ..Content::new("application/json", "", example)
        }
    }

    /// JSON that shows a type which others refer to, with an example as JSON text.
    pub const fn named<T: JsonSchema>(example: &'static str) -> Content {
        Content {
            schema: Shape::of::<T>(),
            ..Content::new("application/json", "", example)
        }
    }

    /// JSON that shows a type.
    pub const fn shown<T: Shown>() -> Content {
        Content {
            schema: Shape::of::<T>(),
            example: Example::Of(|| serde_json::to_value(T::example()).unwrap_or_default()),
            ..Content::json("", &[])
        }
    }
}

/// An answer that is not a problem.
pub(crate) struct Reply {
    /// Status.
    pub status: &'static str,
    /// When it comes.
    pub description: &'static str,
    /// Headers worth mentioning: name and what they say.
    pub headers: &'static [(&'static str, &'static str)],
    /// Its body, by media type.
    pub contents: &'static [Content],
}

impl Reply {
    /// An answer without headers of its own.
    pub const fn new(status: &'static str, description: &'static str, contents: &'static [Content]) -> Reply {
        Reply {
            status,
            description,
            headers: &[],
            contents,
        }
    }

    /// An answer that shows a type of the endpoint's own.
    pub const fn shown<T: Shown>(status: &'static str, description: &'static str) -> Reply {
        Reply::new(status, description, const { &[Content::shown_here::<T>()] })
    }

    /// The same with headers worth mentioning.
    pub const fn with(mut self, headers: &'static [(&'static str, &'static str)]) -> Reply {
        self.headers = headers;
        self
    }
}
