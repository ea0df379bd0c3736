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
                recorded_by: RecordedBy {
                    kind: RecorderKind::Operator,
                    id: None,
                },
                actor_kind: ActorKind::External,
                actor_id: None,
                actor_name: Some(format!("os:{name}")),
                grant: Grant::Word("operator"),
            }),
            Caller::System { part } => Ok(Principal {
                recorded_by: RecordedBy {
                    kind: RecorderKind::System,
                    id: None,
                },
                actor_kind: ActorKind::System,
                actor_id: None,
                actor_name: Some((*part).to_owned()),
                grant: Grant::Word("system"),
            }),
        }
    }

    fn of_key(id: Uuid, facts: &Facts, now: Timestamp) -> Result<Principal, Refusal> {
        let unknown = || {
            Refusal::new(
                RefusalKind::Unauthenticated,
                "unknown_api_key",
                "this API key is not known",
            )
        };
        let key = &facts.api_keys.get(&id).ok_or_else(unknown)?.row;
        let owner = &facts.users.get(&key.user_id).ok_or_else(unknown)?.row;
        let denied =
            |code, message: String| Grant::Denied(Refusal::new(RefusalKind::Unauthenticated, code, message));
        let grant = if let Some(revoked_at) = key.revoked_at {
            denied(
                "api_key_revoked",
                format!("this API key was revoked at {revoked_at}"),
            )
        } else if key.expires_at.is_some_and(|expiry| expiry <= now) {
            denied("api_key_expired", "this API key has expired".to_owned())
        } else if !owner.active {
            denied(
                "user_disabled",
                "the owner of this API key is disabled".to_owned(),
            )
        } else {
            Grant::Key {
                role: owner.role,
                scopes: key.scopes.clone(),
            }
        };
        Ok(Principal {
            recorded_by: RecordedBy {
                kind: RecorderKind::ApiKey,
                id: Some(id),
            },
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
                    let holders: Vec<_> = Role::holding(permission)
                        .iter()
                        .map(|role| role.as_str())
                        .collect();
                    let message = format!(
                        "role {} does not hold {word}; roles that do: {}",
                        role.as_str(),
                        holders.join(", ")
                    );
                    return Err(Refusal::new(
                        RefusalKind::Forbidden,
                        "permission_missing",
                        message,
                    ));
                }
                if !scopes
                    .iter()
                    .any(|scope| scope.permissions().contains(&permission))
                {
                    let enough: Vec<_> = Scope::ALL
                        .iter()
                        .filter(|scope| scope.permissions().contains(&permission))
                        .map(|scope| scope.as_str())
                        .collect();
                    let message = format!(
                        "this API key's scopes do not include {word}; scopes that do: {}",
                        enough.join(", ")
                    );
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
            actor: PayloadActor {
                id: None,
                name: self.actor_name.clone(),
                on_behalf_of: None,
            },
            ip: ctx.origin.ip.clone(),
            user_agent: ctx.origin.user_agent.clone(),
            trace_id: ctx.origin.trace_id.clone(),
            ..Payload::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use evidence::Salt;

    use super::*;
    use crate::identity::api_key::ApiKey;
    use crate::identity::user::User;
    use crate::record::Sealed;

    const NOW: &str = "2026-11-21T08:30:00Z";

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn sealed<T>(row: T) -> Sealed<T> {
        Sealed {
            row,
            version: 1,
            entry: 0,
            salt: Salt([0; 16]),
        }
    }

    fn facts(role: Role, scopes: &[Scope], change: impl FnOnce(&mut User, &mut ApiKey)) -> Facts {
        let mut user = User {
            id: Uuid::from_u128(1),
            username: "ann".into(),
            email: None,
            full_name: None,
            role,
            active: true,
            password_hash: None,
            password_temporary: false,
            created_at: time(NOW),
            updated_at: time(NOW),
        };
        let mut key = ApiKey {
            id: Uuid::from_u128(2),
            user_id: user.id,
            name: "k".into(),
            shown: "prb_000000".into(),
            hash: vec![0; 32],
            scopes: scopes.to_vec(),
            created_at: time(NOW),
            expires_at: None,
            revoked_at: None,
        };
        change(&mut user, &mut key);
        let mut facts = Facts::default();
        facts.users.insert(user.id, sealed(user));
        facts.api_keys.insert(key.id, sealed(key));
        facts
    }

    fn asked(facts: &Facts, permission: Permission) -> Result<String, &'static str> {
        let who = Principal::of(&Caller::ApiKey(Uuid::from_u128(2)), facts, time(NOW))
            .map_err(|refusal| refusal.code)?;
        who.authorise(permission)
            .map(|authority| authority.0)
            .map_err(|refusal| refusal.code)
    }

    type Change = fn(&mut User, &mut ApiKey);
    type Case<'a> = (Role, &'a [Scope], Change, Permission, Result<&'a str, &'a str>);

    #[test]
    fn keys_allow_what_role_and_scopes_and_their_state_allow() {
        let same: Change = |_, _| {};
        let revoked: Change = |_, key| key.revoked_at = Some(time(NOW));
        let expired: Change = |_, key| key.expires_at = Some(time(NOW));
        let expiring: Change = |_, key| key.expires_at = Some(time("2026-11-21T08:30:00.000001Z"));
        let disabled: Change = |user, _| user.active = false;
        let cases: [Case<'_>; 11] = [
            (
                Role::Admin,
                &[Scope::Write],
                same,
                Permission::AuditWrite,
                Ok("role:admin audit:write"),
            ),
            (
                Role::Admin,
                &[Scope::Write],
                same,
                Permission::AuditRead,
                Err("scope_missing"),
            ),
            (
                Role::Admin,
                &[Scope::Custody],
                same,
                Permission::AuditRead,
                Err("scope_missing"),
            ),
            (
                Role::Admin,
                &[Scope::Read, Scope::Write],
                same,
                Permission::AuditRead,
                Ok("role:admin audit:read"),
            ),
            (
                Role::Viewer,
                &[Scope::Admin],
                same,
                Permission::AuditRead,
                Ok("role:viewer audit:read"),
            ),
            (
                Role::Viewer,
                &[Scope::Admin],
                same,
                Permission::AuditWrite,
                Err("permission_missing"),
            ),
            (
                Role::User,
                &[Scope::Read],
                same,
                Permission::AuditRead,
                Err("permission_missing"),
            ),
            (
                Role::Admin,
                &[Scope::Admin],
                revoked,
                Permission::AuditRead,
                Err("api_key_revoked"),
            ),
            (
                Role::Admin,
                &[Scope::Admin],
                expired,
                Permission::AuditRead,
                Err("api_key_expired"),
            ),
            (
                Role::Admin,
                &[Scope::Admin],
                expiring,
                Permission::AuditRead,
                Ok("role:admin audit:read"),
            ),
            (
                Role::Admin,
                &[Scope::Admin],
                disabled,
                Permission::AuditRead,
                Err("user_disabled"),
            ),
        ];
        for (role, scopes, change, permission, expected) in cases {
            let found = asked(&facts(role, scopes, change), permission);
            assert_eq!(
                found.as_deref().map_err(|code| *code),
                expected,
                "{role:?} {scopes:?} {permission:?}"
            );
        }
    }

    #[test]
    fn an_unknown_key_is_nobody() {
        assert_eq!(
            asked(&Facts::default(), Permission::AuditRead),
            Err("unknown_api_key")
        );
    }
}
