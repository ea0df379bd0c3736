//! Passwords: reset by somebody entitled, changed by their user.

use super::{check_password, own, to_change, written};
use crate::identity::session::EndReason;
use crate::identity::user::User;
use crate::identity::{invitation, second_factor, session};
use crate::prelude::*;

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
}

shows! { ResetPassword: user }

impl Act for ResetPassword {
    act! {
        action: USER_RESET_PASSWORD, changes_access: true, target: "user" = user,
        refusals: UNKNOWN_USER, EXCEEDS_OWN, USER_ERASED, LOCAL_ONLY
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.account(self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = to_change(facts, self.user, by.who)?;
        if !self.temporary {
            check_local(by.who)?;
        }
        let after = before
            .row
            .with_password(self.password_hash.clone(), self.temporary, ctx.now);
        let change = Change::new(by, ctx);
        Ok(reset(change, Self::ACTION, facts, before, after, ctx))
    }
}

/// Lets a user in again whatever stood in the way: enabled, with another password, and without second factor. Only for
/// someone on the server's own machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoverUser(pub ResetPassword);

impl Act for RecoverUser {
    const ACTION: &'static Action = &action::USER_RECOVER;
    const CHANGES_ACCESS: bool = true;
    const REFUSALS: Codes = refusals! { UNKNOWN_USER, EXCEEDS_OWN, USER_ERASED, LOCAL_ONLY };

    fn target(&self) -> Option<(&'static str, Uuid)> {
        self.0.target()
    }

    fn needs(&self, rules: &Rules, needs: &mut Needs) {
        self.0.needs(rules, needs);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = to_change(facts, self.0.user, by.who)?;
        check_local(by.who)?;
        let password = self.0.password_hash.clone();
        let after = User {
            active: true,
            ..before.row.with_password(password, self.0.temporary, ctx.now)
        };
        let mut change = Change::new(by, ctx);
        second_factor::remove(&mut change, facts, after.id);
        Ok(reset(change, Self::ACTION, facts, before, after, ctx))
    }
}

fn check_local(who: &Principal) -> Result<(), Refusal> {
    if who.is_local() {
        return Ok(());
    }
    let message =
        "this is for someone on the server's own machine: probity user recover, probity user password";
    Err(code::LOCAL_ONLY.because(message))
}

/// Writes a user with another password, who must log in anew by it.
fn reset(
    mut change: Change<'_>,
    action: &Action,
    facts: &Facts,
    before: &Sealed<User>,
    after: User,
    ctx: &Context,
) -> Decision {
    change.update(before, after.clone());
    invitation::withdraw(&mut change, facts, after.id, ctx.now);
    let reason = EndReason::PasswordChanged;
    session::end_all(&mut change, facts, after.id, None, reason, ctx.now);
    let draft = change.draft(action.name, "user", after.id);
    written(before, after, draft)
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

shows! { ChangePassword: user }

impl Act for ChangePassword {
    act! {
        action: PASSWORD_CHANGE, changes_access: true, target: "user" = user,
        refusals: SESSION_NEEDED, WRONG_PASSWORD
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.account(self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = own(facts, self.user, by.who)?;
        check_password(before, &self.verified_hash)?;
        let after = before
            .row
            .with_password(self.password_hash.clone(), false, ctx.now);
        let mut change = Change::new(by, ctx);
        change.update(before, after.clone());
        invitation::withdraw(&mut change, facts, after.id, ctx.now);
        let keep = by.who.recorded_by.id;
        session::end_all(
            &mut change,
            facts,
            after.id,
            keep,
            EndReason::PasswordChanged,
            ctx.now,
        );
        let draft = change.draft(Self::ACTION.name, "user", after.id);
        Ok(written(before, after, draft))
    }
}
