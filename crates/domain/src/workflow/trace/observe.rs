//! Taking in spans of a trace as steps of an execution. Nobody starts it and nobody says that more will come, so spans
//! may come in any order, more than once, and after the end.

use evidence::payload::{DragMode, NAME_LEN_MAX, TEXT_LEN_MAX};

use super::observation::Observation;
use crate::audit::event::AHEAD_SECONDS_MAX;
use crate::code::check_count;
use crate::custody::whose::{authorise_for, check_user};
use crate::prelude::*;
use crate::workflow::conversation::{Conversation, ConversationStatus, KEEP, THREAD_LEN_MAX};
use crate::workflow::execution::{
    Execution, ExecutionStatus, LEASE_S, ROOT_MISSING, Renewed, RootEnd, Said, TRACE_LEN_MAX, Told,
    WORKFLOW_LEN_MAX, check_error, check_optional, check_optional_lines, check_running, check_workflow,
    lease_end, unknown,
};
use crate::workflow::metric::{Metric, Number};
use crate::workflow::step::{ExecutionStep, NewStep, STEPS_OF_EXECUTION_MAX, tell_unpriced};

/// Most spans of a trace that one command takes in.
pub const SPANS_MAX: usize = 1_000;

/// The workflow of an execution whose spans name none.
pub const UNNAMED: &str = "unnamed";

/// A span of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The step that it is, with an id of its own; none for a root that is no step.
    pub step: Option<NewStep>,
    /// When it began.
    pub started_at: Timestamp,
    /// What it says of the execution.
    pub told: Told,
    /// The thread of the conversation that it is of, and where it stands among those that say so.
    pub thread: Option<(String, String)>,
    /// The workflow that it names itself: what is kept of its content follows from it, since those that say more may come
    /// later.
    pub workflow: String,
    /// The DRAG mode that it names itself.
    pub drag_mode: Option<DragMode>,
    /// Scores of evaluations.
    pub scores: Vec<NewScore>,
}

/// A score that a span has, which becomes a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct NewScore {
    /// Its id, which follows from all of it.
    pub id: Uuid,
    /// What is measured: a word of 1 to 100 characters.
    pub name: String,
    /// The number.
    pub value: Number,
    /// When it was so.
    pub at: Timestamp,
}

/// Takes in spans of a trace: each for itself, in one entry.
#[derive(Clone, Debug, PartialEq)]
pub struct ObserveTrace {
    /// The execution. One that somebody started has their words, and ends when they say so.
    pub execution: Uuid,
    /// For whom.
    pub user: Uuid,
    /// The trace: 1 to 64 printable characters.
    pub trace_id: String,
    /// Until when its lease was renewed last.
    pub renewed: Renewed,
    /// How long it runs without a span, in seconds: 10 to 86,400.
    pub lease_s: u64,
    /// 1 to 1,000.
    pub spans: Vec<Span>,
}

/// The id of the conversation that a thread of a user begins, where there is none.
pub fn conversation_id(user: Uuid, thread: &str) -> Uuid {
    own_id::derived_id("otlp-conversation", &[user.as_bytes(), thread.as_bytes()])
}

/// What is made of spans, as it comes together.
struct Made<'a> {
    execution: Execution,
    /// What its spans say; none of one that somebody started.
    told: Option<Told>,
    steps: Vec<ExecutionStep>,
    conversations: Vec<Conversation>,
    scores: Vec<Metric>,
    facts: &'a Facts,
    who: &'a Principal,
    ctx: &'a Context,
}

