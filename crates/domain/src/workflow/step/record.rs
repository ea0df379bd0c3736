//! Recording steps.

use evidence::Salt;
use evidence::commitment::commit;
use evidence::json;
use evidence::leaf::Outcome;
use serde_json::Value;

use super::{
    CALL_ID_LEN_MAX, Cost, ExecutionStep, FINISH_REASON_LEN_MAX, FINISH_REASONS_MAX, Keeps, NAME_LEN_MAX,
    PRICED_BY_CALLER, PROVIDER_LEN_MAX, Prices, RecordedStep, STEPS_MAX, STEPS_OF_EXECUTION_MAX, StepKind,
    TOKENS_MAX, Usage,
};
use crate::approval::Approval;
use crate::audit::event::AHEAD_SECONDS_MAX;
use crate::code::check_count;
use crate::custody::whose::find_for;
use crate::prelude::*;
use crate::workflow::conversation::KEEP;
use crate::workflow::execution::{
    CONTENT_LEN_MAX, ERROR_TYPE_LEN_MAX, Execution, Renewed, check_optional, check_running, lease_end,
    unknown,
};
use crate::workflow::rules::WorkflowRules;

/// A value as canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content(String);

impl Content {
    /// A value.
    pub fn of(value: &Value) -> Content {
        Content(json::canonical(value))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A step as its caller tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStep {
    /// The caller's own id for it: the same id with the same content is the same step.
    pub id: Option<Uuid>,
    /// What sort of step it is.
    pub kind: StepKind,
    /// What was called: 1 to 200 printable characters.
    pub name: String,
    /// Whose model or tool it is: 1 to 100 printable characters.
    pub provider: Option<String>,
    /// The model that was asked for: 1 to 200 printable characters.
    pub request_model: Option<String>,
    /// The model that answered: 1 to 200 printable characters.
    pub response_model: Option<String>,
    /// Why the model finished: at most 10, each 1 to 50 printable characters without a comma.
    pub finish_reasons: Vec<String>,
    /// The id of the call where it was made: 1 to 256 printable characters.
    pub call_id: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended: not before it began.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// What sort of error it ended with: 1 to 100 printable characters.
    pub error_type: Option<String>,
    /// How many tokens it used: of each kind at most a billion.
    pub usage: Usage,
    /// What it cost.
    pub cost: Option<Cost>,
    /// The approval that it had.
    pub approval: Option<Uuid>,
    /// What went in: at most 256 KiB.
    pub input: Option<Content>,
    /// What came out: at most 256 KiB.
    pub output: Option<Content>,
}

/// Records steps of an execution, all or none, and renews its lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSteps {
    /// The execution.
    pub execution: Uuid,
    /// Until when its lease was renewed last.
    pub renewed: Renewed,
    /// 1 to 1,000.
    pub steps: Vec<NewStep>,
    /// Where all ids follow from one key: the id of one more. The key is for exactly as many.
    pub next: Option<Uuid>,
}

impl NewStep {
    /// Checks all but how much went in and came out.
    pub(crate) fn check(&self, latest: Timestamp) -> Result<(), FieldError> {
        own_id::check("id", self.id)?;
        check_text("name", &self.name, NAME_LEN_MAX)?;
        check_optional("provider", self.provider.as_deref(), PROVIDER_LEN_MAX)?;
        check_optional("request_model", self.request_model.as_deref(), NAME_LEN_MAX)?;
        check_optional("response_model", self.response_model.as_deref(), NAME_LEN_MAX)?;
        check_optional("call_id", self.call_id.as_deref(), CALL_ID_LEN_MAX)?;
        check_optional("error_type", self.error_type.as_deref(), ERROR_TYPE_LEN_MAX)?;
        let error = |field: &str, message: String| Err(FieldError::new(field, message));
        if self.finish_reasons.len() > FINISH_REASONS_MAX {
            return error("finish_reasons", format!("must be at most {FINISH_REASONS_MAX}"));
        }
        for (reason, place) in self.finish_reasons.iter().zip(0..) {
            let field = format!("finish_reasons[{place}]");
            check_text(&field, reason, FINISH_REASON_LEN_MAX)?;
            if reason.contains(',') {
                return error(&field, "must have no comma".to_owned());
            }
        }
        for (field, time) in [("started_at", self.started_at), ("finished_at", self.finished_at)] {
            if time.is_some_and(|time| time > latest) {
                return error(field, format!("must not be later than a day from now, {latest}"));
            }
        }
        if let (Some(started), Some(finished)) = (self.started_at, self.finished_at)
            && finished < started
        {
            return error("finished_at", format!("must not be before started_at, {started}"));
        }
        for (field, tokens) in [
            ("usage.input", self.usage.input),
            ("usage.output", self.usage.output),
            ("usage.cache_read", self.usage.cache_read),
            ("usage.cache_write", self.usage.cache_write),
            ("usage.reasoning", self.usage.reasoning),
        ] {
            if tokens.is_some_and(|tokens| tokens > TOKENS_MAX) {
                return error(
                    field,
                    format!("must be an integer from 0 to {TOKENS_MAX}, or null"),
                );
            }
        }
        Ok(())
    }

