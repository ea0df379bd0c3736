//! Changing one's own second factor: a command for each change.

use std::fmt;

use super::{Hashes, Proof, SecondFactor, put, used};
use crate::identity::session::Session;
use crate::identity::user::User;
use crate::identity::{Role, session, user};
use crate::prelude::*;

/// Changes one's own second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSecondFactor<C> {
    /// Whose.
    pub user: Uuid,
    /// The session that calls.
    pub session: Uuid,
    /// What.
    pub change: C,
}

/// Enrols a second factor.
pub type EnrolSecondFactor = ChangeSecondFactor<Enrol>;
/// Confirms the second factor that was enrolled.
pub type ConfirmSecondFactor = ChangeSecondFactor<Confirm>;
/// Removes one's own second factor.
pub type RemoveSecondFactor = ChangeSecondFactor<Remove>;
/// Makes new recovery codes.
pub type RenewRecoveryCodes = ChangeSecondFactor<RecoveryCodes>;

/// What a change begins from.
#[derive(Debug)]
pub struct Before<'a> {
    row: &'a SecondFactor,
    user: &'a Sealed<User>,
    rules: &'a Rules,
    now: Timestamp,
}

/// What one change is.
pub trait SecondFactorChange {
    /// The verb.
    const ACTION: &'static Action;

    /// What it can be refused with.
    const REFUSALS: Codes;

    /// Whether the session has used a second factor by it.
    const IN_SESSION: bool = false;

    /// The row after it.
    fn after(&self, before: &Before<'_>) -> Result<SecondFactor, Refusal>;
}

impl<C: SecondFactorChange> Act for ChangeSecondFactor<C> {
    const ACTION: &'static Action = C::ACTION;
    const CHANGES_ACCESS: bool = true;
    const REFUSALS: Codes = C::REFUSALS;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("user", self.user))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER, self.user);
        needs.row(&looks::SECOND_FACTOR, self.user);
        needs.row(&looks::SESSION, self.session);
        needs.row(&looks::USER_OF_SESSION, self.session);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let user = user::own(facts, self.user, by.who)?;
        let session = session::own(facts, self.session, by.who)?;
        let before = facts.second_factors.get(&self.user);
        let none = SecondFactor::none(self.user);
        let row = before.map_or(&none, |sealed| &sealed.row);
        let after = self.change.after(&Before {
            row,
            user,
            rules: &facts.rules,
            now: ctx.now,
        })?;
        let mut change = Change::new(by, ctx);
        put(&mut change, before, after);
        if C::IN_SESSION {
            let second_factor = true;
            let with = Session {
                second_factor,
                ..session.row.clone()
            };
            change.update(session, with);
        }
        let draft = change.draft(Self::ACTION.name, "user", self.user);
        Ok(Decision::one(Reply::Done, draft))
    }
}

fn check_confirmed(row: &SecondFactor) -> Result<(), Refusal> {
    if row.is_confirmed() {
        return Ok(());
    }
    Err(code::NO_SECOND_FACTOR.because("there is no second factor"))
}

/// Refuses to leave a user without second factor whose role demands one.
fn check_optional(rules: &Rules, role: &Role) -> Result<(), Refusal> {
    if !rules.role(role).is_some_and(|rule| rule.second_factor) {
        return Ok(());
    }
    let message = format!("role {role} demands a second factor");
    Err(code::SECOND_FACTOR_REQUIRED.because(message))
}

/// Secrets stay out of logs.
macro_rules! secret {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(<$name as SecondFactorChange>::ACTION.name)
            }
        }
    )* };
}
secret!(Enrol, Confirm, Remove, RecoveryCodes);

/// A new secret, to be confirmed.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrol {
    /// The TOTP secret, encrypted.
    pub secret: Vec<u8>,
    /// The password hash that the user's password was checked against.
    pub verified_hash: String,
}

impl SecondFactorChange for Enrol {
    const ACTION: &'static Action = &action::SECOND_FACTOR_ENROL;
    const REFUSALS: Codes = refusals! { SESSION_NEEDED, WRONG_PASSWORD, SECOND_FACTOR_EXISTS };

    fn after(&self, before: &Before<'_>) -> Result<SecondFactor, Refusal> {
        let row = before.row;
        user::check_password(before.user, &self.verified_hash)?;
        if row.is_confirmed() {
            let message = "there is a second factor already; remove it first";
            return Err(code::SECOND_FACTOR_EXISTS.because(message));
        }
        Ok(SecondFactor {
            secret: Some(self.secret.clone()),
            ..SecondFactor::none(row.user_id)
        })
    }
}

/// The first code was right.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirm {
    /// The code.
    pub proof: Proof,
    /// SHA-256 of new recovery codes.
    pub recovery: Vec<[u8; 32]>,
}

impl SecondFactorChange for Confirm {
    const ACTION: &'static Action = &action::SECOND_FACTOR_CONFIRM;
    const REFUSALS: Codes = refusals! { SESSION_NEEDED, NOTHING_TO_CONFIRM, WRONG_SECOND_FACTOR };
    const IN_SESSION: bool = true;

    fn after(&self, before: &Before<'_>) -> Result<SecondFactor, Refusal> {
        let row = before.row;
        if row.is_confirmed() || row.secret.is_none() {
            let message = "no second factor waits to be confirmed; enrol one first";
            return Err(code::NOTHING_TO_CONFIRM.because(message));
        }
        Ok(SecondFactor {
            confirmed_at: Some(before.now),
            recovery: Hashes(self.recovery.clone()),
            // It does not matter here who calls.
            ..used(row, &self.proof).map_err(|wrong| code::WRONG_SECOND_FACTOR.because(wrong.message))?
        })
    }
}

/// None any more.
#[derive(Clone, PartialEq, Eq)]
pub struct Remove {
    /// The password hash that the user's password was checked against.
    pub verified_hash: String,
}

impl SecondFactorChange for Remove {
    const ACTION: &'static Action = &action::SECOND_FACTOR_REMOVE;
    const REFUSALS: Codes = refusals! {
        SESSION_NEEDED, WRONG_PASSWORD, NO_SECOND_FACTOR, SECOND_FACTOR_REQUIRED,
    };

    fn after(&self, before: &Before<'_>) -> Result<SecondFactor, Refusal> {
        let row = before.row;
        user::check_password(before.user, &self.verified_hash)?;
        check_confirmed(row)?;
        check_optional(before.rules, &before.user.row.role)?;
        Ok(SecondFactor::none(row.user_id))
    }
}

/// New recovery codes.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCodes {
    /// SHA-256 of each.
    pub recovery: Vec<[u8; 32]>,
    /// The password hash that the user's password was checked against.
    pub verified_hash: String,
}

impl SecondFactorChange for RecoveryCodes {
    const ACTION: &'static Action = &action::SECOND_FACTOR_RECOVERY_CODES;
    const REFUSALS: Codes = refusals! { SESSION_NEEDED, WRONG_PASSWORD, NO_SECOND_FACTOR };

    fn after(&self, before: &Before<'_>) -> Result<SecondFactor, Refusal> {
        let row = before.row;
        user::check_password(before.user, &self.verified_hash)?;
        check_confirmed(row)?;
        Ok(SecondFactor {
            recovery: Hashes(self.recovery.clone()),
            ..row.clone()
        })
    }
}
