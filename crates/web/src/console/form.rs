//! Forms, as they follow from the endpoints that change something: title, words and fields are those of the API's own
//! description.

use crate::console::field::Spec;
use crate::endpoint::{Access, Verb};

/// A form.
pub(crate) struct Form {
    pub verb: Verb,
    /// The path of the endpoint, and that of the form.
    pub api: &'static str,
    pub path: &'static str,
    pub access: Access,
    /// What it does, in a line, and more.
    pub title: &'static str,
    pub description: String,
    /// What it takes.
    pub fields: Vec<Spec>,
    /// Whether it takes the version that was seen.
    pub if_match: bool,
    /// Whether it takes a key, by which sending it twice does it once.
    pub key: bool,
    /// Whether a link leads there.
    pub offered: bool,
}

impl Form {
    /// Whether what it does cannot be undone.
    pub fn is_final(&self) -> bool {
        self.verb == Verb::Delete || self.api.ends_with("/erase")
    }

    /// Whether it is about one thing, which its path names.
    pub fn is_of_one(&self) -> bool {
        self.api.matches('{').count() == 1
    }

    /// What it does with one thing, as its path says it at its end.
    pub fn verb_of_one(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The list that it is about.
    pub fn list(&self) -> &str {
        let end = self.path.find("/{").or_else(|| self.path.rfind("/new"));
        end.map_or("/", |end| &self.path[..end])
    }
}
