//! Revoking keys.

use super::create::authority;
use super::row::ApiKey;
use crate::prelude::*;

/// The key, and what allows to change it. Who may not gets to know nothing of it, not even that it is there.
pub(super) fn to_change<'a>(
    facts: &'a Facts,
    id: Uuid,
    who: &Principal,
) -> Result<(&'a Sealed<ApiKey>, Authority), Refusal> {
    let key = facts.api_keys.get(&id);
    let authority = authority(key.map(|key| key.row.user_id), who)?;
    let key = key.ok_or_else(|| code::UNKNOWN_API_KEY.absent(format_args!("API key {id}"), "id"))?;
    Ok((key, authority))
}

/// Revokes an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeApiKey {
    /// Which.
    pub id: Uuid,
}

impl Act for RevokeApiKey {
    act! { action: API_KEY_REVOKE, changes_access: true, target: "api_key" = id, refusals: UNKNOWN_API_KEY }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::API_KEY, self.id);
        needs.row(&looks::OWNER_OF_KEY, self.id);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // A second revocation changes nothing.
        let (before, authority) = to_change(facts, self.id, by.who)?;
        if before.row.revoked_at.is_some() {
            return Ok(Decision::nothing(Reply::ApiKey(before.row.clone())));
        }
        let after = ApiKey {
            revoked_at: Some(ctx.now),
            ..before.row.clone()
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.update(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "api_key", self.id);
        Ok(Decision::one(Reply::ApiKey(after), draft))
    }
}
