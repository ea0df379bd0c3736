//! Bounds of policies.

use evidence::json;
use serde_json::Value;

use super::{Condition, Policies, Policy, Test};
use crate::approval::row::QUORUM_MAX;
use crate::audit::filter::is_action;
use crate::refusal::FieldError;

/// Most policies.
pub const POLICIES_MAX: usize = 1_000;

/// Most conditions of a policy.
pub const CONDITIONS_MAX: usize = 20;

/// Most agents of a policy, and most values of a condition.
pub const NAMES_MAX: usize = 100;

/// Longest time that a policy lets an approval be voted on and used: 366 days.
pub const EXPIRES_S_MAX: i64 = 366 * 24 * 3_600;

/// Longest pointer, in bytes.
pub const POINTER_LEN_MAX: usize = 1_000;

/// Longest value of a condition, in bytes of canonical JSON.
pub const VALUE_LEN_MAX: usize = 4_096;

impl Policies {
    /// Policies that are within their bounds; the error names the field of the one that is not, by its position.
    pub fn new(policies: Vec<Policy>) -> Result<Policies, FieldError> {
        most("", "policies", policies.len(), POLICIES_MAX)?;
        let mut list = Vec::with_capacity(policies.len());
        for (position, policy) in policies.into_iter().enumerate() {
            let at = format!("[{position}]");
            list.push(policy.checked().map_err(|error| error.within(&at))?);
        }
        Ok(Policies::unchecked(list))
    }
}

impl Policy {
    fn checked(self) -> Result<Policy, FieldError> {
        for (field, word) in [("action", &self.action)]
            .into_iter()
            .chain(self.agents.iter().map(|agent| ("agents", agent)))
        {
            if word.is_empty() || !is_action(word) {
                let message =
                    format!("is {word:?}: it must be a name, or the beginning of one and a final `*`");
                return Err(FieldError::new(field, message));
            }
        }
        most("agents", "agents", self.agents.len(), NAMES_MAX)?;
        most("conditions", "conditions", self.conditions.len(), CONDITIONS_MAX)?;
        if !(1..=QUORUM_MAX).contains(&self.quorum) {
            let message = format!("is {}: it must be 1 to {QUORUM_MAX}", self.quorum);
            return Err(FieldError::new("quorum", message));
        }
        if let Some(seconds) = self
            .expires_s
            .filter(|seconds| !(1..=EXPIRES_S_MAX).contains(seconds))
        {
            let message = format!("is {seconds}: it must be 1 to {EXPIRES_S_MAX}");
            return Err(FieldError::new("expires_s", message));
        }
        let conditions = self.conditions.into_iter().enumerate();
        let conditions = conditions.map(|(position, condition)| {
            let at = format!("conditions[{position}]");
            condition.checked().map_err(|error| error.within(&at))
        });
        Ok(Policy {
            conditions: conditions.collect::<Result<_, _>>()?,
            ..self
        })
    }
}

impl Condition {
    fn checked(self) -> Result<Condition, FieldError> {
        if self.pointer.len() > POINTER_LEN_MAX || !is_pointer(&self.pointer) {
            let message = format!(
                "is {:?}: it must be a JSON Pointer such as /amount or /to/0, of at most {POINTER_LEN_MAX} bytes",
                self.pointer
            );
            return Err(FieldError::new("pointer", message));
        }
        let test = match self.test {
            Test::Equals(value) => Test::Equals(normal("equals", &value)?),
            Test::AtMost(value) if value.is_number() => Test::AtMost(normal("at_most", &value)?),
            Test::AtMost(_) => return Err(FieldError::new("at_most", "must be a number")),
            Test::OneOf(values) => {
                if values.is_empty() {
                    return Err(FieldError::new("one_of", "must have a value"));
                }
                most("one_of", "values", values.len(), NAMES_MAX)?;
                let values = values.iter().map(|value| normal("one_of", value));
                Test::OneOf(values.collect::<Result<_, _>>()?)
            }
        };
        Ok(Condition { test, ..self })
    }
}

/// A value as canonical JSON reads back, so that what is equal compares as equal.
fn normal(field: &str, value: &Value) -> Result<Value, FieldError> {
    let error = |message: String| FieldError::new(field, message);
    // As it is written out, which for a number is what it was read as.
    json::number::check_exact(&value.to_string()).map_err(|inexact| error(inexact.to_string()))?;
    let text = json::canonical(value);
    if text.len() > VALUE_LEN_MAX {
        let message = format!(
            "must have at most {VALUE_LEN_MAX} bytes as canonical JSON, not {}",
            text.len()
        );
        return Err(error(message));
    }
    serde_json::from_str(&text).map_err(|problem| error(problem.to_string()))
}

fn most(field: &str, what: &str, length: usize, max: usize) -> Result<(), FieldError> {
    if length <= max {
        return Ok(());
    }
    Err(FieldError::new(
        field,
        format!("are {length} {what}: at most {max}"),
    ))
}

/// Whether a text is a pointer as RFC 6901 section 3 writes it.
fn is_pointer(text: &str) -> bool {
    let mut escapes = text.split('~').skip(1);
    let begins = text.is_empty() || text.starts_with('/');
    begins && escapes.all(|rest| rest.starts_with(['0', '1']))
}
