//! The principal: a caller as the facts know it, and the proof that it was authorised.

use crate::code::{self, Code};
use std::sync::Arc;

use evidence::leaf::{RecordedBy, RecorderKind};
use evidence::payload::{ActorKind, Payload, PayloadActor};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::context::{Caller, Context};
use crate::governance::agent;
use crate::identity::permission::{Permission, Role, Scope};
use crate::identity::rules::Rules;
use crate::identity::user::User;
use crate::refusal::Refusal;
use crate::tables::Facts;
use crate::words;

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
    /// The user behind the credential: the one who acts, or on whose behalf an agent does.
    pub user_id: Option<Uuid>,
    grant: Grant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Grant {
    /// Full rights by access to the machine, or as a part of the program.
    Word(&'static str),
    /// A user's role; narrowed by scopes where an API key is used, by what must be done first where a session is.
    Role {
        role: Role,
        scopes: Option<Vec<Scope>>,
        must: Option<Must>,
        rules: Arc<Rules>,
    },
    /// None: the credential is known but no longer good.
    Denied(Refusal),
}

words! {
    /// What the user of a session must do before anything else: the word in JSON, and the code of refusals.
    Must {
        /// Set another password: this one is for one time, or was checked in part.
        ChangePassword = "password_change_required",
        /// Use a second factor, which the role demands: enrol one, or log in with it.
        UseSecondFactor = "second_factor_required",
    }
}

impl Must {
    fn code(self) -> &'static Code {
        match self {
            Must::ChangePassword => &code::PASSWORD_CHANGE_REQUIRED,
            Must::UseSecondFactor => &code::SECOND_FACTOR_REQUIRED,
        }
    }

    fn refusal(self) -> Refusal {
        let message = match self {
            Must::ChangePassword => "the password must be changed first: POST /v1/me/password",
            Must::UseSecondFactor => {
                "this role demands a second factor: enrol one (POST /v1/me/second-factor), or log in with it"
            }
        };
        self.code().because(message)
    }
}

/// Proof that a permission was checked, and the words that say what allowed it.
///
/// Only [`Principal`] makes one, and what decides takes one, so that a decision without a check does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(String);

impl Authority {
    /// The words, such as `role:compliance custody:approve`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn denied(code: &Code, message: impl Into<String>) -> Grant {
    Grant::Denied(code.because(message))
}

/// The answer to a credential that is not known: `what` it is said to be.
pub fn unknown(code: &Code, what: &str) -> Refusal {
    code.because(format!("this {what} is not known"))
}

fn program(kind: RecorderKind, actor_kind: ActorKind, name: String, grant: &'static str) -> Principal {
    Principal {
        recorded_by: RecordedBy { kind, id: None },
        actor_kind,
        actor_id: None,
        actor_name: Some(name),
        user_id: None,
        grant: Grant::Word(grant),
    }
}

impl Principal {
    /// The principal behind `caller`; an unknown credential has none.
    pub fn of(caller: &Caller, facts: &Facts, now: Timestamp) -> Result<Principal, Refusal> {
        match caller {
            Caller::ApiKey(id) => Principal::of_key(*id, None, facts, now),
            Caller::AgentKey { key, agent } => Principal::of_key(*key, Some(*agent), facts, now),
            Caller::Session(id) => Principal::of_session(*id, facts, now),
            Caller::Operator { name } => Ok(program(
                RecorderKind::Operator,
                ActorKind::External,
                format!("os:{name}"),
                "operator",
            )),
            Caller::System { part } => Ok(program(
                RecorderKind::System,
                ActorKind::System,
                (*part).to_owned(),
                "system",
            )),
        }
    }

    /// A user who just proved to be one, by the means named: no credential has a row yet, unless `session` has.
    pub(crate) fn proven(user: &User, session: Option<Uuid>) -> Principal {
        let kind = session.map_or(RecorderKind::System, |_| RecorderKind::Session);
        Principal {
            recorded_by: RecordedBy { kind, id: session },
            actor_kind: ActorKind::User,
            actor_id: Some(user.id),
            actor_name: Some(user.username.clone()),
            user_id: Some(user.id),
            grant: Grant::Word("credentials"),
        }
    }

    fn of_user(kind: RecorderKind, id: Uuid, user: &User, grant: Grant) -> Principal {
        Principal {
            recorded_by: RecordedBy { kind, id: Some(id) },
            actor_kind: ActorKind::User,
            actor_id: Some(user.id),
            actor_name: Some(user.username.clone()),
            user_id: Some(user.id),
            grant,
        }
    }

