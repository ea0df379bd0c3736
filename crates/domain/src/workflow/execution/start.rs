//! Starting executions.

use super::{
    DEPTH_MAX, Execution, ExecutionStatus, LEASE_S, TRACE_LEN_MAX, check_content, check_optional,
    check_optional_lines, check_workflow, reply, unknown,
};
use evidence::payload::{DragMode, NAME_LEN_MAX, TEXT_LEN_MAX};

use crate::custody::whose::{authorise_for, check_user};
use crate::governance::Agent;
use crate::prelude::*;
use crate::workflow::conversation::{KEEP, check_active};

/// Starts an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartExecution {
    /// The caller's own id for it: the same id with the same content is the same execution.
    pub id: Option<Uuid>,
    /// The name of the workflow: 1 to 200 printable characters.
    pub workflow: String,
    /// For whom.
    pub user: Uuid,
    /// The agent that does it, where another caller starts it: the caller's own, or any for whoever keeps what belongs to all.
    pub agent: Option<Uuid>,
    /// The conversation that it belongs to: the user's, and active.
    pub conversation: Option<Uuid>,
    /// The execution that it is a part of: the user's.
    pub parent: Option<Uuid>,
    /// The trace that it belongs to: 1 to 64 printable characters.
    pub trace_id: Option<String>,
    /// What sort of work it is.
    pub drag_mode: Option<DragMode>,
    /// Who or what it is done by: 1 to 256 printable characters.
    pub actor: Option<String>,
    /// What it is given, as canonical JSON of at most 256 KiB: an object.
    pub input: Option<String>,
    /// What it is for: 1 to 10,000 printable characters.
    pub mission: Option<String>,
    /// How long a lease is, in seconds: 10 to 86,400.
    pub lease_s: u64,
}

impl StartExecution {
    fn check(&self) -> Result<(), FieldError> {
        own_id::check("id", self.id)?;
        check_workflow(&self.workflow)?;
        check_optional("trace_id", self.trace_id.as_deref(), TRACE_LEN_MAX)?;
        check_optional("aim.actor", self.actor.as_deref(), NAME_LEN_MAX)?;
        check_content("aim.input", self.input.as_deref())?;
        check_optional_lines("aim.mission", self.mission.as_deref(), TEXT_LEN_MAX)?;
        if !LEASE_S.contains(&self.lease_s) {
            let (least, most) = LEASE_S.into_inner();
            let message = format!("must be {least} to {most}, not {}", self.lease_s);
            return Err(FieldError::new("lease_s", message));
        }
        Ok(())
    }

    /// The field in which an execution is not what is asked for.
    fn difference(&self, known: &Execution) -> Option<&'static str> {
        let fields = [
            ("user", known.user_id == self.user),
            ("workflow", known.workflow == self.workflow),
            ("agent", self.agent.is_none() || known.agent_id == self.agent),
            ("conversation", known.conversation_id == self.conversation),
            ("parent", known.parent_id == self.parent),
            ("trace_id", known.trace_id == self.trace_id),
            ("drag_mode", known.drag_mode == self.drag_mode),
            ("aim.actor", known.actor == self.actor),
            ("aim.input", known.input == self.input),
            ("aim.mission", known.mission == self.mission),
            ("lease_s", known.lease_s == self.lease_s),
        ];
        fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }

    /// The agent that does it: the one that calls, or one that its owner names, or whoever keeps what belongs to all. It is
    /// not started for one whose keys are refused.
    fn agent<'a>(&self, facts: &'a Facts, who: &Principal) -> Result<Option<&'a Agent>, Refusal> {
        let calling = who.agent_id();
        let Some(id) = self.agent.or(calling) else {
            return Ok(None);
        };
        let may = |agent: &&Agent| match calling {
            Some(calling) => calling == agent.id,
            None => who.holds(KEEP.0) || who.user_id == Some(agent.user_id),
        };
        let found = facts.agents.get(&id).map(|found| &found.row).filter(may);
        let absent = || code::UNKNOWN_AGENT.absent(format_args!("agent {id}"), "agent");
        let agent = found.ok_or_else(absent)?;
        let owner = facts.users.get(&agent.user_id);
        if !agent.active || owner.is_some_and(|owner| !owner.row.active) {
            let message = format!("the agent {}, or its owner, is disabled", agent.name);
            return Err(code::AGENT_DISABLED.because(message).field("agent"));
        }
        Ok(Some(agent))
    }

    /// How deep it is, where all that it names is there and the user's.
    fn depth(&self, facts: &Facts) -> Result<u64, Refusal> {
        if let Some(id) = self.conversation {
            let found = facts.conversations.get(&id);
            let found = found.filter(|found| found.row.user_id == self.user);
            let absent =
                || code::UNKNOWN_CONVERSATION.absent(format_args!("conversation {id}"), "conversation");
            check_active(&found.ok_or_else(absent)?.row)?;
        }
        let Some(id) = self.parent else { return Ok(1) };
        let found = facts.executions.get(&id);
        let found = found.filter(|found| found.row.user_id == self.user);
        let depth = found.ok_or_else(|| unknown(id, "parent"))?.row.depth + 1;
        if depth > DEPTH_MAX {
            let message = format!("is {DEPTH_MAX} deep within others, which is the most");
            return Err(FieldError::new("parent", message).into());
        }
        Ok(depth)
    }
}

