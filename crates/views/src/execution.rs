//! Executions of workflows.

use std::collections::HashMap;

use domain::code::{self, Code};
use domain::identity::Permission;
use domain::record::Sealed;
use domain::workflow::execution::{
    Execution, ExecutionStatus, LEASE_S_USUAL, Renewed, TRACE_LEN_MAX, Told, WORKFLOW_LEN_MAX,
};
use domain::workflow::step::Totals;
use engine::list::{Condition, Order};
use engine::workflow::execution_stands;
use engine::{Engine, Error};
use evidence::Timestamp;
use evidence::payload::{Aim, DragMode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, indented, members, one, state};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Kind};
use crate::noun::{About, Found, Noun, Reads, Show, Shown};
use crate::rows::{Rows, leads, row, rows};
use crate::step::{StepView, TotalView};
use crate::viewer::Viewer;

/// Most characters of AIM and result that people are shown.
const SHOWN_MAX: usize = 500;

/// An execution.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Execution")]
pub struct ExecutionView {
    /// Its id.
    pub id: Uuid,
    /// The name of the workflow.
    pub workflow: String,
    /// Where it stands, by the clock.
    pub status: ExecutionStatus,
    /// For whom.
    pub user: Uuid,
    /// The conversation that it belongs to.
    pub conversation: Option<Uuid>,
    /// The execution that it is a part of.
    pub parent: Option<Uuid>,
    /// How deep it is within others: 1 where it is a part of none.
    pub depth: u64,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// What sort of work it is.
    pub drag_mode: Option<DragMode>,
    /// The agent that started it.
    pub agent: Option<Uuid>,
    /// The release of the agent when it did.
    pub agent_version: Option<String>,
    /// Actor, input and mission; null where none was given, or it was erased.
    pub aim: Option<Aim>,
    /// What it gave.
    pub result: Option<Map<String, Value>>,
    /// What sort of error it ended with; `lease_lapsed` where the clock ended it, `root_missing` where
    /// the root of its trace did not come in time.
    pub error_type: Option<String>,
    /// The error in words, or why it was cancelled.
    pub error: Option<String>,
    /// How long a lease is, in seconds.
    pub lease_s: u64,
    /// When its lease ends, unless it is renewed; null once it has ended.
    pub lease_until: Option<Timestamp>,
    /// Who started it; null for someone on the server's own machine.
    pub created_by: Option<Uuid>,
    /// What the spans of its trace say of its agent and user; null where somebody started it, or it was erased.
    pub told: Option<ToldView>,
    /// How many steps it has.
    pub step_count: u64,
    /// What its own steps used, without those of its parts; null where none of them says.
    pub usage: Option<TotalView>,
    #[serde(skip)]
    totals: Totals,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
}

/// What the spans of a trace say, which is theirs to answer for: who acted is the agent of the key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Told")]
pub struct ToldView {
    /// The agent's id.
    pub agent_id: Option<String>,
    /// The agent's name.
    pub agent_name: Option<String>,
    /// The agent's version.
    pub agent_version: Option<String>,
    /// The user.
    pub user: Option<String>,
}

impl From<Told> for ToldView {
    fn from(told: Told) -> ToldView {
        let agent = told.agent.map(|said| said.is).unwrap_or_default();
        ToldView {
            agent_id: agent.id,
            agent_name: agent.name,
            agent_version: agent.version,
            user: told.user.map(|said| said.is),
        }
    }
}