    fn check_content(&self) -> Result<(), FieldError> {
        for (field, content) in [("input", &self.input), ("output", &self.output)] {
            let length = content.as_ref().map_or(0, |content| content.0.len());
            if length > CONTENT_LEN_MAX {
                let message =
                    format!("must have at most {CONTENT_LEN_MAX} bytes as canonical JSON, not {length}");
                return Err(FieldError::new(field, message));
            }
        }
        Ok(())
    }

    /// The approval that it had, asked for by the user for whom it runs, or by whoever records it.
    pub(crate) fn approved<'a>(
        &self,
        facts: &'a Facts,
        user: Uuid,
        who: &Principal,
    ) -> Option<&'a Sealed<Approval>> {
        let found = facts.approvals.get(&self.approval?)?;
        let by = found.row.requested_by;
        (by == Some(user) || by == who.user_id).then_some(found)
    }

    /// The field in which a step is not what is asked for. Of what is not kept, nobody can say.
    pub(crate) fn difference(&self, execution: Uuid, known: &ExecutionStep) -> Option<&'static str> {
        let reasons = (!self.finish_reasons.is_empty()).then(|| self.finish_reasons.join(","));
        let same = |commitment: &Option<Vec<u8>>, content: &Option<Content>| match content {
            Some(content) => {
                known.content == Keeps::None
                    || known
                        .holds(commitment.as_deref(), &content.0)
                        .unwrap_or(commitment.is_some())
            }
            None => commitment.is_none(),
        };
        let by_caller = known.priced_by.as_deref() == Some(PRICED_BY_CALLER);
        let fields = [
            ("execution", known.execution_id == execution),
            ("kind", known.kind == self.kind),
            ("name", known.name == self.name),
            ("provider", known.provider == self.provider),
            ("request_model", known.request_model == self.request_model),
            ("response_model", known.response_model == self.response_model),
            ("finish_reasons", known.finish_reasons == reasons),
            ("call_id", known.call_id == self.call_id),
            ("started_at", known.started_at == self.started_at),
            ("finished_at", known.finished_at == self.finished_at),
            ("outcome", known.outcome == self.outcome),
            ("error_type", known.error_type == self.error_type),
            ("usage", known.usage() == self.usage),
            ("cost_usd", known.cost_usd.filter(|_| by_caller) == self.cost),
            ("approval", known.approval_id == self.approval),
            ("input", same(&known.input_commitment, &self.input)),
            ("output", same(&known.output_commitment, &self.output)),
        ];
        fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }

    /// What it costs, and who says so: the caller, else the file of prices, of the model that answered, or that was asked for.
    fn priced<'a>(&self, prices: Option<&'a Prices>) -> Option<(Cost, &'a str)> {
        if let Some(cost) = self.cost {
            return Some((cost, PRICED_BY_CALLER));
        }
        let (prices, provider) = (prices?, self.provider.as_deref()?);
        let model = self.response_model.as_deref().or(self.request_model.as_deref())?;
        let cost = prices.cost(provider, model, &self.usage)?;
        Some((cost, &prices.file))
    }

    /// The step as the next one of an execution, of which this is kept.
    pub(crate) fn row(
        &self,
        id: Uuid,
        execution: &Execution,
        (rules, keeps): (&WorkflowRules, Keeps),
        salt: Salt,
        now: Timestamp,
    ) -> ExecutionStep {
        let kept = |content: &Option<Content>| {
            let content = content.as_ref().filter(|_| keeps == Keeps::Full);
            // Of what is larger, the commitment alone is kept.
            let content = content.filter(|content| content.0.len() <= CONTENT_LEN_MAX);
            content.map(|content| content.0.clone())
        };
        let committed = |content: &Option<Content>| {
            let content = content.as_ref().filter(|_| keeps != Keeps::None);
            content.map(|content| commit(&salt, content.0.as_bytes()).to_vec())
        };
        let (input_commitment, output_commitment) = (committed(&self.input), committed(&self.output));
        let priced = self.priced(rules.prices.as_ref());
        let commits = input_commitment.is_some() || output_commitment.is_some();
        ExecutionStep {
            id,
            execution_id: execution.id,
            user_id: execution.user_id,
            number: execution.steps(),
            kind: self.kind,
            name: self.name.clone(),
            provider: self.provider.clone(),
            request_model: self.request_model.clone(),
            response_model: self.response_model.clone(),
            finish_reasons: (!self.finish_reasons.is_empty()).then(|| self.finish_reasons.join(",")),
            call_id: self.call_id.clone(),
            started_at: self.started_at,
            finished_at: self.finished_at,
            outcome: self.outcome,
            error_type: self.error_type.clone(),
            input_tokens: self.usage.input,
            output_tokens: self.usage.output,
            cache_read_tokens: self.usage.cache_read,
            cache_write_tokens: self.usage.cache_write,
            reasoning_tokens: self.usage.reasoning,
            cost_usd: priced.map(|(cost, _)| cost),
            priced_by: priced.map(|(_, by)| by.to_owned()),
            approval_id: self.approval,
            content: keeps,
            input: kept(&self.input),
            output: kept(&self.output),
            input_commitment,
            output_commitment,
            content_salt: commits.then(|| salt.0.to_vec()),
            recorded_at: now,
        }
    }
}