impl Act for StartExecution {
    act! {
        action: EXECUTION_START, changes_access: false, target: none,
        refusals: INVALID_FIELD, ID_CONFLICT, UNKNOWN_USER, USER_ERASED, UNKNOWN_CONVERSATION, CONVERSATION_ENDED,
            UNKNOWN_EXECUTION, UNKNOWN_AGENT, AGENT_DISABLED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER_RELIED_ON, self.user);
        needs.rows(&looks::CONVERSATION_RELIED_ON, self.conversation);
        needs.rows(&looks::EXECUTION, self.id);
        needs.rows(&looks::EXECUTION_READ, self.parent);
        needs.rows(&looks::AGENT_RELIED_ON, self.agent);
        needs.rows(&looks::OWNER_OF_AGENT, self.agent);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let authority = authorise_for(self.user, by.who, KEEP.0, KEEP.1)?;
        self.check()?;
        if let Some(known) = self.id.and_then(|id| facts.executions.get(&id)) {
            return match self.difference(&known.row) {
                None => Ok(Decision::nothing(reply(known.row.clone(), known.version))),
                Some(field) => {
                    let own = by.who.user_id == Some(known.row.user_id);
                    let may_read = own || by.who.holds(KEEP.0) || by.who.holds(Permission::WorkflowsRead);
                    Err(own_id::conflict_seen(may_read, "execution", known.row.id, field))
                }
            };
        }
        check_user(facts, self.user)?;
        let agent = self.agent(facts, by.who)?;
        let execution = Execution {
            id: self.id.unwrap_or_else(|| ctx.id(1)),
            workflow: self.workflow.clone(),
            user_id: self.user,
            conversation_id: self.conversation,
            parent_id: self.parent,
            depth: self.depth(facts)?,
            trace_id: self.trace_id.clone(),
            drag_mode: self.drag_mode,
            agent_id: agent.map(|agent| agent.id),
            agent_version: agent.and_then(|agent| agent.release.clone()),
            actor: self.actor.clone(),
            input: self.input.clone(),
            mission: self.mission.clone(),
            lease_s: self.lease_s,
            expires_at: lease_end(self.lease_s, ctx.now),
            status: ExecutionStatus::Running,
            result: None,
            error_type: None,
            error: None,
            created_by: by.who.user_id,
            started_at: ctx.now,
            finished_at: None,
            steps: None,
            usage: None,
            told: None,
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.insert(execution.clone());
        let draft = change.draft(Self::ACTION.name, "execution", execution.id);
        Ok(Decision::one(reply(execution, 1), draft))
    }

    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        Unmade::about(facts, Some(self.user))
    }
}

/// When a lease ends that begins now.
pub(crate) fn lease_end(lease_s: u64, now: Timestamp) -> Timestamp {
    now.plus_seconds(i64::try_from(lease_s).unwrap_or(i64::MAX))
}