impl ExecutionView {
    /// Shows an execution at a moment, whose lease was renewed until then.
    pub fn of(row: Execution, renewed: Renewed, now: Timestamp) -> ExecutionView {
        let lapses_at = row.lapses_at(renewed);
        let row = row.as_of(renewed, now);
        let aim = Aim {
            actor: row.actor,
            input: row.input.and_then(|text| serde_json::from_str(&text).ok()),
            mission: row.mission,
        };
        let totals = row.usage.unwrap_or_default();
        let micros = |end: Timestamp| end.micros() - row.started_at.micros();
        ExecutionView {
            id: row.id,
            workflow: row.workflow,
            status: row.status,
            user: row.user_id,
            conversation: row.conversation_id,
            parent: row.parent_id,
            depth: row.depth,
            trace_id: row.trace_id,
            drag_mode: row.drag_mode,
            agent: row.agent_id,
            agent_version: row.agent_version,
            aim: (aim != Aim::default()).then_some(aim),
            result: row.result.and_then(|text| serde_json::from_str(&text).ok()),
            error_type: row.error_type,
            error: row.error,
            lease_s: row.lease_s,
            lease_until: row.finished_at.is_none().then_some(lapses_at),
            created_by: row.created_by,
            told: row.told.map(ToldView::from),
            step_count: row.steps.unwrap_or(0),
            usage: TotalView::of(totals.counted(Totals::default())),
            totals,
            started_at: row.started_at,
            finished_at: row.finished_at,
            duration_ms: row
                .finished_at
                .map(|end| u64::try_from(micros(end) / 1_000).unwrap_or(0)),
        }
    }

    /// The same, of one whose lease is looked up.
    pub async fn of_one(engine: &Engine, row: Execution) -> Result<ExecutionView, Error> {
        let renewed = engine.renewed(row.id).await?;
        Ok(ExecutionView::of(row, renewed, engine.now()))
    }

    /// The same of many.
    pub(crate) async fn of_all(
        engine: &Engine,
        rows: Vec<Sealed<Execution>>,
    ) -> Result<Vec<ExecutionView>, Error> {
        let running = rows.iter().filter(|sealed| sealed.row.finished_at.is_none());
        let renewed = engine.renewals(running.map(|sealed| sealed.row.id)).await?;
        let now = engine.now();
        let view = |Sealed { row, .. }: Sealed<Execution>| {
            let renewed = renewed.get(&row.id).copied();
            ExecutionView::of(row, renewed, now)
        };
        Ok(rows.into_iter().map(view).collect())
    }
}

/// A text for people, who read the whole of a long one elsewhere.
fn shortened(text: String) -> String {
    let characters = text.chars().count();
    if characters <= SHOWN_MAX {
        return text;
    }
    let start: String = text.chars().take(SHOWN_MAX).collect();
    format!("{start}… ({characters} characters; --output json has all of them)")
}

impl Shown for ExecutionView {
    fn example() -> ExecutionView {
        ExecutionView {
            id: id(0xf2),
            workflow: "triage".to_owned(),
            status: ExecutionStatus::Completed,
            user: ANN,
            conversation: Some(id(0xf1)),
            parent: None,
            depth: 1,
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            drag_mode: Some(DragMode::Analysis),
            agent: None,
            agent_version: None,
            aim: Some(Aim {
                mission: Some("Find out who logged in from abroad".to_owned()),
                ..Aim::default()
            }),
            result: json!({"logins": 3}).as_object().cloned(),
            error_type: None,
            error: None,
            lease_s: LEASE_S_USUAL,
            lease_until: None,
            created_by: Some(ANN),
            told: None,
            step_count: 1,
            usage: Some(TotalView::example()),
            totals: Totals::default(),
            started_at: at(21, 8),
            finished_at: Some(at(21, 9)),
            duration_ms: Some(3_600_000),
        }
    }
}

/// An execution within another, with those within it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExecutionPart {
    /// The execution.
    #[serde(flatten)]
    pub execution: ExecutionView,
    /// The executions within it, in the order of their ids.
    pub parts: Vec<ExecutionPart>,
}

/// An execution with those within it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct ExecutionWhole {
    /// The execution.
    #[serde(flatten)]
    pub execution: ExecutionView,
    /// Its first 1,000 steps, without what went in and came out.
    pub steps: Vec<StepView>,
    /// What it and all that is within it used, each token once; null where nothing says, and where not all is shown.
    pub total: Option<TotalView>,
    /// The executions within it, in the order of their ids.
    pub parts: Vec<ExecutionPart>,
    /// Whether there are more within it than the 1,000 that are shown; the list by `parent` has them.
    pub more: bool,
}

/// Most executions that are shown within one.
const PARTS_MAX: usize = 1_000;

/// Most steps that are shown with an execution.
const STEPS_MAX: u32 = 1_000;

