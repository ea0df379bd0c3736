//! The row of an agent, and its bounds.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::identity::permission::Scope;
use crate::record;
use crate::refusal::{FieldError, check_text};

/// Longest name, in characters.
pub const NAME_LEN_MAX: usize = 100;

/// Longest description, in characters.
pub const DESCRIPTION_LEN_MAX: usize = 1_000;

/// Longest release, in characters.
pub const RELEASE_LEN_MAX: usize = 100;

/// What a key of an agent can be for. None of these scopes lets anybody vote, make keys or users, or erase.
pub const SCOPES: &[Scope] = &[Scope::Read, Scope::Governance, Scope::Workflows];

record! {
    /// An agent.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Agent in "agents" {
        /// Id.
        pub id: id,
        /// Its name; unique, and never another one.
        pub name: String [fixed],
        /// What it is for.
        pub description: Option<String>,
        /// Which release of it acts.
        pub release: Option<String>,
        /// Its owner, on whose behalf it acts.
        pub user_id: Uuid [fixed],
        /// False once disabled.
        pub active: bool,
        /// The user who made it; none for someone on the server's own machine.
        pub created_by: Option<Uuid> [fixed],
        /// When it was made.
        pub created_at: Timestamp [fixed],
        /// When it was last changed.
        pub updated_at: Timestamp,
    }
}

/// Checks a name. It stands where an id may stand, and in paths.
pub(super) fn check_name(name: &str) -> Result<(), FieldError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if name.is_empty() || name.len() > NAME_LEN_MAX || !name.chars().all(allowed) {
        let message = format!("must be 1 to {NAME_LEN_MAX} characters of a-z, 0-9, '.', '_' and '-'");
        return Err(FieldError::new("name", message));
    }
    if matches!(name, "." | "..") || Uuid::try_parse(name).is_ok() {
        let message = "must not be \".\", \"..\" or like an id (a UUID)";
        return Err(FieldError::new("name", message));
    }
    Ok(())
}

/// Checks what is said of an agent.
pub(super) fn check_words(description: Option<&str>, release: Option<&str>) -> Result<(), FieldError> {
    let check = |field, text: Option<&str>, max| text.map_or(Ok(()), |text| check_text(field, text, max));
    check("description", description, DESCRIPTION_LEN_MAX)?;
    check("release", release, RELEASE_LEN_MAX)
}