impl Made<'_> {
    /// Takes in a span; otherwise why not.
    fn take(&mut self, span: &Span, number: u32, user: Uuid) -> Result<(), Refusal> {
        let now = self.ctx.now;
        let latest = now.plus_seconds(AHEAD_SECONDS_MAX);
        if let Some(step) = &span.step {
            step.check(latest)?;
            match step.id.and_then(|id| self.known(id)) {
                Some(known) => {
                    if let Some(field) = step.difference(self.execution.id, known) {
                        let id = known.id;
                        return Err(own_id::conflict("step", id, field));
                    }
                }
                None => self.add(step, span, number)?,
            }
        } else if span.told.end.as_ref().is_some_and(|end| end.is.at > latest) {
            let message = format!("must not be later than a day from now, {latest}");
            return Err(FieldError::new("finished_at", message).into());
        }
        self.score(span);
        self.tell(span, user);
        Ok(())
    }

    /// The step of this id.
    fn known(&self, id: Uuid) -> Option<&ExecutionStep> {
        let known = self.facts.steps.get(&id).map(|known| &known.row);
        known.or_else(|| self.steps.iter().find(|made| made.id == id))
    }

    fn add(&mut self, step: &NewStep, span: &Span, number: u32) -> Result<(), Refusal> {
        let execution = &mut self.execution;
        if self.told.is_none() || execution.status == ExecutionStatus::Cancelled {
            check_running(execution)?;
        }
        if execution.steps() == STEPS_OF_EXECUTION_MAX {
            let message = format!("an execution has at most {STEPS_OF_EXECUTION_MAX} steps");
            return Err(code::EXECUTION_FULL.because(message));
        }
        if let Some(id) = step.approval {
            step.approved(self.facts, execution.user_id, self.who)
                .ok_or_else(|| code::UNKNOWN_APPROVAL.absent(format_args!("approval {id}"), "approval"))?;
        }
        let rules = &self.facts.rules.workflows;
        let id = step.id.unwrap_or_else(|| self.ctx.id(number));
        // Their own purpose numbers keep these salts apart from those of rows.
        let salt = self.ctx.salt(u32::MAX / 2 + number);
        let row = step.row(
            id,
            execution,
            (rules, rules.keeps(&span.workflow)),
            salt,
            self.ctx.now,
        );
        execution.count(&row);
        self.steps.push(row);
        Ok(())
    }

    fn score(&mut self, span: &Span) {
        for score in &span.scores {
            let known = self.facts.metrics.contains_key(&score.id);
            if known || self.scores.iter().any(|made| made.id == score.id) {
                continue;
            }
            self.scores.push(Metric {
                id: score.id,
                name: score.name.clone(),
                value: score.value,
                unit: None,
                at: score.at,
                workflow: Some(span.workflow.clone()),
                drag_mode: span.drag_mode,
                execution_id: Some(self.execution.id),
                user_id: Some(self.execution.user_id),
            });
        }
    }

    /// Takes in what a span says of the execution, where nobody else does.
    fn tell(&mut self, span: &Span, user: Uuid) {
        let Some(told) = &mut self.told else { return };
        let mut says = span.told.clone();
        if let Some((by, thread)) = &span.thread {
            let mut all = self.facts.conversations.values().map(|known| &known.row);
            let is = |known: &&Conversation| known.user_id == user && known.thread.as_deref() == Some(thread);
            let known = all.find(is).or_else(|| self.conversations.iter().find(is));
            let (id, status) = known.map_or_else(
                || (conversation_id(user, thread), None),
                |known| (known.id, Some(known.status)),
            );
            // One that has ended takes no more.
            if status != Some(ConversationStatus::Ended) {
                says.conversation = Some(Said {
                    by: by.clone(),
                    is: id,
                });
            }
            if status.is_none() {
                self.conversations.push(Conversation {
                    id,
                    user_id: user,
                    thread: Some(thread.clone()),
                    title: None,
                    context: None,
                    status: ConversationStatus::Active,
                    created_by: self.who.user_id,
                    created_at: self.ctx.now,
                    updated_at: self.ctx.now,
                    ended_at: None,
                });
            }
        }
        told.take(says);
        // A root that is no step may begin before them.
        self.execution.started_at = self.execution.started_at.min(span.started_at);
    }

    /// The execution as its spans say it. A root ends it, unless somebody did; and it replaces that none had come.
    fn follow(&mut self) {
        let Some(told) = self.told.take() else { return };
        let execution = &mut self.execution;
        let before = execution.told.as_ref().and_then(|told| told.end.as_ref());
        if let Some(end) = &told.end {
            let by_root = before.is_some_and(|end| end.is.ended(execution));
            let by_clock = execution.error_type.as_deref() == Some(ROOT_MISSING);
            if execution.status == ExecutionStatus::Running || by_root || by_clock {
                end.is.clone().end(execution);
            }
        }
        let workflow = told.workflow.as_ref().map(|said| said.is.clone());
        execution.workflow = workflow.unwrap_or_else(|| UNNAMED.to_owned());
        execution.drag_mode = told.drag_mode.as_ref().map(|said| said.is);
        execution.conversation_id = told.conversation.as_ref().map(|said| said.is);
        execution.actor = told.actor.as_ref().map(|said| said.is.clone());
        execution.mission = told.mission.as_ref().map(|said| said.is.clone());
        execution.told = Some(told);
    }
}

