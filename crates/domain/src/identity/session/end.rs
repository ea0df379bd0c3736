//! Ending sessions.

use super::row::EndReason;
use crate::prelude::*;

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
    act! { action: SESSION_END, changes_access: true, target: "session" = session, refusals: UNKNOWN_SESSION }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::SESSION, self.session);
        needs.row(&looks::USER_OF_SESSION, self.session);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let id = self.session;
        let session = facts.sessions.get(&id);
        let authority = authority(session.map(|session| session.row.user_id), by.who)?;
        let session =
            session.ok_or_else(|| code::UNKNOWN_SESSION.absent(format_args!("session {id}"), "id"))?;
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
    act! { action: SESSION_END, changes_access: true, target: "user" = user, refusals: none }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER, self.user);
        needs.row(&looks::SESSIONS_OF, self.user);
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
    who.authorise(Permission::SessionsWrite)
}
