//! Events of authentication and refused access that no command records: failed logins, refused reads.
//!
//! A flood of them is counted and sampled, not recorded one by one: an entry says how many it stands for. Actions
//! are those of the OWASP Logging Vocabulary.

use evidence::json::StrictObject;
use evidence::leaf::{Outcome, RecordedBy, RecorderKind};
use evidence::payload::{ActorKind, Payload, PayloadActor};

use crate::prelude::*;

/// `authn_login_fail`: a wrong name, password or code.
pub const LOGIN_FAIL: &str = "authn_login_fail";
/// `authn_login_fail_max`: too many of them, further ones are not looked at for a while.
pub const LOGIN_FAIL_MAX: &str = "authn_login_fail_max";
/// `authz_fail`: a read that the caller may not do.
pub const AUTHZ_FAIL: &str = "authz_fail";
/// `excess_rate_limit_exceeded`: too many requests.
pub const RATE_LIMIT_EXCEEDED: &str = "excess_rate_limit_exceeded";
/// `privilege_permissions_changed`: the installation's roles are other than those recorded last.
pub const ROLES_CHANGED: &str = "privilege_permissions_changed";

/// An event that Probity itself records.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityEvent {
    /// What happened.
    pub action: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// The credential that was used, if one was known.
    pub recorded_by: Option<RecordedBy>,
    /// The user or agent behind it, if known: id and name.
    pub actor: Option<(Uuid, String)>,
    /// The user on whose behalf it acted, of an agent.
    pub on_behalf_of: Option<Uuid>,
    /// What it was about, if Probity made it: its kind and id.
    pub target: Option<(&'static str, Uuid)>,
    /// The permission that was missing, or why else.
    pub authority: String,
    /// What else there is to say; never a secret.
    pub details: StrictObject,
}

impl SecurityEvent {
    /// These rules are in force.
    pub fn rules(rules: &Rules) -> SecurityEvent {
        SecurityEvent {
            action: ROLES_CHANGED,
            outcome: Outcome::Success,
            recorded_by: None,
            actor: None,
            on_behalf_of: None,
            target: None,
            authority: "configuration".to_owned(),
            details: rules.own(),
        }
    }

    /// An attempt that came to nothing for this reason, by nobody who is known yet.
    pub fn failed(action: &'static str, reason: &str) -> SecurityEvent {
        let mut details = StrictObject::default();
        details.0.insert("reason".into(), reason.into());
        SecurityEvent {
            action,
            outcome: Outcome::Failed,
            recorded_by: None,
            actor: None,
            on_behalf_of: None,
            target: None,
            authority: "none".to_owned(),
            details,
        }
    }
}

impl Act for SecurityEvent {
    act! { action: SECURITY_EVENT, changes_access: false, target: none, refusals: none }

    fn needs(&self, _: &Rules, _: &mut Needs) {}

    fn decide(&self, _: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let payload = Payload {
            actor: PayloadActor {
                id: None,
                name: self.actor.as_ref().map(|(_, name)| name.clone()),
                on_behalf_of: self.on_behalf_of.map(|user| user.to_string()),
            },
            details: (!self.details.0.is_empty()).then(|| self.details.clone()),
            ..by.who.payload(ctx)
        };
        let mut draft = Draft::new(
            ctx.id(0),
            by.who,
            by.authority,
            self.action,
            ctx.salt(0),
            &payload,
        );
        draft.recorded_by = self.recorded_by.unwrap_or(RecordedBy {
            kind: RecorderKind::System,
            id: None,
        });
        match &self.actor {
            Some((id, _)) => {
                draft.actor_kind = match self.on_behalf_of {
                    Some(_) => ActorKind::Agent,
                    None => ActorKind::User,
                };
                draft.actor_id = Some(*id);
                draft.actor = Some(id.to_string());
            }
            None if self.action != ROLES_CHANGED => {
                draft.actor_kind = ActorKind::External;
                draft.actor = None;
            }
            None => {}
        }
        if let Some((kind, id)) = self.target {
            draft = draft.on(kind, id);
        }
        draft.outcome = self.outcome;
        draft.authority.clone_from(&self.authority);
        Ok(Decision::one(Reply::Done, draft))
    }
}