impl RootEnd {
    /// Whether it is how an execution ended.
    fn ended(&self, execution: &Execution) -> bool {
        let status = execution.status == self.status();
        status && execution.finished_at == Some(self.at) && execution.error_type == self.error_type
    }

    fn status(&self) -> ExecutionStatus {
        if self.failed {
            ExecutionStatus::Failed
        } else {
            ExecutionStatus::Completed
        }
    }

    fn end(self, execution: &mut Execution) {
        execution.status = self.status();
        execution.finished_at = Some(self.at);
        execution.error_type = self.error_type;
        execution.error = self.error;
    }
}

/// Checks what a span says of its execution against the bounds of executions.
fn check_told(told: &Told) -> Result<(), FieldError> {
    let is = |said: &Option<Said<String>>| said.as_ref().map(|said| said.is.clone());
    let agent = told
        .agent
        .as_ref()
        .map(|said| said.is.clone())
        .unwrap_or_default();
    for (field, text) in [
        ("aim.actor", is(&told.actor)),
        ("user", is(&told.user)),
        ("agent.id", agent.id),
        ("agent.name", agent.name),
        ("agent.version", agent.version),
    ] {
        check_optional(field, text.as_deref(), NAME_LEN_MAX)?;
    }
    check_optional_lines("aim.mission", is(&told.mission).as_deref(), TEXT_LEN_MAX)?;
    check_optional("workflow", is(&told.workflow).as_deref(), WORKFLOW_LEN_MAX)?;
    match &told.end {
        Some(end) => check_error(end.is.error_type.as_deref(), end.is.error.as_deref()),
        None => Ok(()),
    }
}

impl ObserveTrace {
    fn check(&self) -> Result<(), Refusal> {
        own_id::check("execution", Some(self.execution))?;
        check_text("trace_id", &self.trace_id, TRACE_LEN_MAX)?;
        check_count(
            &code::TOO_MANY_STEPS,
            "spans",
            self.spans.len(),
            SPANS_MAX,
            "spans",
        )?;
        if !LEASE_S.contains(&self.lease_s) {
            return Err(FieldError::new("lease_s", "must be 10 to 86400").into());
        }
        for (span, place) in self.spans.iter().zip(0..) {
            let at = |error: FieldError| error.within(&format!("spans[{place}]"));
            check_workflow(&span.workflow).map_err(at)?;
            check_told(&span.told).map_err(at)?;
            if let Some((_, thread)) = &span.thread {
                check_text("thread", thread, THREAD_LEN_MAX).map_err(at)?;
            }
        }
        Ok(())
    }

    /// The execution that its first spans begin.
    fn first(&self, facts: &Facts, who: &Principal, now: Timestamp) -> Option<Execution> {
        // A root that is no step begins nothing.
        self.spans.iter().find(|span| span.step.is_some())?;
        let agent = who.agent_id().and_then(|id| facts.agents.get(&id));
        Some(Execution {
            id: self.execution,
            workflow: UNNAMED.to_owned(),
            user_id: self.user,
            conversation_id: None,
            parent_id: None,
            depth: 1,
            trace_id: Some(self.trace_id.clone()),
            drag_mode: None,
            agent_id: agent.map(|agent| agent.row.id),
            agent_version: agent.and_then(|agent| agent.row.release.clone()),
            actor: None,
            input: None,
            mission: None,
            lease_s: self.lease_s,
            expires_at: lease_end(self.lease_s, now),
            status: ExecutionStatus::Running,
            result: None,
            error_type: None,
            error: None,
            created_by: who.user_id,
            // Each of them moves it forward.
            started_at: now.plus_seconds(i64::MAX),
            finished_at: None,
            steps: None,
            usage: None,
            told: None,
        })
    }

    fn reply(&self, mut observation: Observation) -> Reply {
        observation.execution = self.execution;
        Reply::Observed(observation)
    }
}

