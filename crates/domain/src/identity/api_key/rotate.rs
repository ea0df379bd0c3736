//! Putting a new key in the place of another.

use super::revoke::to_change;
use super::row::{ApiKey, OVERLAP_S_MAX};
use crate::prelude::*;

/// Puts a new key in the place of another, which goes on for a while so that its users can change over.
#[derive(Clone, PartialEq, Eq)]
pub struct RotateApiKey {
    /// Which.
    pub id: Uuid,
    /// How long the old key goes on, in seconds: 0 to 30 days.
    pub overlap_s: i64,
    /// The first characters of the new secret.
    pub shown: String,
    /// SHA-256 of the new secret.
    pub hash: [u8; 32],
}

shows! { RotateApiKey: id, overlap_s }

impl Act for RotateApiKey {
    act! {
        action: API_KEY_ROTATE, changes_access: true, target: "api_key" = id,
        refusals: INVALID_FIELD, UNKNOWN_API_KEY, API_KEY_REVOKED, API_KEY_EXPIRED, API_KEY_ROTATED,
            UNKNOWN_USER, EXCEEDS_OWN
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::API_KEY, self.id);
        needs.row(&looks::OWNER_OF_KEY, self.id);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // The new key is like the old one; it expires when the old one would have.
        let (before, authority) = to_change(facts, self.id, by.who)?;
        if !(0..=OVERLAP_S_MAX).contains(&self.overlap_s) {
            let message = format!("must be 0 to {OVERLAP_S_MAX} seconds (30 days)");
            return Err(Refusal::invalid("overlap_s", message));
        }
        let old = &before.row;
        if old.revoked_at.is_some() {
            return Err(code::API_KEY_REVOKED.because("this API key was revoked; create a new one"));
        }
        if old.expires_at.is_some_and(|expiry| expiry <= ctx.now) {
            return Err(code::API_KEY_EXPIRED.because("this API key has expired; create a new one"));
        }
        if let Some(successor) = old.successor {
            let message = format!("this API key was rotated already, to {successor}");
            return Err(code::API_KEY_ROTATED.because(message));
        }
        let owner = facts.users.get(&old.user_id).ok_or_else(|| {
            let message = "the owner of this API key is not there";
            code::UNKNOWN_USER.because(message)
        })?;
        by.who.covers(&owner.row.role, &facts.rules)?;
        let new = ApiKey {
            id: ctx.id(1),
            shown: self.shown.clone(),
            hash: self.hash.to_vec(),
            created_at: ctx.now,
            ..old.clone()
        };
        let end = ctx.now.plus_seconds(self.overlap_s);
        let rotated = ApiKey {
            expires_at: Some(old.expires_at.map_or(end, |expiry| expiry.min(end))),
            successor: Some(new.id),
            ..old.clone()
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.detail("overlap_s", self.overlap_s);
        change.insert(new.clone());
        change.update(before, rotated);
        let draft = change.draft(Self::ACTION.name, "api_key", old.id);
        Ok(Decision::one(Reply::ApiKey(new), draft))
    }
}