/// What these and all within them used.
fn used(parts: &[ExecutionPart]) -> Totals {
    let totals = |part: &ExecutionPart| part.execution.totals.counted(used(&part.parts));
    parts.iter().map(totals).fold(Totals::default(), Totals::plus)
}

/// Those within these, taken out of all by what they are a part of.
fn parts(of: Uuid, all: &mut HashMap<Uuid, Vec<ExecutionView>>) -> Vec<ExecutionPart> {
    let within = all.remove(&of).unwrap_or_default();
    let part = |execution: ExecutionView| ExecutionPart {
        parts: parts(execution.id, all),
        execution,
    };
    within.into_iter().map(part).collect()
}

impl ExecutionWhole {
    /// An execution with all that is within it, level by level: there are few of these.
    async fn of(engine: &Engine, execution: Execution) -> Result<ExecutionWhole, Error> {
        let mut all: HashMap<Uuid, Vec<ExecutionView>> = HashMap::new();
        let (mut level, mut count) = (vec![execution.id], 0);
        while !level.is_empty() && count <= PARTS_MAX {
            let mut rows = Vec::new();
            for parent in std::mem::take(&mut level) {
                let within = [Condition::Is("parent_id", parent.into())];
                let left = u32::try_from((PARTS_MAX + 1).saturating_sub(count)).unwrap_or(0);
                let (found, _) = engine.select::<Execution>(&within, None, Some(left)).await?;
                count += found.len();
                rows.extend(found);
                if count > PARTS_MAX {
                    break;
                }
            }
            rows.truncate(rows.len().saturating_sub(count.saturating_sub(PARTS_MAX)));
            for view in ExecutionView::of_all(engine, rows).await? {
                level.push(view.id);
                all.entry(view.parent.unwrap_or_default()).or_default().push(view);
            }
        }
        let more = count > PARTS_MAX;
        let parts = parts(execution.id, &mut all);
        let execution = ExecutionView::of_one(engine, execution).await?;
        let total = TotalView::of(execution.totals.counted(used(&parts)));
        Ok(ExecutionWhole {
            steps: StepView::first(engine, execution.id, STEPS_MAX).await?,
            total: total.filter(|_| !more),
            parts,
            execution,
            more,
        })
    }
}

impl Shown for ExecutionWhole {
    fn example() -> ExecutionWhole {
        ExecutionWhole {
            execution: ExecutionView::example(),
            steps: vec![StepView::example()],
            total: Some(TotalView::example()),
            parts: Vec::new(),
            more: false,
        }
    }
}

impl Noun for Execution {
    type View = ExecutionView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("execution", "executions");
    const KEY: &'static str = "executions";
    const TAG: &'static str = "workflows";
    const COMMAND: &'static str = "workflow";
    const LIST: About = About {
        id: "list_executions",
        summary: "Executions of workflows",
        description: "In the order of their ids, newest first unless asked otherwise. Of all users for callers who \
                      hold `workflows:read`, one's own for others.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new(
            "workflow",
            "of this workflow",
            Kind::Is(WORKFLOW_LEN_MAX, "workflow"),
        ),
        Filter::new(
            "status",
            "that stand there, by the clock",
            Kind::Word(ExecutionStatus::WORDS, |word, now| {
                Ok(execution_stands(ExecutionStatus::read("status", word)?, now))
            }),
        ),
        Filter::new("user", "for this user", Kind::User("user_id")),
        Filter::new(
            "conversation",
            "of this conversation",
            Kind::Id("conversation_id"),
        ),
        Filter::new("parent", "that are a part of this one", Kind::Id("parent_id")),
        Filter::new("trace_id", "of this trace", Kind::Is(TRACE_LEN_MAX, "trace_id")).option("trace"),
        Filter::new("agent", "that this agent started", Kind::Agent("agent_id")),
        Filter::DRAG_MODE,
        Filter::new("from", "started at this time or later", Kind::From("started_at")).option("since"),
        Filter::new("to", "started before this time", Kind::Before("started_at")).option("until"),
    ];
    const READ: Reads = Reads::OwnOr(Permission::WorkflowsOwn, Permission::WorkflowsRead, "user_id");
    const COLUMNS: Columns<ExecutionView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("workflow", Elide::End), |view| (&view.workflow).into()),
        (column("for", Elide::End), |view| Cell::User(view.user)),
        (column("status", Elide::Never), |view| state(view.status.as_str())),
        (column("started (UTC)", Elide::Never), |view| {
            view.started_at.into()
        }),
    ];
    const ORDER: Option<Order> = Some(Order::Descending);

    leads!();
}