impl Act for ObserveTrace {
    act! {
        action: EXECUTION_OBSERVE, changes_access: false, target: none,
        refusals: INVALID_FIELD, TOO_MANY_STEPS, UNKNOWN_USER, USER_ERASED, UNKNOWN_EXECUTION
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        let steps = || self.spans.iter().filter_map(|span| span.step.as_ref());
        needs.row(&looks::USER_RELIED_ON, self.user);
        needs.rows(&looks::APPROVAL_READ, steps().filter_map(|step| step.approval));
        let threads = self.spans.iter().filter_map(|span| span.thread.as_ref());
        needs.rows(
            &looks::CONVERSATIONS_OF_THREAD,
            threads.map(|(_, thread)| thread.as_str()),
        );
        needs.row(&looks::EXECUTION, self.execution);
        let scores = self.spans.iter().flat_map(|span| &span.scores);
        needs.rows(&looks::METRIC, scores.map(|score| score.id));
        needs.rows(&looks::STEP, steps().filter_map(|step| step.id));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let authority = authorise_for(self.user, by.who, KEEP.0, KEEP.1)?;
        self.check()?;
        check_user(facts, self.user)?;
        let before = facts.executions.get(&self.execution);
        if before.is_some_and(|before| before.row.user_id != self.user) {
            return Err(unknown(self.execution, "execution"));
        }
        let known = before.map(|before| before.row.clone().as_of(self.renewed, ctx.now));
        let mut observation = Observation::default();
        let Some(execution) = known.or_else(|| self.first(facts, by.who, ctx.now)) else {
            return Ok(Decision::nothing(self.reply(observation)));
        };
        let told = match before {
            Some(before) => before.row.told.clone(),
            None => Some(Told::default()),
        };
        let (who, steps, conversations, scores) = (by.who, Vec::new(), Vec::new(), Vec::new());
        let mut made = Made {
            execution,
            told,
            steps,
            conversations,
            scores,
            facts,
            who,
            ctx,
        };
        for ((place, span), number) in self.spans.iter().enumerate().zip(1..) {
            let steps = made.steps.len();
            match made.take(span, number, self.user) {
                Ok(()) => {
                    let again = span.step.is_some() && made.steps.len() == steps;
                    observation.again += u64::from(again);
                }
                Err(refusal) => {
                    let field = refusal.field.map(|field| format!("{field}: "));
                    let why = field.unwrap_or_default() + &refusal.message;
                    observation.rejected.push((place, refusal.code, why));
                }
            }
        }
        made.follow();
        observation.steps = made.steps.len() as u64;
        observation.scores = made.scores.len() as u64;
        let grown = !(made.steps.is_empty() && made.scores.is_empty() && made.conversations.is_empty());
        let told = before.map(|before| &before.row.told) != Some(&made.execution.told);
        observation.begun = before.is_some() || grown;
        let told_of = made.execution.told.as_ref();
        let waits = |told: &Told| before.is_none() || told.end.is_none();
        observation.waits = told_of.is_some_and(waits);
        if !grown && (before.is_none() || !told) {
            return Ok(Decision::nothing(self.reply(observation)));
        }
        let after = &mut made.execution;
        if after.status == ExecutionStatus::Running {
            after.expires_at = after.expires_at.max(lease_end(after.lease_s, ctx.now));
        }
        let mut change = Change::new(&by.with(&authority), ctx);
        if after.finished_at.is_some() {
            change.detail("steps", after.steps());
        }
        if !observation.rejected.is_empty() {
            change.detail("rejected", observation.rejected.len());
        }
        tell_unpriced(&mut change, &facts.rules.workflows, &made.steps);
        let id = after.id;
        made.conversations.into_iter().for_each(|row| change.insert(row));
        match before {
            Some(before) => change.alter(before, made.execution),
            None => change.insert(made.execution),
        }
        made.steps.into_iter().for_each(|row| change.insert(row));
        made.scores.into_iter().for_each(|row| change.insert(row));
        let draft = change.draft(Self::ACTION.name, "execution", id);
        Ok(Decision::one(self.reply(observation), draft))
    }

    // One entry, but as many rows: a batch is bounded by what is written.
    fn weight(&self) -> usize {
        self.spans.len().max(1)
    }

    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        Unmade::about(facts, Some(self.user))
    }
}
