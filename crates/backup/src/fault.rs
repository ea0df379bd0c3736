//! What is wrong with a file: it is none of the form.

use std::fmt;

/// What is wrong with a file that should be a backup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: expected {expected}, found {found}")]
pub struct Fault {
    /// The member, or `the file`.
    pub member: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl Fault {
    /// A fault of a member.
    pub fn new(member: &str, expected: impl fmt::Display, found: impl fmt::Display) -> Fault {
        Fault {
            member: member.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
