//! Making API keys.

use super::row::{ApiKey, NAME_LEN_MAX, REQUESTS_PER_MINUTE_MAX};
use crate::governance::agent;
use crate::identity::permission::{Permission, Scope};
use crate::prelude::*;

/// Makes an API key. The secret is made outside: only its hash comes here.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateApiKey {
    /// User name of the owner.
    pub owner: String,
    /// The agent that it is for, which is the owner's.
    pub agent: Option<Uuid>,
    /// A name for people: 1 to 100 characters.
    pub name: String,
    /// At least one scope.
    pub scopes: Vec<Scope>,
    /// From when it is no longer good.
    pub expires_at: Option<Timestamp>,
    /// Most requests in a minute: 1 to 100,000,000; the installation's setting unless given.
    pub requests_per_minute: Option<i64>,
    /// The first characters of the secret.
    pub shown: String,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
}

shows! { CreateApiKey: owner, name }

impl CreateApiKey {
    fn validate(&self, now: Timestamp) -> Result<(), FieldError> {
        let length = self.name.chars().count();
        if length == 0 || length > NAME_LEN_MAX || self.name.chars().any(char::is_control) {
            return Err(FieldError::new(
                "name",
                format!("must be 1 to {NAME_LEN_MAX} printable characters"),
            ));
        }
        if self.scopes.is_empty() {
            let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            return Err(FieldError::new(
                "scopes",
                format!("must name at least one of {}", all.join(", ")),
            ));
        }
        let beyond = |scope: &&Scope| self.agent.is_some() && !agent::SCOPES.contains(scope);
        if let Some(scope) = self.scopes.iter().find(beyond) {
            let allowed: Vec<_> = agent::SCOPES.iter().map(|scope| scope.as_str()).collect();
            let message = format!(
                "an agent's key has no scope {}: only {}",
                scope.as_str(),
                allowed.join(", ")
            );
            return Err(FieldError::new("scopes", message));
        }
        if self.expires_at.is_some_and(|expiry| expiry <= now) {
            return Err(FieldError::new("expires_at", format!("must be after now, {now}")));
        }
        let allowed = 1..=REQUESTS_PER_MINUTE_MAX;
        if self
            .requests_per_minute
            .is_some_and(|limit| !allowed.contains(&limit))
        {
            let message = format!("must be 1 to {REQUESTS_PER_MINUTE_MAX}");
            return Err(FieldError::new("requests_per_minute", message));
        }
        Ok(())
    }
}

/// What allows something with a key of this owner: one's own by one permission, all by another.
pub(super) fn authority(owner: Option<Uuid>, who: &Principal) -> Result<Authority, Refusal> {
    if owner.is_some() && owner == who.actor_id && !who.holds(Permission::ApiKeysWrite) {
        return who.authorise(Permission::ApiKeysOwn);
    }
    who.authorise(Permission::ApiKeysWrite)
}

impl Act for CreateApiKey {
    act! {
        action: API_KEY_CREATE, changes_access: false, target: none,
        refusals: INVALID_FIELD, UNKNOWN_USER, UNKNOWN_AGENT, EXCEEDS_OWN, USER_ERASED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.username(&self.owner);
        needs.rows(&looks::AGENT_RELIED_ON, self.agent);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let owner = facts.user_named(&self.owner);
        let authority = authority(owner.map(|owner| owner.row.id), by.who)?;
        self.validate(ctx.now)?;
        let owner =
            owner.ok_or_else(|| code::UNKNOWN_USER.absent(format_args!("user {:?}", self.owner), "user"))?;
        // A key does what its owner may do: who makes one for somebody else must be allowed that much.
        by.who.covers(&owner.row.role, &facts.rules)?;
        if owner.row.erased_at.is_some() {
            let message = "this user was erased, and can own no key";
            return Err(code::USER_ERASED.because(message));
        }
        if let Some(id) = self.agent {
            // Whose it is, the caller who names it knows; of another owner it is as if it were not there.
            let agent = facts
                .agents
                .get(&id)
                .filter(|agent| agent.row.user_id == owner.row.id);
            agent.ok_or_else(|| {
                code::UNKNOWN_AGENT.absent(format_args!("agent {id} of user {:?}", self.owner), "agent")
            })?;
        }
        let mut scopes = self.scopes.clone();
        scopes.sort_unstable();
        scopes.dedup();
        let key = ApiKey {
            id: ctx.id(1),
            user_id: owner.row.id,
            name: self.name.clone(),
            shown: self.shown.clone(),
            hash: self.hash.to_vec(),
            scopes,
            created_at: ctx.now,
            expires_at: self.expires_at,
            revoked_at: None,
            requests_per_minute: self.requests_per_minute,
            successor: None,
            agent_id: self.agent,
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.insert(key.clone());
        let draft = change.draft(Self::ACTION.name, "api_key", key.id);
        Ok(Decision::one(Reply::ApiKey(key), draft))
    }

    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        Unmade::about(facts, facts.user_named(&self.owner).map(|user| user.row.id))
    }
}