impl Rows for Execution {
    async fn views(
        engine: &Engine,
        _: Viewer<'_>,
        rows: Vec<Sealed<Execution>>,
    ) -> Result<Vec<ExecutionView>, Error> {
        ExecutionView::of_all(engine, rows).await
    }
}

impl Show for Execution {
    type Whole = ExecutionWhole;

    const SHOW: About = About {
        id: "show_execution",
        summary: "One execution with those within it",
        description: "As a tree, by the clock. Its entries in the log are those of `GET /v1/audit/entries?target=` \
                      and its id.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_EXECUTION;
    const TAGGED: bool = false;

    async fn find(engine: &Engine, viewer: Viewer<'_>, name: &str) -> Result<Found<Execution>, Error> {
        let Some(row) = row::<Execution>(engine, viewer, name).await? else {
            return Ok(None);
        };
        let version = row.version;
        Ok(Some((ExecutionWhole::of(engine, row.row).await?, version)))
    }

    fn details(whole: &ExecutionWhole) -> Vec<Titled> {
        let view = &whole.execution;
        let text = |value: Option<Value>| value.map(|value| shortened(indented(&value)));
        let usage = |total: Option<&TotalView>| total.map(|total| members(&json!(total))).into();
        let mut details = vec![
            ("Id", view.id.into()),
            ("Workflow", (&view.workflow).into()),
            ("Status", state(view.status.as_str())),
            ("For", Cell::User(view.user)),
            ("Conversation", one("conversations", view.conversation)),
            ("Part of", one("executions", view.parent)),
            ("Trace", view.trace_id.as_ref().into()),
            ("Agent", view.agent.map_or(Cell::Empty, Cell::Agent)),
            ("Agent version", view.agent_version.as_ref().into()),
            ("DRAG mode", view.drag_mode.map(DragMode::as_str).into()),
            ("AIM", text(view.aim.as_ref().map(|aim| json!(aim))).into()),
            (
                "Result",
                text(view.result.as_ref().map(|result| json!(result))).into(),
            ),
            ("Error type", view.error_type.as_ref().into()),
            ("Error", view.error.as_ref().into()),
            ("Lease until", view.lease_until.into()),
            ("Steps", view.step_count.into()),
            ("Usage of its own", usage(view.usage.as_ref())),
            ("Usage with its parts", usage(whole.total.as_ref())),
            ("By", Cell::By(view.created_by)),
            ("Started", view.started_at.into()),
            ("Ended", view.finished_at.into()),
        ];
        for step in &whole.steps {
            let (number, kind, name) = (step.number, step.kind.as_str(), &step.name);
            let line = format!("{number}: {kind} {name}, {}: {}", step.outcome.as_str(), step.id);
            details.push(("Step", line.into()));
        }
        let mut waiting: Vec<(usize, &ExecutionPart)> =
            whole.parts.iter().rev().map(|part| (0, part)).collect();
        while let Some((depth, part)) = waiting.pop() {
            let (execution, indent) = (&part.execution, "  ".repeat(depth));
            let (name, status) = (&execution.workflow, execution.status.as_str());
            let line = format!("{indent}{name}, {status}: {}", execution.id);
            details.push(("Part", line.into()));
            waiting.extend(part.parts.iter().rev().map(|part| (depth + 1, part)));
        }
        details
    }

    fn hinders(whole: &ExecutionWhole, _: Viewer<'_>, _: &str) -> Option<String> {
        let ended = whole.execution.status != ExecutionStatus::Running;
        ended.then(|| format!("the execution is {}", whole.execution.status.as_str()))
    }
}
