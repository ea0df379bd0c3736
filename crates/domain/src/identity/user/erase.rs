//! Erasing a user: what is personal goes, every proof stays valid.

use serde_json::Value;

use crate::audit::erase;
use crate::audit::erase::ERASE_MAX;
use crate::audit::hold::{self, Holds};
use crate::governance::Agent;
use crate::identity::api_key::ApiKey;
use crate::identity::session::EndReason;
use crate::identity::user::{ERASED_PREFIX, User};
use crate::identity::{invitation, second_factor, session, user};
use crate::prelude::*;
use crate::workflow;
use crate::workflow::execution::{Execution, Renewed, cancel_each};

/// Erases what is personal of a user: the row's names, those of its API keys, what is said of its agents, and the payload of
/// entries about or by them.
///
/// There may be more entries than fit one command: sent again for the erased user, it erases further ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseUser {
    /// Who.
    pub user: Uuid,
    /// Why: 1 to 500 characters, kept in the entry that records the erasure. It should hold nothing personal.
    pub reason: String,
    /// Entries about the user, its API keys, or its approvals among `content`, or by the user: at most 1,000 indexes.
    pub entries: Vec<u64>,
    /// Conversations, executions, steps, approvals and votes of the user, at most 1,000 ids, with until when leases were
    /// renewed. What they hold goes, and what runs is cancelled.
    pub content: Vec<(Uuid, Renewed)>,
}

impl Act for EraseUser {
    act! {
        action: USER_ERASE, changes_access: true, target: "user" = user,
        refusals: INVALID_FIELD, UNKNOWN_USER, EXCEEDS_OWN, LAST_ADMIN, HELD, UNKNOWN_ENTRY,
            ENTRY_OF_OTHERS, CONTENT_OF_OTHERS
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.account(self.user);
        needs.row(&looks::API_KEYS_OF, self.user);
        needs.row(&looks::AGENTS_OF, self.user);
        needs.admins();
        for look in [
            &looks::CONVERSATION,
            &looks::EXECUTION,
            &looks::STEP,
            &looks::VOTE,
        ] {
            needs.rows(look, self.content.iter().map(|(id, _)| id));
        }
        needs.approvals(self.content.iter().map(|(id, _)| *id));
        needs.rows(&looks::ENTRY_AT, self.entries.iter().copied());
        hold::needs(needs);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let length = self.reason.chars().count();
        if length == 0 || length > 500 {
            return Err(Refusal::invalid("reason", "must be 1 to 500 characters"));
        }
        if self.entries.len() > ERASE_MAX {
            return Err(Refusal::invalid(
                "entries",
                format!("must name at most {ERASE_MAX} entries"),
            ));
        }
        if self.content.len() > ERASE_MAX {
            return Err(Refusal::invalid(
                "content",
                format!("must name at most {ERASE_MAX} things"),
            ));
        }
        let erased_before = facts
            .users
            .get(&self.user)
            .filter(|user| user.row.erased_at.is_some());
        let before = match erased_before {
            Some(user) => user,
            None => user::to_change(facts, self.user, by.who)?,
        };
        user::check_admin_left(facts, &before.row)?;
        Holds::binding(facts, by.who).check_user(facts, self.user)?;
        let erasures = erase::erasures(facts, &self.entries, by.who, |entry| {
            let is_of = |id: Uuid| {
                let key = facts.api_keys.get(&id).map(|key| key.row.user_id);
                let agent = facts.agents.get(&id).map(|agent| agent.row.user_id);
                let approval = facts.approvals.get(&id).and_then(|found| found.row.requested_by);
                id == self.user || key.or(agent).or(approval) == Some(self.user)
            };
            if entry.actor_id.is_some_and(is_of) || entry.target_id.is_some_and(is_of) {
                return Ok(());
            }
            let message = format!(
                "entry {} is neither by nor about this user, its keys, agents or approvals",
                entry.id
            );
            Err(code::ENTRY_OF_OTHERS.because(message).field("entries"))
        })?;
        if erased_before.is_some() && erasures.is_empty() && self.content.is_empty() {
            return Ok(Decision::nothing(user::reply(before)));
        }
        let mut change = Change::new(by, ctx);
        change.detail("reason", self.reason.as_str());
        change.detail("entries", Value::from(erasures.len()));
        let (mut after, mut version) = (before.row.clone(), before.version);
        if erased_before.is_none() {
            after = erased(&before.row, ctx);
            version += 1;
            // Their former contents are what is to be forgotten: no image before.
            change.overwrite(before, after.clone());
            session::end_all(&mut change, facts, after.id, None, EndReason::UserErased, ctx.now);
            invitation::withdraw(&mut change, facts, after.id, ctx.now);
            second_factor::remove(&mut change, facts, after.id);
            for key in facts.api_keys_of(after.id) {
                let revoked = ApiKey {
                    name: "erased".to_owned(),
                    revoked_at: key.row.revoked_at.or(Some(ctx.now)),
                    ..key.row.clone()
                };
                change.overwrite(key, revoked);
            }
            for agent in facts.agents_of(after.id) {
                let disabled = Agent {
                    description: None,
                    ..agent.row.with_active(false, ctx.now)
                };
                change.overwrite(agent, disabled);
            }
        }
        workflow::erase(&mut change, facts, after.id, &self.content, ctx)?;
        let indexes = erasures.iter().map(|erasure| erasure.erased).collect();
        for erasure in erasures {
            change.insert(erasure);
        }
        let mut draft = change.draft(Self::ACTION.name, "user", after.id);
        draft.erases = indexes;
        let mut left = facts.clone();
        left.apply(std::slice::from_ref(&draft));
        let mut drafts = vec![draft];
        let of_user = |execution: &Execution| execution.user_id == after.id;
        drafts.extend(cancel_each(&left, &self.content, (of_user, None), by, ctx));
        let reply = Reply::User { user: after, version };
        Ok(Decision { reply, drafts })
    }

    fn weight(&self) -> usize {
        self.content.len() + 1
    }
}

fn erased(before: &User, ctx: &Context) -> User {
    User {
        username: format!("{ERASED_PREFIX}{}", before.id),
        email: None,
        full_name: None,
        active: false,
        password_hash: None,
        password_temporary: false,
        updated_at: ctx.now,
        erased_at: Some(ctx.now),
        ..before.clone()
    }
}
