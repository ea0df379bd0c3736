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

/// Words of the API's own description that say something to programs alone.
const FOR_PROGRAMS: [&str; 11] = [
    "`GET ",
    "`POST ",
    "Idempotency-Key",
    "he body",
    "array",
    "`linked`",
    "he answer",
    "answered",
    "`replayed`",
    "`null`",
    // A form shows what is there.
    "What is left out",
];

/// A description of the API as people read it: without what is for programs alone.
pub(crate) fn for_people(description: &str) -> String {
    let is_for_people = |part: &&str| !FOR_PROGRAMS.iter().any(|word| part.contains(word));
    let sentences = description.split_inclusive(". ").filter_map(|sentence| {
        let sentence = sentence.trim().trim_end_matches('.');
        let parts: Vec<&str> = sentence.split("; ").take_while(is_for_people).collect();
        (!parts.is_empty()).then(|| format!("{}.", parts.join("; ")))
    });
    sentences.collect::<Vec<_>>().join(" ").replace('`', "")
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

#[cfg(test)]
mod tests {
    use super::for_people;

    #[test]
    fn what_is_for_programs_is_left_out() {
        for (said, left) in [
            (
                "An asset never changes. `GET /v1/x` says it.",
                "An asset never changes.",
            ),
            (
                "It begins soon, within 1.5 s; `GET /v1/jobs` says how it went. It is one run.",
                "It begins soon, within 1.5 s. It is one run.",
            ),
            (
                "What is left out stays as it is; `null` removes it. It is `final`.",
                "It is final.",
            ),
            ("", ""),
        ] {
            assert_eq!(for_people(said), left);
        }
    }
}
