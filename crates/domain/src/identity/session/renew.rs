//! Letting a session go on.

use super::row::Session;
use crate::prelude::*;

/// Lets the calling session go on: it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewSession {
    /// Which.
    pub session: Uuid,
}

impl Act for RenewSession {
    act! {
        action: SESSION_RENEW, changes_access: false, target: "session" = session,
        refusals: SESSION_NEEDED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::SESSION, self.session);
        needs.row(&looks::USER_OF_SESSION, self.session);
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
        code::SESSION_NEEDED.because(message)
    })
}
