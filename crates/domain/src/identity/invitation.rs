//! Invitations: single-use links by which a user sets a password.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::act::{Act, By};
use crate::action::Action;
use crate::change::Change;
use crate::context::Context;
use crate::decision::{Decision, Reply};
use crate::facts::{Facts, Needs};
use crate::identity::session::EndReason;
use crate::identity::{Principal, Rules, session, user};
use crate::refusal::{Refusal, RefusalKind};
use crate::{action, record};

record! {
    /// An invitation, without its secret.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Invitation in "invitations" {
        /// Id.
        pub id: id,
        /// Who is invited.
        pub user_id: Uuid,
        /// SHA-256 of the token.
        pub hash: Vec<u8> [secret],
        /// When it was made.
        pub created_at: Timestamp,
        /// From when it can no longer be accepted.
        pub expires_at: Timestamp,
        /// When it was accepted or withdrawn.
        pub closed_at: Option<Timestamp>,
    }
}

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

impl std::fmt::Debug for InviteUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InviteUser")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Act for InviteUser {
    const ACTION: &'static Action = &action::USER_INVITE;
    const CHANGES_ACCESS: bool = false;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("user", self.user))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.users.insert(self.user);
        needs.invitations_of.insert(self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = user::to_change(facts, self.user, by.who)?;
        if !before.row.active {
            let message = "this user is disabled; enable it first";
            return Err(Refusal::new(RefusalKind::Conflict, "user_disabled", message));
        }
        let mut change = Change::new(by, ctx);
        invite(&mut change, facts, self.user, self.hash, ctx);
        let draft = change.draft(Self::ACTION.name, "user", self.user);
        Ok(Decision::one(user::reply(before), draft))
    }
}

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

impl std::fmt::Debug for AcceptInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AcceptInvitation")
            .field("invitation", &self.invitation)
            .finish_non_exhaustive()
    }
}

/// The answer to every invitation that cannot be accepted.
pub fn invalid() -> Refusal {
    let message = "this invitation is not known, was used or withdrawn, or has expired; ask for a new one";
    Refusal::new(RefusalKind::Unauthenticated, "invalid_invitation", message)
}

impl Act for AcceptInvitation {
    const ACTION: &'static Action = &action::INVITATION_ACCEPT;
    const CHANGES_ACCESS: bool = true;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("user", self.user))
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

#[cfg(test)]
#[path = "invitation_tests.rs"]
mod tests;
