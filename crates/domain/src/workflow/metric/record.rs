//! Recording metrics: one entry for all of a request, all or none.

use std::collections::HashMap;

use evidence::payload::DragMode;

use super::{Metric, NAME_LEN_MAX, Number, UNIT_LEN_MAX};
use crate::audit::event::{AHEAD_SECONDS_MAX, word};
use crate::code::check_count;
use crate::prelude::*;
use crate::workflow::conversation::KEEP;
use crate::workflow::execution::{WORKFLOW_LEN_MAX, check_optional, unknown};

/// Most metrics in one request.
pub const METRICS_MAX: usize = 1_000;

/// Records metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordMetrics {
    /// One to 1,000.
    pub metrics: Vec<NewMetric>,
    /// Whether they came as a list, so that a field's path begins with a position.
    pub list: bool,
    /// Where all ids follow from one key: the id of one more. The key is for exactly as many.
    pub next: Option<Uuid>,
}

/// A metric to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMetric {
    /// The caller's own id for it: the same id with the same content is the same metric.
    pub id: Option<Uuid>,
    /// What is measured: a word of 1 to 100 characters.
    pub name: String,
    /// The number.
    pub value: Number,
    /// In what: 1 to 32 printable characters.
    pub unit: Option<String>,
    /// When it was so: not more than a day from now. Now, unless given.
    pub at: Option<Timestamp>,
    /// The workflow that it is about: 1 to 200 printable characters. That of the execution, unless given.
    pub workflow: Option<String>,
    /// What sort of work it is about. That of the execution, unless given.
    pub drag_mode: Option<DragMode>,
    /// The execution that it is about: the caller's own, for those who keep only their own.
    pub execution: Option<Uuid>,
}

impl NewMetric {
    fn check(&self, now: Timestamp) -> Result<(), FieldError> {
        own_id::check("id", self.id)?;
        word("name", &self.name, NAME_LEN_MAX)?;
        check_optional("unit", self.unit.as_deref(), UNIT_LEN_MAX)?;
        check_optional("workflow", self.workflow.as_deref(), WORKFLOW_LEN_MAX)?;
        let latest = now.plus_seconds(AHEAD_SECONDS_MAX);
        if self.at.is_some_and(|at| at > latest) {
            let message = format!("must not be later than a day from now, {latest}");
            return Err(FieldError::new("at", message));
        }
        Ok(())
    }

    /// The row that it becomes.
    fn row(
        &self,
        facts: &Facts,
        of_all: bool,
        who: &Principal,
        ctx: &Context,
        number: u32,
    ) -> Result<Metric, Refusal> {
        self.check(ctx.now)?;
        let mut row = Metric {
            id: self.id.unwrap_or_else(|| ctx.id(number)),
            name: self.name.clone(),
            value: self.value,
            unit: self.unit.clone(),
            at: self.at.unwrap_or(ctx.now),
            workflow: self.workflow.clone(),
            drag_mode: self.drag_mode,
            execution_id: self.execution,
            user_id: who.user_id,
        };
        if let Some(id) = self.execution {
            let found = facts.executions.get(&id);
            let found = found.filter(|found| of_all || Some(found.row.user_id) == who.user_id);
            let execution = &found.ok_or_else(|| unknown(id, "execution"))?.row;
            let other = |field: &str| FieldError::new(field, "is not that of the execution: leave it out");
            if row
                .workflow
                .is_some_and(|workflow| workflow != execution.workflow)
            {
                return Err(other("workflow").into());
            }
            if row.drag_mode.is_some() && row.drag_mode != execution.drag_mode {
                return Err(other("drag_mode").into());
            }
            row.workflow = Some(execution.workflow.clone());
            row.drag_mode = execution.drag_mode;
            row.user_id = Some(execution.user_id);
        }
        Ok(row)
    }

