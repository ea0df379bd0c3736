//! Inviting a user, again or to set a new password.

use super::row::Invitation;
use crate::identity::user;
use crate::prelude::*;

/// Adds a new invitation to `change`, in place of those that are open.
pub(crate) fn invite(change: &mut Change<'_>, facts: &Facts, user: Uuid, hash: [u8; 32], ctx: &Context) {
    withdraw(change, facts, user, ctx.now);
    change.insert(Invitation {
        id: ctx.id(2),
        user_id: user,
        hash: hash.to_vec(),
        created_at: ctx.now,
        expires_at: ctx.now.plus_seconds(facts.rules.invitation_s),
        closed_at: None,
    });
}

/// Withdraws the open invitations of a user.
pub(crate) fn withdraw(change: &mut Change<'_>, facts: &Facts, user: Uuid, now: Timestamp) {
    for open in facts.invitations_of(user) {
        let closed_at = Some(now);
        change.update(
            open,
            Invitation {
                closed_at,
                ..open.row.clone()
            },
        );
    }
}

/// Invites an existing user, again or to set a new password.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteUser {
    /// Who.
    pub user: Uuid,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
}

shows! { InviteUser: user }

impl Act for InviteUser {
    act! {
        action: USER_INVITE, changes_access: false, target: "user" = user,
        refusals: UNKNOWN_USER, EXCEEDS_OWN, USER_ERASED, USER_DISABLED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER, self.user);
        needs.row(&looks::INVITATIONS_OF, self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = user::to_change(facts, self.user, by.who)?;
        if !before.row.active {
            let message = "this user is disabled; enable it first";
            return Err(code::USER_DISABLED.because(message));
        }
        let mut change = Change::new(by, ctx);
        invite(&mut change, facts, self.user, self.hash, ctx);
        let draft = change.draft(Self::ACTION.name, "user", self.user);
        Ok(Decision::one(user::reply(before), draft))
    }
}
