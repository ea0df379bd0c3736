//! Changing a user: names, role, and whether it may be used.

use uuid::Uuid;

use super::{
    User, check_admin_left, check_email, check_free, check_full_name, check_role, check_username, reply,
    to_change, written,
};
use crate::action;
use crate::change::Change;
use crate::context::Context;
use crate::decision::Decision;
use crate::facts::Facts;
use crate::identity::permission::Role;
use crate::identity::session::{self, EndReason};
use crate::identity::{Authority, Principal};
use crate::refusal::{self, Refusal};

/// Changes what a user is called. What is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateUser {
    /// Which.
    pub user: Uuid,
    /// The version that the caller has seen.
    pub version: Option<u64>,
    /// New user name.
    pub username: Option<String>,
    /// New e-mail address, or none any more.
    pub email: Option<Option<String>>,
    /// New full name, or none any more.
    pub full_name: Option<Option<String>>,
}

/// Decides [`UpdateUser`]; what is as asked for already is not written again.
pub fn update(
    facts: &Facts,
    command: &UpdateUser,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    command
        .email
        .iter()
        .flatten()
        .try_for_each(|email| check_email(email))?;
    let mut names = command.full_name.iter().flatten();
    names.try_for_each(|name| check_full_name(name))?;
    let before = to_change(facts, command.user, who)?;
    refusal::check_version("user", before.version, command.version)?;
    let mut after = before.row.clone();
    if let Some(name) = command.username.as_ref().filter(|name| **name != after.username) {
        check_username(name)?;
        after.username.clone_from(name);
    }
    after.email = command.email.clone().unwrap_or(after.email);
    after.full_name = command.full_name.clone().unwrap_or(after.full_name);
    if after == before.row {
        return Ok(Decision::nothing(reply(before)));
    }
    check_free(facts, Some(after.id), &after.username, after.email.as_deref())?;
    after.updated_at = ctx.now;
    let mut change = Change::new(who, authority, ctx);
    change.update(before, after.clone());
    let draft = change.draft(action::USER_UPDATE.name, "user", after.id);
    Ok(written(before, after, draft))
}

/// Gives a user another role, effective at once for every session and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRole {
    /// Whose.
    pub user: Uuid,
    /// The version that the caller has seen.
    pub version: Option<u64>,
    /// The new role.
    pub role: Role,
}

/// Decides [`SetRole`].
pub fn set_role(
    facts: &Facts,
    command: &SetRole,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    check_role(facts, &command.role)?;
    let before = to_change(facts, command.user, who)?;
    who.covers(&command.role, &facts.rules)?;
    refusal::check_version("user", before.version, command.version)?;
    if before.row.role == command.role {
        return Ok(Decision::nothing(reply(before)));
    }
    check_admin_left(facts, &before.row)?;
    let after = User {
        role: command.role.clone(),
        updated_at: ctx.now,
        ..before.row.clone()
    };
    let mut change = Change::new(who, authority, ctx);
    change.update(before, after.clone());
    let draft = change.draft(action::USER_SET_ROLE.name, "user", after.id);
    Ok(written(before, after, draft))
}

/// Disables a user, whose sessions end and whose keys are refused, or enables one again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetActive {
    /// Which.
    pub user: Uuid,
    /// Whether it may be used.
    pub active: bool,
}

/// Decides [`SetActive`].
pub fn set_active(
    facts: &Facts,
    command: &SetActive,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    let before = to_change(facts, command.user, who)?;
    if before.row.active == command.active {
        return Ok(Decision::nothing(reply(before)));
    }
    let after = User {
        active: command.active,
        updated_at: ctx.now,
        ..before.row.clone()
    };
    let mut change = Change::new(who, authority, ctx);
    change.update(before, after.clone());
    let action = if command.active {
        &action::USER_ENABLE
    } else {
        check_admin_left(facts, &before.row)?;
        session::end_all(
            &mut change,
            facts,
            after.id,
            None,
            EndReason::UserDisabled,
            ctx.now,
        );
        &action::USER_DISABLE
    };
    let draft = change.draft(action.name, "user", after.id);
    Ok(written(before, after, draft))
}
