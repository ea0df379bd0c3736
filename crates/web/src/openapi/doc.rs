//! What an endpoint's documentation consists of. Schemas and examples are JSON text: the document is JSON.

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
    /// Problems of its own, beyond those that any request may meet: status, code, when.
    pub problems: &'static [(&'static str, &'static str, &'static str)],
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
    };
}

/// A parameter.
pub(crate) struct Parameter {
    /// `query`, `path` or `header`.
    pub place: &'static str,
    /// Name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// JSON schema.
    pub schema: &'static str,
    /// Whether it must be given.
    pub required: bool,
}

impl Parameter {
    /// An optional query parameter.
    pub const fn query(name: &'static str, description: &'static str, schema: &'static str) -> Parameter {
        Parameter {
            place: "query",
            name,
            description,
            schema,
            required: false,
        }
    }

    /// A variable part of the path.
    pub const fn path(name: &'static str, description: &'static str, schema: &'static str) -> Parameter {
        Parameter {
            place: "path",
            name,
            description,
            schema,
            required: true,
        }
    }

    /// An optional header.
    pub const fn header(name: &'static str, description: &'static str, schema: &'static str) -> Parameter {
        Parameter {
            place: "header",
            name,
            description,
            schema,
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
    pub schema: &'static str,
    /// Examples by name: JSON for JSON bodies, text for others.
    pub examples: &'static [(&'static str, &'static str)],
    /// An example that needs no name; empty where `examples` has some, or none is needed.
    pub example: &'static str,
}

impl Content {
    /// A body with one example.
    pub const fn new(media: &'static str, schema: &'static str, example: &'static str) -> Content {
        Content {
            media,
            schema,
            examples: &[],
            example,
        }
    }

    /// JSON with named examples.
    pub const fn json(schema: &'static str, examples: &'static [(&'static str, &'static str)]) -> Content {
        Content {
            media: "application/json",
            schema,
            examples,
            example: "",
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
}