    /// Who calls by a key: its owner, or the agent that it is for.
    fn of_key(id: Uuid, agent: Option<Uuid>, facts: &Facts, now: Timestamp) -> Result<Principal, Refusal> {
        let unknown = || unknown(&code::UNKNOWN_CALLING_KEY, "API key");
        let key = &facts.api_keys.get(&id).ok_or_else(unknown)?.row;
        if key.agent_id != agent {
            return Err(unknown());
        }
        let agent = match agent {
            Some(agent) => Some(&facts.agents.get(&agent).ok_or_else(unknown)?.row),
            None => None,
        };
        let owner = &facts.users.get(&key.user_id).ok_or_else(unknown)?.row;
        let grant = if let Some(revoked_at) = key.revoked_at {
            denied(
                &code::CALLING_KEY_REVOKED,
                format!("this API key was revoked at {revoked_at}"),
            )
        } else if key.expires_at.is_some_and(|expiry| expiry <= now) {
            denied(&code::CALLING_KEY_EXPIRED, "this API key has expired")
        } else if !owner.active {
            denied(
                &code::CALLING_USER_DISABLED,
                "the owner of this API key is disabled",
            )
        } else if agent.is_some_and(|agent| !agent.active) {
            denied(
                &code::CALLING_AGENT_DISABLED,
                "the agent that this API key is for is disabled",
            )
        } else {
            let mut scopes = key.scopes.clone();
            scopes.retain(|scope| agent.is_none() || agent::SCOPES.contains(scope));
            Grant::Role {
                role: owner.role.clone(),
                scopes: Some(scopes),
                must: None,
                rules: Arc::clone(&facts.rules),
            }
        };
        let owner = Principal::of_user(RecorderKind::ApiKey, id, owner, grant);
        Ok(match agent {
            None => owner,
            Some(agent) => Principal {
                actor_kind: ActorKind::Agent,
                actor_id: Some(agent.id),
                actor_name: Some(agent.name.clone()),
                ..owner
            },
        })
    }

    fn of_session(id: Uuid, facts: &Facts, now: Timestamp) -> Result<Principal, Refusal> {
        let unknown = || unknown(&code::UNKNOWN_CALLING_SESSION, "session");
        let session = &facts.sessions.get(&id).ok_or_else(unknown)?.row;
        let user = &facts.users.get(&session.user_id).ok_or_else(unknown)?.row;
        let grant = if session.ended_at.is_some() {
            denied(&code::SESSION_ENDED, "this session has ended; log in again")
        } else if session.expires_at <= now || session.idle_expires_at <= now {
            denied(&code::SESSION_EXPIRED, "this session has expired; log in again")
        } else if !user.active {
            denied(&code::CALLING_USER_DISABLED, "this user is disabled")
        } else {
            let demands = facts
                .rules
                .role(&user.role)
                .is_some_and(|rule| rule.second_factor);
            let must = if user.password_temporary {
                Some(Must::ChangePassword)
            } else if demands && !session.second_factor {
                Some(Must::UseSecondFactor)
            } else {
                None
            };
            Grant::Role {
                role: user.role.clone(),
                scopes: None,
                must,
                rules: Arc::clone(&facts.rules),
            }
        };
        Ok(Principal::of_user(RecorderKind::Session, id, user, grant))
    }

    /// The agent that calls, if it is one.
    pub fn agent_id(&self) -> Option<Uuid> {
        self.actor_id.filter(|_| self.actor_kind == ActorKind::Agent)
    }

    /// On whose behalf an agent calls.
    pub fn on_behalf_of(&self) -> Option<Uuid> {
        self.user_id.filter(|_| self.actor_kind == ActorKind::Agent)
    }

    /// Whether the caller holds `permission`: [`Principal::authorise`] without the words.
    pub fn holds(&self, permission: Permission) -> bool {
        match &self.grant {
            Grant::Word(_) => true,
            Grant::Denied(_) | Grant::Role { must: Some(_), .. } => false,
            Grant::Role {
                role,
                scopes,
                must: None,
                rules,
            } => {
                let by_scope = |scope: &Scope| scope.permissions().contains(&permission);
                rules.permissions(role).contains(&permission)
                    && scopes.as_ref().is_none_or(|scopes| scopes.iter().any(by_scope))
            }
        }
    }

    /// Checks that the caller holds `permission`.
    pub fn authorise(&self, permission: Permission) -> Result<Authority, Refusal> {
        let word = permission.as_str();
        match &self.grant {
            Grant::Word(source) => Ok(Authority(format!("{source} {word}"))),
            Grant::Denied(refusal) => Err(refusal.clone()),
            Grant::Role { must: Some(must), .. } => Err(must.refusal()),
            Grant::Role {
                role, scopes, rules, ..
            } => {
                if !rules.permissions(role).contains(&permission) {
                    return Err(self.without_permission(role, permission, rules));
                }
                if let Some(scopes) = scopes
                    && !scopes
                        .iter()
                        .any(|scope| scope.permissions().contains(&permission))
                {
                    return Err(self.without_scope(permission));
                }
                Ok(Authority(format!("role:{role} {word}")))
            }
        }
    }

