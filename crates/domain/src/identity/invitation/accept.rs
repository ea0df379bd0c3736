//! Accepting an invitation.

use super::invite::withdraw;
use crate::identity::session;
use crate::identity::session::EndReason;
use crate::prelude::*;

/// Accepts an invitation: sets the password. The caller proved to hold the token.
#[derive(Clone, PartialEq, Eq)]
pub struct AcceptInvitation {
    /// The invitation.
    pub invitation: Uuid,
    /// Who is invited.
    pub user: Uuid,
    /// Argon2id hash of the password.
    pub password_hash: String,
}

shows! { AcceptInvitation: invitation }

/// The answer to every invitation that cannot be accepted.
pub fn invalid() -> Refusal {
    let message = "this invitation is not known, was used or withdrawn, or has expired; ask for a new one";
    code::INVALID_INVITATION.because(message)
}

impl Act for AcceptInvitation {
    act! {
        action: INVITATION_ACCEPT, changes_access: true, target: "user" = user,
        refusals: INVALID_INVITATION
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.account(self.user);
    }

    fn decide(&self, facts: &Facts, _: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // Every reason not to is answered alike.
        let invitation = facts.invitations.get(&self.invitation).ok_or_else(invalid)?;
        let before = facts.users.get(&self.user).ok_or_else(invalid)?;
        let open = invitation.row.closed_at.is_none() && ctx.now < invitation.row.expires_at;
        if !open || invitation.row.user_id != before.row.id || !before.row.active {
            return Err(invalid());
        }
        let after = before
            .row
            .with_password(self.password_hash.clone(), false, ctx.now);
        let proven = Principal::proven(&after, None);
        let authority = Principal::by_credentials("invitation");
        let mut change = Change::new(&By::new(&proven, &authority), ctx);
        change.update(before, after.clone());
        withdraw(&mut change, facts, after.id, ctx.now);
        session::end_all(
            &mut change,
            facts,
            after.id,
            None,
            EndReason::PasswordChanged,
            ctx.now,
        );
        let draft = change.draft(Self::ACTION.name, "user", after.id);
        let version = before.version + 1;
        Ok(Decision::one(Reply::User { user: after, version }, draft))
    }
}
