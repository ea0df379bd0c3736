//! Passwords: reset by somebody entitled, changed by their user.

use std::fmt;

use uuid::Uuid;

use super::{check_password, own, to_change, written};
use crate::action;
use crate::change::Change;
use crate::context::Context;
use crate::decision::Decision;
use crate::facts::Facts;
use crate::identity::session::{self, EndReason};
use crate::identity::{Authority, Principal, invitation, second_factor};
use crate::refusal::{Refusal, RefusalKind};

/// Gives a user a new password, to be changed at the next login where it is temporary; every session ends.
#[derive(Clone, PartialEq, Eq)]
pub struct ResetPassword {
    /// Whose.
    pub user: Uuid,
    /// Argon2id hash of the password.
    pub password_hash: String,
    /// Whether it must be changed. One that need not be is for someone on the server's own machine, where the user
    /// can type it.
    pub temporary: bool,
    /// Whether the user is let in again whatever stood in the way: enabled, and without second factor. Only for
    /// someone on the server's own machine.
    pub recover: bool,
}

impl fmt::Debug for ResetPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetPassword")
            .field("user", &self.user)
            .field("recover", &self.recover)
            .finish_non_exhaustive()
    }
}

/// Decides [`ResetPassword`].
pub fn reset_password(
    facts: &Facts,
    command: &ResetPassword,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    let before = to_change(facts, command.user, who)?;
    if (command.recover || !command.temporary) && !who.is_local() {
        let message =
            "this is for someone on the server's own machine: probity user recover, probity user password";
        return Err(Refusal::new(RefusalKind::Forbidden, "local_only", message));
    }
    let mut after = before
        .row
        .with_password(command.password_hash.clone(), command.temporary, ctx.now);
    let mut change = Change::new(who, authority, ctx);
    let action = if command.recover {
        after.active = true;
        second_factor::remove(&mut change, facts, after.id);
        &action::USER_RECOVER
    } else {
        &action::USER_RESET_PASSWORD
    };
    change.update(before, after.clone());
    invitation::withdraw(&mut change, facts, after.id, ctx.now);
    session::end_all(
        &mut change,
        facts,
        after.id,
        None,
        EndReason::PasswordChanged,
        ctx.now,
    );
    let draft = change.draft(action.name, "user", after.id);
    Ok(written(before, after, draft))
}

/// Changes one's own password; every other session of the user ends.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangePassword {
    /// Whose.
    pub user: Uuid,
    /// The password hash that the current password was checked against.
    pub verified_hash: String,
    /// Argon2id hash of the new one.
    pub password_hash: String,
}

impl fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangePassword")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Decides [`ChangePassword`].
pub fn change_password(
    facts: &Facts,
    command: &ChangePassword,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    let before = own(facts, command.user, who)?;
    check_password(before, &command.verified_hash)?;
    let after = before
        .row
        .with_password(command.password_hash.clone(), false, ctx.now);
    let mut change = Change::new(who, authority, ctx);
    change.update(before, after.clone());
    invitation::withdraw(&mut change, facts, after.id, ctx.now);
    let keep = who.recorded_by.id;
    session::end_all(
        &mut change,
        facts,
        after.id,
        keep,
        EndReason::PasswordChanged,
        ctx.now,
    );
    let draft = change.draft(action::PASSWORD_CHANGE.name, "user", after.id);
    Ok(written(before, after, draft))
}