    /// Checks that the caller is a session and may act for its user's own account. What a session must do first does
    /// not stand in its way here, so that it can be done.
    pub fn session(&self) -> Result<Authority, Refusal> {
        match &self.grant {
            Grant::Denied(refusal) => Err(refusal.clone()),
            Grant::Role {
                role, scopes: None, ..
            } => Ok(Authority(format!("role:{role} own"))),
            _ => Err(code::SESSION_NEEDED
                .because("this is for a person's own account: log in, and use the session")),
        }
    }

    /// The same for what must wait until the session has done what it must.
    pub fn session_in_full(&self) -> Result<Authority, Refusal> {
        match &self.grant {
            Grant::Role { must: Some(must), .. } => Err(must.refusal()),
            _ => self.session(),
        }
    }

    /// The authority of credentials that were checked before the command was made.
    pub(crate) fn by_credentials(means: &'static str) -> Authority {
        Authority(means.to_owned())
    }

    /// What the session must do before anything else.
    pub fn must(&self) -> Option<Must> {
        match &self.grant {
            Grant::Role { must, .. } => *must,
            _ => None,
        }
    }

    /// Whether the credential is good at all, whatever it may be used for.
    pub fn good(&self) -> Result<(), Refusal> {
        match &self.grant {
            Grant::Denied(refusal) => Err(refusal.clone()),
            _ => Ok(()),
        }
    }

    /// Whether it is someone with access to the machine, or Probity itself.
    pub fn is_local(&self) -> bool {
        matches!(self.grant, Grant::Word(_))
    }

    /// What the caller may do, all in all.
    pub fn permissions(&self) -> Vec<Permission> {
        let all = Permission::ALL.iter().copied();
        all.filter(|permission| self.holds(*permission)).collect()
    }

    /// Checks that the caller holds whatever `role` holds: nobody gives, or takes over, more than they have.
    pub fn covers(&self, role: &Role, rules: &Rules) -> Result<(), Refusal> {
        let missing = rules
            .permissions(role)
            .iter()
            .find(|permission| !self.holds(**permission));
        let Some(missing) = missing else { return Ok(()) };
        let message = format!(
            "role {role} holds {}, which you do not hold: only who holds all that a role may do can change its users",
            missing.as_str()
        );
        Err(code::EXCEEDS_OWN.because(message))
    }

    /// What a refused caller could show, for the entry that records the refusal.
    pub fn without_authority(&self) -> Authority {
        Authority(match &self.grant {
            Grant::Word(source) => (*source).to_owned(),
            Grant::Denied(_) => "none".to_owned(),
            Grant::Role { role, .. } => format!("role:{role}"),
        })
    }

    /// The payload of an entry about this caller's own command.
    pub fn payload(&self, ctx: &Context) -> Payload {
        Payload {
            actor: PayloadActor {
                id: None,
                name: self.actor_name.clone(),
                on_behalf_of: self.on_behalf_of().map(|user| user.to_string()),
            },
            ip: ctx.origin.ip.clone(),
            user_agent: ctx.origin.user_agent.clone(),
            trace_id: ctx.origin.trace_id.clone(),
            ..Payload::default()
        }
    }

    /// The scopes that hold `permission`, of those that the caller's key can have.
    fn scopes_for(&self, permission: Permission) -> Vec<&'static str> {
        let agents = self.agent_id().is_some();
        let possible = |scope: &&Scope| !agents || agent::SCOPES.contains(scope);
        let holding = Scope::holding(permission);
        holding
            .iter()
            .filter(possible)
            .map(|scope| scope.as_str())
            .collect()
    }

    fn without_scope(&self, permission: Permission) -> Refusal {
        let word = permission.as_str();
        let enough = self.scopes_for(permission);
        code::SCOPE_MISSING.because(if enough.is_empty() {
            for_people(word)
        } else {
            let enough = enough.join(", ");
            format!("this API key's scopes do not include {word}; scopes that do: {enough}")
        })
    }

    fn without_permission(&self, role: &Role, permission: Permission, rules: &Rules) -> Refusal {
        let word = permission.as_str();
        let holders: Vec<_> = rules
            .holding(permission)
            .iter()
            .map(|role| role.as_str())
            .collect();
        let holders = holders.join(", ");
        let agents = self.agent_id().is_some();
        code::PERMISSION_MISSING.because(if agents && self.scopes_for(permission).is_empty() {
            for_people(word)
        } else if agents {
            format!(
                "an agent may do no more than its owner, whose role {role} does not hold {word}: ask a person whose role \
                 does ({holders}), or use an agent of theirs"
            )
        } else if rules.role(role).is_some() {
            format!("role {role} does not hold {word}; roles that do: {holders}")
        } else {
            format!(
                "role {role} is not defined in this installation, so it holds nothing; roles that hold {word}: {holders}"
            )
        })
    }
}

/// What is said to an agent that asks for what no agent may do.
fn for_people(word: &str) -> String {
    format!("no agent may do what needs {word}, whatever its owner may: ask a person to do it")
}

#[cfg(test)]
#[path = "principal_tests.rs"]
mod tests;