/// Says in the entry how many of these steps used something that nobody says the cost of, where there are prices.
pub(crate) fn tell_unpriced(change: &mut Change<'_>, rules: &WorkflowRules, made: &[ExecutionStep]) {
    let unpriced = |step: &&ExecutionStep| step.usage() != Usage::default() && step.cost_usd.is_none();
    let unpriced = made.iter().filter(unpriced).count();
    if rules.prices.is_some() && unpriced > 0 {
        change.detail("unpriced", unpriced);
    }
}

impl RecordSteps {
    fn check(
        &self,
        facts: &Facts,
        execution: &Execution,
        who: &Principal,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let count = self.steps.len();
        check_count(&code::TOO_MANY_STEPS, "steps", count, STEPS_MAX, "steps")?;
        let latest = now.plus_seconds(AHEAD_SECONDS_MAX);
        for (step, place) in self.steps.iter().zip(0..) {
            let checked = step.check(latest).and_then(|()| step.check_content());
            checked.map_err(|error| error.within(&format!("steps[{place}]")))?;
            let Some(id) = step.approval else { continue };
            if step.approved(facts, execution.user_id, who).is_none() {
                let field = format!("steps[{place}].approval");
                return Err(code::UNKNOWN_APPROVAL.absent(format_args!("approval {id}"), &field));
            }
        }
        Ok(())
    }

