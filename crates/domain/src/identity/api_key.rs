//! API keys.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::act::{Act, By, Unmade};
use crate::action::Action;
use crate::change::Change;
use crate::context::Context;
use crate::decision::{Decision, Reply};
use crate::facts::{Facts, Needs};
use crate::identity::permission::{Permission, Scope};
use crate::identity::{Authority, Principal, Rules};
use crate::record::Sealed;
use crate::refusal::{FieldError, Refusal, RefusalKind};
use crate::{action, record};

/// Longest name of a key, in characters.
pub const NAME_LEN_MAX: usize = 100;

record! {
    /// An API key, without its secret.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ApiKey in "api_keys" {
        /// Id.
        pub id: id,
        /// Its owner.
        pub user_id: Uuid,
        /// A name for people.
        pub name: String,
        /// The first characters of the secret, to recognise it by.
        pub shown: String,
        /// SHA-256 of the secret.
        pub hash: Vec<u8> [secret],
        /// What it is for.
        pub scopes: Vec<Scope>,
        /// When it was made.
        pub created_at: Timestamp,
        /// From when it is no longer good.
        pub expires_at: Option<Timestamp>,
        /// When it was revoked.
        pub revoked_at: Option<Timestamp>,
        /// Most requests in a minute; the installation's setting unless given.
        pub requests_per_minute: Option<i64> [added],
        /// The key that took its place by rotation.
        pub successor: Option<Uuid> [added],
    }
}

impl ApiKey {
    /// The scopes as one text, separated by spaces.
    pub fn scopes_text(&self) -> String {
        self.scopes
            .iter()
            .map(|scope| scope.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Most requests in a minute that a key can be given.
pub const REQUESTS_PER_MINUTE_MAX: i64 = 100_000_000;

/// Longest time that a rotated key goes on beside its successor, in seconds.
pub const OVERLAP_S_MAX: i64 = 30 * 86_400;

/// Makes an API key. The secret is made outside: only its hash comes here.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateApiKey {
    /// User name of the owner.
    pub owner: String,
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

impl std::fmt::Debug for CreateApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateApiKey")
            .field("owner", &self.owner)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

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
fn authority(owner: Option<Uuid>, who: &Principal) -> Result<Authority, Refusal> {
    if owner.is_some() && owner == who.actor_id && !who.holds(Permission::ApiKeysWrite) {
        return who.authorise(Permission::ApiKeysOwn);
    }
    who.authorise(Permission::ApiKeysWrite)
}

impl Act for CreateApiKey {
    const ACTION: &'static Action = &action::API_KEY_CREATE;
    const CHANGES_ACCESS: bool = false;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        None
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.username(&self.owner);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let owner = facts.user_named(&self.owner);
        let authority = authority(owner.map(|owner| owner.row.id), by.who)?;
        self.validate(ctx.now)?;
        let owner = owner.ok_or_else(|| {
            Refusal::new(
                RefusalKind::NotFound,
                "unknown_user",
                format!("there is no user {:?}", self.owner),
            )
            .field("user")
        })?;
        // A key does what its owner may do: who makes one for somebody else must be allowed that much.
        by.who.covers(&owner.row.role, &facts.rules)?;
        if owner.row.erased_at.is_some() {
            let message = "this user was erased, and can own no key";
            return Err(Refusal::new(RefusalKind::Conflict, "user_erased", message));
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

/// The key, and what allows to change it. Who may not gets to know nothing of it, not even that it is there.
fn to_change<'a>(
    facts: &'a Facts,
    id: Uuid,
    who: &Principal,
) -> Result<(&'a Sealed<ApiKey>, Authority), Refusal> {
    let key = facts.api_keys.get(&id);
    let authority = authority(key.map(|key| key.row.user_id), who)?;
    let key = key.ok_or_else(|| {
        let message = format!("there is no API key {id}");
        Refusal::new(RefusalKind::NotFound, "unknown_api_key", message).field("id")
    })?;
    Ok((key, authority))
}

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

impl std::fmt::Debug for RotateApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RotateApiKey")
            .field("id", &self.id)
            .field("overlap_s", &self.overlap_s)
            .finish_non_exhaustive()
    }
}

impl Act for RotateApiKey {
    const ACTION: &'static Action = &action::API_KEY_ROTATE;
    const CHANGES_ACCESS: bool = true;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("api_key", self.id))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.api_keys.insert(self.id);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // The new key is like the old one; it expires when the old one would have.
        let (before, authority) = to_change(facts, self.id, by.who)?;
        if !(0..=OVERLAP_S_MAX).contains(&self.overlap_s) {
            let message = format!("must be 0 to {OVERLAP_S_MAX} seconds (30 days)");
            return Err(Refusal::invalid("overlap_s", message));
        }
        let conflict = |code, message: &str| Refusal::new(RefusalKind::Conflict, code, message);
        let old = &before.row;
        if old.revoked_at.is_some() {
            return Err(conflict(
                "api_key_revoked",
                "this API key was revoked; create a new one",
            ));
        }
        if old.expires_at.is_some_and(|expiry| expiry <= ctx.now) {
            return Err(conflict(
                "api_key_expired",
                "this API key has expired; create a new one",
            ));
        }
        if let Some(successor) = old.successor {
            let message = format!("this API key was rotated already, to {successor}");
            return Err(conflict("api_key_rotated", &message));
        }
        let owner = facts.users.get(&old.user_id).ok_or_else(|| {
            let message = "the owner of this API key is not there";
            Refusal::new(RefusalKind::NotFound, "unknown_user", message)
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

/// Revokes an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeApiKey {
    /// Which.
    pub id: Uuid,
}

impl Act for RevokeApiKey {
    const ACTION: &'static Action = &action::API_KEY_REVOKE;
    const CHANGES_ACCESS: bool = true;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("api_key", self.id))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.api_keys.insert(self.id);
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

#[cfg(test)]
#[path = "api_key_tests.rs"]
mod tests;
