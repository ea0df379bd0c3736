//! Changing a user: names, role, and whether it may be used.

use super::{
    User, check_admin_left, check_email, check_free, check_full_name, check_role, check_username, reply,
    to_change, written,
};
use crate::identity::permission::Role;
use crate::identity::session;
use crate::identity::session::EndReason;
use crate::prelude::*;

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

impl Act for UpdateUser {
    act! {
        action: USER_UPDATE, changes_access: true, target: "user" = user,
        refusals: INVALID_FIELD, UNKNOWN_USER, EXCEEDS_OWN, USER_ERASED, VERSION_MISMATCH, USERNAME_TAKEN,
            EMAIL_TAKEN
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER, self.user);
        self.username.iter().for_each(|name| needs.username(name));
        self.email.iter().flatten().for_each(|email| needs.email(email));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // What is as asked for already is not written again.
        self.email
            .iter()
            .flatten()
            .try_for_each(|email| check_email(email))?;
        let mut names = self.full_name.iter().flatten();
        names.try_for_each(|name| check_full_name(name))?;
        let before = to_change(facts, self.user, by.who)?;
        code::check_version("user", before.version, self.version)?;
        let mut after = before.row.clone();
        if let Some(name) = self.username.as_ref().filter(|name| **name != after.username) {
            check_username(name)?;
            after.username.clone_from(name);
        }
        after.email = self.email.clone().unwrap_or(after.email);
        after.full_name = self.full_name.clone().unwrap_or(after.full_name);
        if after == before.row {
            return Ok(Decision::nothing(reply(before)));
        }
        check_free(facts, Some(after.id), &after.username, after.email.as_deref())?;
        after.updated_at = ctx.now;
        let mut change = Change::new(by, ctx);
        change.update(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "user", after.id);
        Ok(written(before, after, draft))
    }
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

impl Act for SetRole {
    act! {
        action: USER_SET_ROLE, changes_access: true, target: "user" = user,
        refusals: INVALID_FIELD, UNKNOWN_USER, EXCEEDS_OWN, USER_ERASED, VERSION_MISMATCH, LAST_ADMIN
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER, self.user);
        needs.admins();
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        check_role(facts, &self.role)?;
        let before = to_change(facts, self.user, by.who)?;
        by.who.covers(&self.role, &facts.rules)?;
        code::check_version("user", before.version, self.version)?;
        if before.row.role == self.role {
            return Ok(Decision::nothing(reply(before)));
        }
        check_admin_left(facts, &before.row)?;
        let after = User {
            role: self.role.clone(),
            updated_at: ctx.now,
            ..before.row.clone()
        };
        let mut change = Change::new(by, ctx);
        change.update(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "user", after.id);
        Ok(written(before, after, draft))
    }
}

/// Disables a user, whose sessions end and whose keys are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisableUser {
    /// Which.
    pub user: Uuid,
}

impl Act for DisableUser {
    act! {
        action: USER_DISABLE, changes_access: true, target: "user" = user,
        refusals: UNKNOWN_USER, EXCEEDS_OWN, USER_ERASED, LAST_ADMIN
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER, self.user);
        needs.row(&looks::SESSIONS_OF, self.user);
        needs.admins();
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = to_change(facts, self.user, by.who)?;
        if !before.row.active {
            return Ok(Decision::nothing(reply(before)));
        }
        check_admin_left(facts, &before.row)?;
        let after = before.row.with_active(false, ctx.now);
        let mut change = Change::new(by, ctx);
        change.update(before, after.clone());
        session::end_all(
            &mut change,
            facts,
            after.id,
            None,
            EndReason::UserDisabled,
            ctx.now,
        );
        let draft = change.draft(Self::ACTION.name, "user", after.id);
        Ok(written(before, after, draft))
    }
}

/// Enables a user who was disabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnableUser {
    /// Which.
    pub user: Uuid,
}

impl Act for EnableUser {
    act! {
        action: USER_ENABLE, changes_access: true, target: "user" = user,
        refusals: UNKNOWN_USER, EXCEEDS_OWN, USER_ERASED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER, self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = to_change(facts, self.user, by.who)?;
        if before.row.active {
            return Ok(Decision::nothing(reply(before)));
        }
        let after = before.row.with_active(true, ctx.now);
        let mut change = Change::new(by, ctx);
        change.update(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "user", after.id);
        Ok(written(before, after, draft))
    }
}