    /// The step that has this own id already, where it is the same.
    fn known<'a>(
        &self,
        facts: &'a Facts,
        made: &'a [ExecutionStep],
        place: usize,
        who: &Principal,
    ) -> Result<Option<&'a ExecutionStep>, Refusal> {
        let step = &self.steps[place];
        let Some(id) = step.id else { return Ok(None) };
        let known = facts.steps.get(&id).map(|known| &known.row);
        let Some(known) = known.or_else(|| made.iter().find(|made| made.id == id)) else {
            return Ok(None);
        };
        let Some(field) = step.difference(self.execution, known) else {
            return Ok(Some(known));
        };
        let own = who.user_id == Some(known.user_id);
        let may_read = own || who.holds(KEEP.0) || who.holds(Permission::WorkflowsRead);
        let refusal = own_id::conflict_seen(may_read, "step", id, field);
        let field = format!("steps[{place}].{}", refusal.field.as_deref().unwrap_or("id"));
        Err(refusal.field(field))
    }
}

impl Act for RecordSteps {
    act! {
        action: EXECUTION_RECORD, changes_access: false, target: "execution" = execution,
        refusals: INVALID_FIELD, TOO_MANY_STEPS, ID_CONFLICT, UNKNOWN_EXECUTION, UNKNOWN_APPROVAL,
            EXECUTION_FINISHED, EXECUTION_FULL
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::EXECUTION, self.execution);
        let ids = self.steps.iter().filter_map(|step| step.id);
        needs.rows(&looks::STEP, ids.chain(self.next));
        needs.rows(
            &looks::APPROVAL_READ,
            self.steps.iter().filter_map(|step| step.approval),
        );
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (before, authority) = find_for(
            &facts.executions,
            self.execution,
            |execution| execution.user_id,
            by.who,
            KEEP,
            || unknown(self.execution, "id"),
        )?;
        self.check(facts, &before.row, by.who, ctx.now)?;
        let mut execution = before.row.clone().as_of(self.renewed, ctx.now);
        let rules = &facts.rules.workflows;
        let rules = (rules, rules.keeps(&execution.workflow));
        let mut made: Vec<ExecutionStep> = Vec::with_capacity(self.steps.len());
        let mut reply = Vec::with_capacity(self.steps.len());
        for (step, number) in self.steps.iter().zip(1..) {
            if let Some(known) = self.known(facts, &made, reply.len(), by.who)? {
                reply.push(RecordedStep {
                    id: known.id,
                    number: known.number,
                    replayed: true,
                });
                continue;
            }
            check_running(&execution)?;
            if execution.steps() == STEPS_OF_EXECUTION_MAX {
                let message = format!("an execution has at most {STEPS_OF_EXECUTION_MAX} steps");
                return Err(code::EXECUTION_FULL.because(message));
            }
            // Their own purpose numbers keep these salts apart from those of rows.
            let salt = ctx.salt(u32::MAX / 2 + number);
            let row = step.row(
                step.id.unwrap_or_else(|| ctx.id(number)),
                &execution,
                rules,
                salt,
                ctx.now,
            );
            execution.count(&row);
            reply.push(RecordedStep {
                id: row.id,
                number: row.number,
                replayed: false,
            });
            made.push(row);
        }
        let is_there = |next: &Uuid| facts.steps.contains_key(next);
        let again = self.steps.len() - made.len();
        own_id::check_key(self.next, is_there, (again, self.steps.len()))?;
        let reply = |version| Reply::Steps {
            execution: self.execution,
            version,
            steps: reply,
        };
        if made.is_empty() {
            return Ok(Decision::nothing(reply(before.version)));
        }
        execution.expires_at = execution.expires_at.max(lease_end(execution.lease_s, ctx.now));
        let mut change = Change::new(&by.with(&authority), ctx);
        change.detail("steps", made.len());
        tell_unpriced(&mut change, rules.0, &made);
        change.alter(before, execution);
        for step in made {
            change.insert(step);
        }
        let draft = change.draft(Self::ACTION.name, "execution", self.execution);
        Ok(Decision::one(reply(before.version + 1), draft))
    }

    // One entry, but as many rows: a batch is bounded by what is written.
    fn weight(&self) -> usize {
        self.steps.len().max(1)
    }

    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        let execution = facts.executions.get(&self.execution);
        Unmade::about(facts, execution.map(|execution| execution.row.user_id))
    }
}
