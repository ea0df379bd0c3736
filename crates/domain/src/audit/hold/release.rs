//! Releasing a hold: by a person, and never by the one who set it.

use super::row::{HoldStatus, LegalHold, REASON_LEN_MAX};
use crate::prelude::*;

/// Releases a hold: what it covers may be erased and pruned again, unless another one covers it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseHold {
    /// Which.
    pub hold: Uuid,
    /// Why: 1 to 500 printable characters.
    pub reason: String,
}

impl Act for ReleaseHold {
    act! {
        action: LEGAL_HOLD_RELEASE, changes_access: false, target: "legal_hold" = hold,
        refusals: SESSION_NEEDED, INVALID_FIELD, UNKNOWN_HOLD, OWN_HOLD, OWN_RECORD
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::LEGAL_HOLD, self.hold);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // A person decides: neither a program nor someone whom nobody can name.
        by.who.session_in_full()?;
        check_text("reason", &self.reason, REASON_LEN_MAX)?;
        let before = facts.legal_holds.get(&self.hold);
        let before = before
            .ok_or_else(|| code::UNKNOWN_HOLD.absent(format_args!("legal hold {}", self.hold), "id"))?;
        if before.row.created_by == by.who.user_id {
            let rule = BrokenRule {
                rule: "a legal hold is released by someone else than who set it".to_owned(),
                lifted_by: "who holds audit:hold, and did not set it".to_owned(),
                ..BrokenRule::default()
            };
            let message = "you set this legal hold: someone else releases it";
            return Err(code::OWN_HOLD.because(message).by(rule));
        }
        if by.who.user_id.is_some_and(|user| before.row.names(user)) {
            let message = "this legal hold is about yourself: someone else releases it";
            return Err(code::OWN_RECORD.because(message));
        }
        if before.row.status == HoldStatus::Released {
            let known = Reply::Hold(before.row.clone(), before.version);
            return Ok(Decision::nothing(known));
        }
        let after = LegalHold {
            status: HoldStatus::Released,
            released_by: by.who.user_id,
            released_at: Some(ctx.now),
            release_reason: Some(self.reason.clone()),
            ..before.row.clone()
        };
        let mut change = Change::new(by, ctx);
        change.alter(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "legal_hold", after.id);
        Ok(Decision::one(Reply::Hold(after, before.version + 1), draft))
    }
}
