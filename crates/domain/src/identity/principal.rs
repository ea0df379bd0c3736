//! The principal: a caller as the facts know it, and the proof that it was authorised.

use evidence::leaf::{RecordedBy, RecorderKind};
use evidence::payload::{ActorKind, Payload, PayloadActor};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::context::{Caller, Context};
use crate::facts::Facts;
use crate::identity::permission::{Permission, Role, Scope};
use crate::refusal::{Refusal, RefusalKind};

/// A caller with what the facts say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The credential, as entries record it.
    pub recorded_by: RecordedBy,
    /// What kind of actor is behind the credential.
    pub actor_kind: ActorKind,
    /// The actor's id where Probity made it.
    pub actor_id: Option<Uuid>,
    /// The actor's name.
    pub actor_name: Option<String>,
    grant: Grant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Grant {
    /// Full rights by access to the machine, or as a part of the program.
    Word(&'static str),
    /// A user's role, narrowed by the scopes of an API key.
    Key { role: Role, scopes: Vec<Scope> },
    /// None: the credential is known but no longer good.
    Denied(Refusal),
}

/// Proof that a permission was checked, and the words that say what allowed it.
///
/// Only [`Principal::authorise`] makes one, and what decides takes one, so that a decision without a
/// check does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(String);

impl Authority {
    /// The words, such as `role:compliance custody:approve`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Principal {
    /// The principal behind `caller`; an unknown credential has none.
    pub fn of(caller: &Caller, facts: &Facts, now: Timestamp) -> Result<Principal, Refusal> {
        match caller {
            Caller::ApiKey(id) => Principal::of_key(*id, facts, now),
            Caller::Operator { name } => Ok(Principal {
                recorded_by: RecordedBy { kind: RecorderKind::Operator, id: None },
                actor_kind: ActorKind::External,
                actor_id: None,
                actor_name: Some(format!("os:{name}")),
                grant: Grant::Word("operator"),
            }),
            Caller::System { part } => Ok(Principal {
                recorded_by: RecordedBy { kind: RecorderKind::System, id: None },
                actor_kind: ActorKind::System,
                actor_id: None,
                actor_name: Some((*part).to_owned()),
                grant: Grant::Word("system"),
            }),
        }
    }

    fn of_key(id: Uuid, facts: &Facts, now: Timestamp) -> Result<Principal, Refusal> {
        let unknown = || Refusal::new(RefusalKind::Unauthenticated, "unknown_api_key", "this API key is not known");
        let key = &facts.api_keys.get(&id).ok_or_else(unknown)?.row;
        let owner = &facts.users.get(&key.user_id).ok_or_else(unknown)?.row;
        let denied = |code, message: String| Grant::Denied(Refusal::new(RefusalKind::Unauthenticated, code, message));
        let grant = if let Some(revoked_at) = key.revoked_at {
            denied("api_key_revoked", format!("this API key was revoked at {revoked_at}"))
        } else if key.expires_at.is_some_and(|expiry| expiry <= now) {
            denied("api_key_expired", "this API key has expired".to_owned())
        } else if !owner.active {
            denied("user_disabled", "the owner of this API key is disabled".to_owned())
        } else {
            Grant::Key { role: owner.role, scopes: key.scopes.clone() }
        };
        Ok(Principal {
            recorded_by: RecordedBy { kind: RecorderKind::ApiKey, id: Some(id) },
            actor_kind: ActorKind::User,
            actor_id: Some(owner.id),
            actor_name: Some(owner.username.clone()),
            grant,
        })
    }

    /// Checks that the caller holds `permission`.
    pub fn authorise(&self, permission: Permission) -> Result<Authority, Refusal> {
        let word = permission.as_str();
        match &self.grant {
            Grant::Word(source) => Ok(Authority(format!("{source} {word}"))),
            Grant::Denied(refusal) => Err(refusal.clone()),
            Grant::Key { role, scopes } => {
                if !role.permissions().contains(&permission) {
                    let holders: Vec<_> = Role::holding(permission).iter().map(|role| role.as_str()).collect();
                    let message =
                        format!("role {} does not hold {word}; roles that do: {}", role.as_str(), holders.join(", "));
                    return Err(Refusal::new(RefusalKind::Forbidden, "permission_missing", message));
                }
                if !scopes.iter().any(|scope| scope.permissions().contains(&permission)) {
                    let enough: Vec<_> = Scope::ALL
                        .iter()
                        .filter(|scope| scope.permissions().contains(&permission))
                        .map(|scope| scope.as_str())
                        .collect();
                    let message =
                        format!("this API key's scopes do not include {word}; scopes that do: {}", enough.join(", "));
                    return Err(Refusal::new(RefusalKind::Forbidden, "scope_missing", message));
                }
                Ok(Authority(format!("role:{} {word}", role.as_str())))
            }
        }
    }

    /// What a refused caller could show, for the entry that records the refusal.
    pub fn without_authority(&self) -> Authority {
        Authority(match &self.grant {
            Grant::Word(source) => (*source).to_owned(),
            Grant::Denied(_) => "none".to_owned(),
            Grant::Key { role, .. } => format!("role:{}", role.as_str()),
        })
    }

    /// The payload of an entry about this caller's own command.
    pub fn payload(&self, ctx: &Context) -> Payload {
        Payload {
            actor: PayloadActor { id: None, name: self.actor_name.clone(), on_behalf_of: None },
            ip: ctx.origin.ip.clone(),
            user_agent: ctx.origin.user_agent.clone(),
            trace_id: ctx.origin.trace_id.clone(),
            ..Payload::default()
        }
    }
}
