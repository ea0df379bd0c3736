//! Making a user.

use std::fmt;

use super::{User, check_email, check_free, check_full_name, check_role, check_username};
use crate::action;
use crate::change::Change;
use crate::context::Context;
use crate::decision::{Decision, Reply};
use crate::facts::Facts;
use crate::identity::permission::Role;
use crate::identity::{Authority, Principal, invitation};
use crate::refusal::Refusal;

/// Makes a user.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateUser {
    /// Name: 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub username: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Full name: 1 to 200 characters.
    pub full_name: Option<String>,
    /// Role.
    pub role: Role,
    /// Hash of a first password.
    pub password_hash: Option<String>,
    /// Whether that password must be changed at first login.
    pub password_temporary: bool,
    /// SHA-256 of an invitation's token, by which the user sets the first password.
    pub invitation: Option<[u8; 32]>,
    /// Whether it comes from another system, by an import.
    pub imported: bool,
    /// False for one that is imported as disabled.
    pub active: bool,
}

impl fmt::Debug for CreateUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateUser")
            .field("username", &self.username)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl CreateUser {
    /// A user without anything that can be left out.
    pub fn new(username: impl Into<String>, role: Role) -> CreateUser {
        CreateUser {
            username: username.into(),
            email: None,
            full_name: None,
            role,
            password_hash: None,
            password_temporary: false,
            invitation: None,
            imported: false,
            active: true,
        }
    }
}

/// Decides [`CreateUser`].
pub fn create(
    facts: &Facts,
    command: &CreateUser,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    check_username(&command.username)?;
    command.email.as_deref().map_or(Ok(()), check_email)?;
    command.full_name.as_deref().map_or(Ok(()), check_full_name)?;
    check_role(facts, &command.role)?;
    who.covers(&command.role, &facts.rules)?;
    check_free(facts, None, &command.username, command.email.as_deref())?;
    let user = User {
        id: ctx.id(1),
        username: command.username.clone(),
        email: command.email.clone(),
        full_name: command.full_name.clone(),
        role: command.role.clone(),
        active: command.active,
        password_hash: command.password_hash.clone(),
        password_temporary: command.password_temporary,
        created_at: ctx.now,
        updated_at: ctx.now,
        password_changed_at: None,
        erased_at: None,
    };
    let mut change = Change::new(who, authority, ctx);
    change.insert(user.clone());
    if let Some(hash) = command.invitation {
        invitation::invite(&mut change, facts, user.id, hash, ctx);
    }
    let action = if command.imported {
        &action::USER_IMPORT
    } else {
        &action::USER_CREATE
    };
    let draft = change.draft(action.name, "user", user.id);
    Ok(Decision::one(Reply::User { user, version: 1 }, draft))
}
