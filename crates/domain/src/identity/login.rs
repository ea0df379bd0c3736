//! Logging in: a new session for a user whose password, and second factor, were checked.

use crate::identity::second_factor;
use crate::identity::second_factor::Proof;
use crate::identity::session::{EndReason, SESSIONS_MAX, Session};
use crate::identity::user::User;
use crate::prelude::*;

/// Begins a session.
#[derive(Clone, PartialEq, Eq)]
pub struct LogIn {
    /// Whose.
    pub user: Uuid,
    /// The password hash that the password was checked against.
    pub verified_hash: String,
    /// A stronger hash of the same password, to take its place.
    pub upgraded_hash: Option<String>,
    /// Whether only a part of the password could be checked, as a hash of another system's was made of no more.
    pub in_part: bool,
    /// The second factor that was checked.
    pub second_factor: Option<Proof>,
    /// SHA-256 of the session's token.
    pub hash: [u8; 32],
}

shows! { LogIn: user, second_factor }

/// The answer to every wrong name and password.
pub fn invalid_credentials() -> Refusal {
    let message = "user name or password is wrong, or the user is disabled";
    code::INVALID_CREDENTIALS.because(message)
}

/// The answer to a right password where a second factor is needed.
pub fn second_factor_needed() -> Refusal {
    let message = "send the code of the second factor too: `totp`, or `recovery_code`";
    code::SECOND_FACTOR_NEEDED.because(message).field("totp")
}

impl Act for LogIn {
    act! {
        action: LOGIN, changes_access: false, target: "user" = user,
        refusals: INVALID_CREDENTIALS, SECOND_FACTOR_NEEDED, INVALID_SECOND_FACTOR
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.account(self.user);
    }

    fn decide(&self, facts: &Facts, _: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let user = facts.users.get(&self.user).ok_or_else(invalid_credentials)?;
        // The password was checked outside; what it was checked against must still be the user's.
        if !user.row.active || user.row.password_hash.as_ref() != Some(&self.verified_hash) {
            return Err(invalid_credentials());
        }
        let factor = facts
            .second_factors
            .get(&self.user)
            .filter(|factor| factor.row.is_confirmed());
        let (proven, means) = match (factor, &self.second_factor) {
            (None, _) => (None, "password"),
            (Some(_), None) => return Err(second_factor_needed()),
            (Some(factor), Some(proof)) => {
                let means = match proof {
                    Proof::Totp { .. } => "password totp",
                    Proof::Recovery(_) => "password recovery_code",
                };
                (Some((factor, second_factor::used(&factor.row, proof)?)), means)
            }
        };
        let session = Session {
            id: ctx.id(1),
            user_id: user.row.id,
            hash: self.hash.to_vec(),
            second_factor: proven.is_some(),
            ip: ctx.origin.ip.clone(),
            user_agent: ctx.origin.user_agent.clone(),
            created_at: ctx.now,
            expires_at: ctx.now.plus_seconds(facts.rules.session_max_s),
            idle_expires_at: ctx
                .now
                .plus_seconds(facts.rules.session_idle_s.min(facts.rules.session_max_s)),
            ended_at: None,
            ended_reason: None,
        };
        let proven_user = Principal::proven(&user.row, Some(session.id));
        let authority = Principal::by_credentials(means);
        let mut change = Change::new(&By::new(&proven_user, &authority), ctx);
        change.insert(session.clone());
        if let Some((before, after)) = proven {
            change.update(before, after);
        }
        tend(&mut change, user, self, ctx);
        end_old_ones(&mut change, facts, self.user, ctx);
        let draft = change.draft(Self::ACTION.name, "session", session.id);
        Ok(Decision::one(Reply::Session(session), draft))
    }
}

/// Replaces a weak hash; where it is of a part of the password, the user must set a new one.
fn tend(change: &mut Change<'_>, user: &Sealed<User>, command: &LogIn, ctx: &Context) {
    let mut after = user.row.clone();
    if let Some(hash) = &command.upgraded_hash {
        change.detail("password_hash_upgraded", true);
        after.password_hash = Some(hash.clone());
    }
    if command.in_part {
        change.detail("password_checked_in_part", true);
        after.password_temporary = true;
    }
    if after != user.row {
        after.updated_at = ctx.now;
        change.update(user, after);
    }
}

/// Marks sessions that the clock has ended, and ends the oldest where there are too many.
fn end_old_ones(change: &mut Change<'_>, facts: &Facts, user: Uuid, ctx: &Context) {
    let open = facts.sessions_of(user);
    let mut live = open.iter().filter(|session| session.row.is_live(ctx.now)).count() + 1;
    for session in open {
        if !session.row.is_live(ctx.now) {
            change.update(session, session.row.ended(EndReason::Expired, ctx.now));
        } else if live > SESSIONS_MAX {
            change.update(session, session.row.ended(EndReason::TooMany, ctx.now));
            live -= 1;
        }
    }
}