    /// The field in which a metric is not what is asked for, `row` being what would become of it.
    fn difference(&self, known: &Metric, row: &Metric) -> Option<&'static str> {
        let fields = [
            ("name", known.name == row.name),
            ("value", known.value == row.value),
            ("unit", known.unit == row.unit),
            ("at", self.at.is_none() || known.at == row.at),
            ("execution", known.execution_id == row.execution_id),
            ("workflow", known.workflow == row.workflow),
            ("drag_mode", known.drag_mode == row.drag_mode),
        ];
        fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }
}

impl RecordMetrics {
    /// The refusal of one of them, its field named as the caller would.
    fn at(&self, position: usize, mut refusal: Refusal) -> Refusal {
        if self.list {
            refusal.field = refusal.field.map(|field| format!("[{position}].{field}"));
        }
        refusal
    }

    /// The execution that all of them are about.
    fn execution(&self) -> Option<Uuid> {
        let execution = self.metrics.first()?.execution;
        execution.filter(|_| self.metrics.iter().all(|metric| metric.execution == execution))
    }
}

impl Act for RecordMetrics {
    act! {
        action: METRIC_RECORD, changes_access: false, target: none,
        refusals: TOO_MANY_METRICS, INVALID_FIELD, UNKNOWN_EXECUTION, ID_CONFLICT
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        let ids = self.metrics.iter().filter_map(|metric| metric.id);
        needs.rows(&looks::METRIC, ids.chain(self.next));
        needs.rows(
            &looks::EXECUTION_READ,
            self.metrics.iter().filter_map(|metric| metric.execution),
        );
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let of_all = by.who.authorise(KEEP.0).ok();
        let (authority, of_all) = match of_all {
            Some(authority) => (authority, true),
            None => (by.who.authorise(KEEP.1)?, false),
        };
        let count = self.metrics.len();
        check_count(&code::TOO_MANY_METRICS, "metrics", count, METRICS_MAX, "")?;
        let mut change = Change::new(&by.with(&authority), ctx);
        let mut reply = Vec::with_capacity(self.metrics.len());
        // What this very request brings, so that a list with the same id twice is seen as a replay or refused.
        let mut brought: HashMap<Uuid, Metric> = HashMap::new();
        for ((position, metric), number) in self.metrics.iter().enumerate().zip(1..) {
            let row = metric
                .row(facts, of_all, by.who, ctx, number)
                .map_err(|refusal| self.at(position, refusal))?;
            let known = facts.metrics.get(&row.id).map(|known| &known.row);
            if let Some(known) = known.or_else(|| brought.get(&row.id)) {
                let own = known.user_id.is_some() && known.user_id == by.who.user_id;
                let may_read = own || of_all || by.who.holds(Permission::WorkflowsRead);
                // What is equal and somebody else's is not shown either, and is not theirs who send it.
                let whose = (known.user_id != row.user_id).then_some("user");
                if let Some(field) = metric.difference(known, &row).or(whose) {
                    let refusal = own_id::conflict_seen(may_read, "metric", row.id, field);
                    return Err(self.at(position, refusal));
                }
                reply.push((known.clone(), true));
                continue;
            }
            brought.insert(row.id, row.clone());
            change.insert(row.clone());
            reply.push((row, false));
        }
        let again = self.metrics.len() - brought.len();
        let is_there = |next: &Uuid| facts.metrics.contains_key(next);
        own_id::check_key(self.next, is_there, (again, self.metrics.len()))?;
        if brought.is_empty() {
            return Ok(Decision::nothing(Reply::Metrics(reply)));
        }
        let name = Self::ACTION.name;
        let draft = match (self.execution(), reply.as_slice()) {
            (Some(execution), _) => change.draft(name, "execution", execution),
            (None, [(one, _)]) => change.draft(name, "metric", one.id),
            _ => change.untargeted(name),
        };
        Ok(Decision::one(Reply::Metrics(reply), draft))
    }

    // One entry, but as many rows: a batch is bounded by what is written.
    fn weight(&self) -> usize {
        self.metrics.len().max(1)
    }
}
