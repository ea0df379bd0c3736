//! Login sessions.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::act::{Act, By};
use crate::action::Action;
use crate::change::Change;
use crate::context::Context;
use crate::decision::{Decision, Reply};
use crate::facts::{Facts, Needs};
use crate::identity::{Authority, Principal, Rules};
use crate::record::Sealed;
use crate::refusal::{Refusal, RefusalKind};
use crate::{action, record};

/// Most sessions that a user has at once; a further login ends the oldest.
pub const SESSIONS_MAX: usize = 100;

record! {
    /// A login session, without its secret.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Session in "sessions" {
        /// Id.
        pub id: id,
        /// Whose it is.
        pub user_id: Uuid,
        /// SHA-256 of the token.
        pub hash: Vec<u8> [secret],
        /// Whether a second factor was used.
        pub second_factor: bool,
        /// Network address of the login; gone once it has ended.
        pub ip: Option<String> [secret],
        /// Program of the login; gone once it has ended.
        pub user_agent: Option<String> [secret],
        /// When it began.
        pub created_at: Timestamp,
        /// When it ends at the latest.
        pub expires_at: Timestamp,
        /// When it ends unless it is used.
        pub idle_expires_at: Timestamp,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
        /// Why: a word of [`EndReason`].
        pub ended_reason: Option<String>,
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its user logged out.
    Logout,
    /// Its user or somebody entitled ended it.
    Revoked,
    /// It was not used, or lasted as long as it may.
    Expired,
    /// The password was changed or reset.
    PasswordChanged,
    /// The user was disabled.
    UserDisabled,
    /// The user was erased.
    UserErased,
    /// There were too many.
    TooMany,
}

impl EndReason {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            EndReason::Logout => "logout",
            EndReason::Revoked => "revoked",
            EndReason::Expired => "expired",
            EndReason::PasswordChanged => "password_changed",
            EndReason::UserDisabled => "user_disabled",
            EndReason::UserErased => "user_erased",
            EndReason::TooMany => "too_many",
        }
    }
}

impl Session {
    /// Whether it can be used at `now`, as far as the session itself says.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now < self.idle_expires_at
    }

    /// The same, ended, and without what is personal: where it came from stays in the entry about the login.
    #[must_use]
    pub fn ended(&self, reason: EndReason, now: Timestamp) -> Session {
        Session {
            ip: None,
            user_agent: None,
            ended_at: Some(now),
            ended_reason: Some(reason.as_str().to_owned()),
            ..self.clone()
        }
    }
}

/// Ends every live session of a user in `change`, but one; gives how many.
pub(crate) fn end_all(
    change: &mut Change<'_>,
    facts: &Facts,
    user: Uuid,
    keep: Option<Uuid>,
    reason: EndReason,
    now: Timestamp,
) -> u64 {
    let mut ended = 0;
    for session in facts.sessions_of(user) {
        if Some(session.row.id) == keep {
            continue;
        }
        let after = session.row.ended(reason, now);
        if reason == EndReason::UserErased {
            change.overwrite(session, after);
        } else {
            change.update(session, after);
        }
        ended += 1;
    }
    ended
}

/// Ends the session of this id: the caller's own is a logout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSession {
    /// Which.
    pub session: Uuid,
}

impl Act for EndSession {
    const ACTION: &'static Action = &action::SESSION_END;
    const CHANGES_ACCESS: bool = true;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("session", self.session))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.sessions.insert(self.session);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let id = self.session;
        let session = facts.sessions.get(&id);
        let authority = authority(session.map(|session| session.row.user_id), by.who)?;
        let session = session.ok_or_else(|| {
            let message = format!("there is no session {id}");
            Refusal::new(RefusalKind::NotFound, "unknown_session", message).field("id")
        })?;
        if session.row.ended_at.is_some() {
            return Ok(Decision::nothing(Reply::Ended(0)));
        }
        let reason = if by.who.recorded_by.id == Some(id) {
            EndReason::Logout
        } else {
            EndReason::Revoked
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.detail("reason", reason.as_str());
        change.update(session, session.row.ended(reason, ctx.now));
        let draft = change.draft(Self::ACTION.name, "session", id);
        Ok(Decision::one(Reply::Ended(1), draft))
    }
}

/// Ends all sessions of a user, but the caller's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSessionsOf {
    /// Whose.
    pub user: Uuid,
}

impl Act for EndSessionsOf {
    const ACTION: &'static Action = &action::SESSION_END;
    const CHANGES_ACCESS: bool = true;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("user", self.user))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.users.insert(self.user);
        needs.sessions_of.insert(self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let own = by.who.recorded_by.id.filter(|id| facts.sessions.contains_key(id));
        let authority = authority(Some(self.user), by.who)?;
        let mut change = Change::new(&by.with(&authority), ctx);
        change.detail("reason", EndReason::Revoked.as_str());
        let ended = end_all(&mut change, facts, self.user, own, EndReason::Revoked, ctx.now);
        if ended == 0 {
            return Ok(Decision::nothing(Reply::Ended(0)));
        }
        let draft = change.draft(Self::ACTION.name, "user", self.user);
        Ok(Decision::one(Reply::Ended(ended), draft))
    }
}

/// One's own sessions need a session, those of others the permission.
fn authority(owner: Option<Uuid>, who: &Principal) -> Result<Authority, Refusal> {
    if owner.is_some() && owner == who.actor_id && who.session().is_ok() {
        return who.session();
    }
    who.authorise(crate::identity::Permission::SessionsWrite)
}

/// Lets the calling session go on: it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewSession {
    /// Which.
    pub session: Uuid,
}

impl Act for RenewSession {
    const ACTION: &'static Action = &action::SESSION_RENEW;
    const CHANGES_ACCESS: bool = false;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("session", self.session))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.sessions.insert(self.session);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // A second process that says the same changes nothing.
        let session = own(facts, self.session, by.who)?;
        let idle_expires_at = ctx
            .now
            .plus_seconds(facts.rules.session_idle_s)
            .min(session.row.expires_at);
        let gained = idle_expires_at.micros() - session.row.idle_expires_at.micros();
        if gained < facts.rules.session_idle_s * 1_000_000 / 8 {
            return Ok(Decision::nothing(Reply::Session(session.row.clone())));
        }
        let renewed = Session {
            idle_expires_at,
            ..session.row.clone()
        };
        let mut change = Change::new(by, ctx);
        change.update(session, renewed.clone());
        let draft = change.draft(Self::ACTION.name, "session", self.session);
        Ok(Decision::one(Reply::Session(renewed), draft))
    }
}

/// The calling session.
pub(crate) fn own<'a>(facts: &'a Facts, id: Uuid, who: &Principal) -> Result<&'a Sealed<Session>, Refusal> {
    let session = facts.sessions.get(&id).filter(|_| who.recorded_by.id == Some(id));
    session.ok_or_else(|| {
        let message = "this is for the session that calls";
        Refusal::new(RefusalKind::Forbidden, "session_needed", message)
    })
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
