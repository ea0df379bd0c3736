//! Refusals: why a command was not carried out, said to the one who can act on it.

use std::fmt;

use evidence::json::{self, StrictObject};

use crate::recorded::Recorded;

/// What sort of refusal, by who can do what about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The input is malformed or out of bounds.
    Invalid,
    /// No valid credential.
    Unauthenticated,
    /// The credential does not allow it.
    Forbidden,
    /// What it names does not exist.
    NotFound,
    /// It contradicts what is there.
    Conflict,
    /// What it is about was changed meanwhile.
    Precondition,
    /// It is as it should be, but is not what came under the same key before.
    Unprocessable,
    /// Too many requests; the same may be asked later.
    TooMany,
}

impl RefusalKind {
    /// The status over HTTP (RFC 9110 section 15.5).
    pub const fn status(self) -> u16 {
        match self {
            RefusalKind::Invalid => 400,
            RefusalKind::Unauthenticated => 401,
            RefusalKind::Forbidden => 403,
            RefusalKind::NotFound => 404,
            RefusalKind::Conflict => 409,
            RefusalKind::Precondition => 412,
            RefusalKind::Unprocessable => 422,
            RefusalKind::TooMany => 429,
        }
    }
}

/// A command refused. `code` is stable; `message` is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What sort.
    pub kind: RefusalKind,
    /// Stable code, in snake case.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
    /// The field that is wrong, as a path such as `[3].actor.id`.
    pub field: Option<String>,
    /// When to try again, in seconds; with [`RefusalKind::TooMany`].
    pub retry_after_s: Option<u64>,
    /// Which rule refused it, where a rule did.
    pub rule: Option<Box<BrokenRule>>,
    /// Whether the id that the command brought stays refused: it was the state of things that refused it, and that
    /// may change, but a caller who repeats a request must get the answer that it got.
    pub final_for_id: bool,
    /// The entry that records it, where it was the answer before: nothing was looked at now, and nothing is recorded.
    pub before: Option<Box<Recorded>>,
    /// Which of several commands that stand or fall together was refused, counted from 0.
    pub position: Option<u16>,
}

/// The rule that refused a command: what it allows, and who can change that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokenRule {
    /// The rule in words, such as `tier 1: at most 0.5 BTC in withdrawals within 24 hours`.
    pub rule: String,
    /// What it allows at most, or demands at least, as a decimal.
    pub limit: Option<String>,
    /// What remains of it now, as a decimal.
    pub remaining: Option<String>,
    /// Who can lift it.
    pub lifted_by: String,
}

impl Refusal {
    /// A refusal without a field.
    pub fn new(kind: RefusalKind, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            kind,
            code,
            message: message.into(),
            field: None,
            retry_after_s: None,
            rule: None,
            final_for_id: false,
            before: None,
            position: None,
        }
    }

    /// The same, with the rule that was broken.
    #[must_use]
    pub fn by(mut self, rule: BrokenRule) -> Refusal {
        self.rule = Some(Box::new(rule));
        self
    }

    /// A refusal of input, naming the field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Refusal {
        FieldError::new(field, message).into()
    }

    /// The same, naming a field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Refusal {
        self.field = Some(field.into());
        self
    }
}

/// A value that is out of its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field, such as `actor.id`.
    pub field: String,
    /// What is wrong, with the bound.
    pub message: String,
}

impl FieldError {
    /// Names the field and what is wrong with it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> FieldError {
        FieldError {
            field: field.into(),
            message: message.into(),
        }
    }

    /// The same below `prefix`.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> FieldError {
        self.field = format!("{prefix}.{}", self.field);
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for FieldError {}

/// Checks that a text has 1 to `max` printable characters.
pub(crate) fn check_text(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    check_chars(field, text, max, "printable characters", |c| !c.is_control())
}

/// The same with line breaks and tabs among them, as a trace of calls has them.
pub(crate) fn check_lines(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    let what = "printable characters, line breaks and tabs";
    check_chars(field, text, max, what, |c| {
        !c.is_control() || matches!(c, '\n' | '\r' | '\t')
    })
}

fn check_chars(
    field: &str,
    text: &str,
    max: usize,
    what: &str,
    good: fn(char) -> bool,
) -> Result<(), FieldError> {
    if !(1..=max).contains(&text.chars().count()) || !text.chars().all(good) {
        return Err(FieldError::new(field, format!("must be 1 to {max} {what}")));
    }
    Ok(())
}

/// Checks that a text is a JSON object of at most `max` bytes in its canonical form, so that it has one spelling.
pub(crate) fn check_object(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    let error = |message: String| Err(FieldError::new(field, message));
    if text.len() > max {
        let length = text.len();
        return error(format!(
            "must have at most {max} bytes as canonical JSON, not {length}"
        ));
    }
    let object: StrictObject = match serde_json::from_str(text) {
        Ok(object) => object,
        Err(problem) => return error(format!("must be a JSON object: {problem}")),
    };
    let mut canonical = String::with_capacity(text.len());
    json::write_map(&object.0, &mut canonical);
    if canonical != text {
        return error("must be in the canonical form of RFC 8785".to_owned());
    }
    Ok(())
}
