//! What a governance service looks at: the executions that were started last, and how those of each workflow, DRAG mode and
//! user ended.

use domain::FieldError;
use domain::identity::Permission;
use domain::record::Sealed;
use domain::workflow::execution::{DayKey, DayOf, Execution, Runs};
use domain::workflow::metric::Number;
use engine::list::{Condition, Order};
use engine::runs::RunsOf;
use engine::{Engine, Error};
use evidence::Timestamp;
use evidence::payload::DragMode;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Cell, Column, Columns, Elide, column, number, state};
use crate::chart::Chart;
use crate::cursor::Place;
use crate::example::{ANN, at};
use crate::execution::ExecutionView;
use crate::figures::day;
use crate::filter::{Asked, Filter, Takes};
use crate::noun::{About, Noun, Page, Paging, Reads, Shown};
use crate::rows::RowPlace;
use crate::viewer::Viewer;

const TIMES: &[Filter] = &[
    Filter::own("from", "started at this time or later", Takes::Time).option("since"),
    Filter::own("to", "started before this time", Takes::Time).option("until"),
];

const READ: Reads = Reads::Holders(Permission::WorkflowsRead);

/// An execution with the name of its user.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "RecentExecution")]
pub struct RecentView {
    /// The execution.
    #[serde(flatten)]
    pub execution: ExecutionView,
    /// The name of its user; null for callers who may not read users.
    pub username: Option<String>,
}

impl Shown for RecentView {
    fn example() -> RecentView {
        RecentView {
            execution: ExecutionView::example(),
            username: Some("ann".to_owned()),
        }
    }
}

/// The executions that were started last.
#[derive(Debug)]
pub struct Recent;

impl Noun for Recent {
    type View = RecentView;
    type Place = (Timestamp, Uuid);

    const NAMES: (&'static str, &'static str) = ("execution", "executions");
    const KEY: &'static str = "executions";
    const TAG: &'static str = "governance";
    const COMMAND: &'static str = "governance";
    const LIST: About = About {
        id: "list_recent_executions",
        summary: "The executions that were started last, with their users",
        description: "In the order in which they were started, the newest first.",
    };
    const FILTERS: &'static [Filter] = TIMES;
    const READ: Reads = READ;
    const COLUMNS: Columns<RecentView> = &[
        (column("started (UTC)", Elide::Never), |view| {
            view.execution.started_at.into()
        }),
        (column("for", Elide::End), |view| Cell::User(view.execution.user)),
        (column("workflow", Elide::End), |view| {
            (&view.execution.workflow).into()
        }),
        (column("DRAG mode", Elide::Never), |view| {
            view.execution.drag_mode.map(DragMode::as_str).into()
        }),
        (column("status", Elide::Never), |view| {
            state(view.execution.status.as_str())
        }),
    ];

    fn leads(view: &RecentView) -> Option<(&'static str, String)> {
        Some((Execution::KEY, view.execution.id.to_string()))
    }

    async fn page(
        engine: &Engine,
        viewer: Viewer<'_>,
        asked: &Asked,
        paging: Paging<(Timestamp, Uuid)>,
    ) -> Result<Page<Recent>, Error> {
        // Nobody wants all of them.
        let limit = paging.limit.unwrap_or(RECENT);
        let from = asked
            .time("from")
            .map(|from| Condition::From("started_at", from.into()));
        let to = asked
            .time("to")
            .map(|to| Condition::Before("started_at", to.into()));
        let times: Vec<Condition> = from.into_iter().chain(to).collect();
        let after = paging.after.map(RowPlace::values);
        let (rows, more) = engine
            .select_by::<Execution>(BY_START, &times, after, Some(limit))
            .await?;
        let last = rows.last().filter(|_| more);
        let next = last.map(|Sealed { row, .. }| (row.started_at, row.id).encode(Order::Ascending));
        let executions = ExecutionView::of_all(engine, rows).await?;
        let names = names(engine, viewer, executions.iter().map(|view| view.user)).await?;
        let view = |execution: ExecutionView| RecentView {
            username: names.get(&execution.user).cloned(),
            execution,
        };
        Ok(Page::of(executions.into_iter().map(view).collect(), next))
    }
}

/// In which order executions are shown.
const BY_START: (&[&str], Order) = (&["started_at", "id"], Order::Descending);

/// How many executions are shown unless another number is given.
const RECENT: u32 = 100;

/// The names of users, for those who may know them.
async fn names(
    engine: &Engine,
    viewer: Viewer<'_>,
    ids: impl Iterator<Item = Uuid>,
) -> Result<std::collections::HashMap<Uuid, String>, Error> {
    if viewer.holds(Permission::UsersRead) {
        return engine.usernames(ids).await;
    }
    Ok(std::collections::HashMap::new())
}

/// How many executions there were, and how they stand by the clock.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct RunsView {
    /// How many were started.
    pub executions: u64,
    /// How many run.
    pub running: u64,
    /// How many were completed.
    pub completed: u64,
    /// How many failed.
    pub failed: u64,
    /// How many were cancelled.
    pub cancelled: u64,
    /// How many of those that have ended were completed: 0 to 1; null where none has ended.
    pub success_rate: Option<Number>,
    /// How long those took that have ended, in milliseconds, on the average.
    pub mean_duration_ms: Option<u64>,
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a rate of fewer executions than a double counts exactly"
)]
fn rate(part: u64, of: u64) -> Option<Number> {
    Some(of)
        .filter(|of| *of > 0)
        .and_then(|of| Number::new(part as f64 / of as f64))
}

impl RunsView {
    fn of(runs: Runs) -> RunsView {
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        let (completed, failed, cancelled) =
            (count(runs.completed), count(runs.failed), count(runs.cancelled));
        let ended = completed + failed + cancelled;
        RunsView {
            executions: count(runs.running) + ended,
            running: count(runs.running),
            completed,
            failed,
            cancelled,
            success_rate: rate(completed, ended),
            mean_duration_ms: (count(runs.micros) / 1_000).checked_div(ended),
        }
    }

    fn example() -> RunsView {
        RunsView::of(Runs {
            running: 1,
            completed: 3,
            failed: 1,
            cancelled: 0,
            micros: 8_000_000,
        })
    }

    fn rate(&self) -> Cell {
        part(self.success_rate)
    }
}

/// What executions are counted by, as it is listed.
trait Group: Noun<Place = Uuid> {
    const COVERS: DayOf;

    fn view(
        name: Option<String>,
        user: Option<Uuid>,
        of: RunsOf,
        all: u64,
        username: Option<String>,
    ) -> Self::View;
}

/// A page of those by which executions are counted, in the order of their names or ids.
async fn page<G: Group>(
    engine: &Engine,
    viewer: Viewer<'_>,
    asked: &Asked,
    paging: Paging<Uuid>,
) -> Result<Page<G>, Error> {
    let found = engine
        .runs(G::COVERS, (asked.time("from"), asked.time("to")))
        .await?;
    let place = |name: &Option<String>, user: Option<Uuid>| {
        let (covers, name, day) = (G::COVERS, name.clone(), Timestamp::EPOCH);
        DayKey {
            covers,
            name,
            user,
            day,
        }
        .id()
    };
    let all = found.values().map(|of| RunsView::of(of.runs).executions).sum();
    let begin = match paging.after {
        None => 0,
        Some(after) => {
            let found = found.keys().position(|(name, user)| place(name, *user) == after);
            let unknown = || FieldError::new("cursor", "must be what a page before says, of the same time");
            found.ok_or_else(unknown)? + 1
        }
    };
    let limit = paging.limit.map_or(usize::MAX, |limit| limit as usize);
    let more = found.len().saturating_sub(begin) > limit;
    let shown: Vec<_> = found.into_iter().skip(begin).take(limit).collect();
    let last = shown.last().filter(|_| more);
    let next = last.map(|((name, user), _)| place(name, *user).encode(paging.order));
    let users = shown.iter().filter_map(|((_, user), _)| *user);
    let names = names(engine, viewer, users).await?;
    let view = |((name, user), of): ((_, Option<Uuid>), _)| {
        let username = user.and_then(|user| names.get(&user).cloned());
        G::view(name, user, of, all, username)
    };
    Ok(Page::of(shown.into_iter().map(view).collect(), next))
}

/// How executions stand, as bars.
fn ended<'a>(of: impl Iterator<Item = (Cell, &'a RunsView)>) -> Chart {
    let numbers = |runs: &RunsView| vec![runs.completed, runs.failed, runs.running, runs.cancelled];
    Chart {
        caption: "Executions, by how they stand",
        parts: &["completed", "failed", "running", "cancelled"],
        bars: of.map(|(name, runs)| (name, numbers(runs))).collect(),
    }
}

/// The noun of what executions are counted by.
macro_rules! group {
    (
        $(#[$doc:meta])* $noun:ident by $covers:ident as $view:ident, $names:expr, $key:literal, $about:expr;
        $columns:expr; |$name:ident, $user:ident, $of:ident, $all:ident, $username:ident| $made:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $noun;

        impl Noun for $noun {
            type View = $view;
            type Place = Uuid;

            const NAMES: (&'static str, &'static str) = $names;
            const KEY: &'static str = $key;
            const TAG: &'static str = "governance";
            const COMMAND: &'static str = "governance";
            const LIST: About = $about;
            const FILTERS: &'static [Filter] = TIMES;
            const READ: Reads = READ;
            const COLUMNS: Columns<$view> = $columns;

            fn chart(views: &[$view]) -> Option<Chart> {
                let name = Self::COLUMNS[0].1;
                Some(ended(views.iter().map(|view| (name(view), &view.runs))))
            }

            async fn page(
                engine: &Engine,
                viewer: Viewer<'_>,
                asked: &Asked,
                paging: Paging<Uuid>,
            ) -> Result<Page<$noun>, Error> {
                page::<$noun>(engine, viewer, asked, paging).await
            }
        }

        impl Group for $noun {
            const COVERS: DayOf = DayOf::$covers;

            fn view(
                $name: Option<String>,
                $user: Option<Uuid>,
                $of: RunsOf,
                $all: u64,
                $username: Option<String>,
            ) -> $view {
                $made
            }
        }
    };
}

const COUNT: Column = number("runs");
const RUNNING: Column = number("running");
const COMPLETED: Column = number("completed");
const FAILED: Column = number("failed");
const CANCELLED: Column = number("cancelled");
const RATE: Column = number("success");

fn count(number: u64) -> Cell {
    crate::cell::count(number).into()
}

/// A part of 1 as people read it: three digits, cut and not rounded, so that 1 is all there is.
fn part(rate: Option<Number>) -> Cell {
    // What a double is below a thousandth that it means is less than this.
    let thousandths = |rate: Number| (rate.get() * 1_000.0 + 1e-9).floor();
    rate.map(|rate| format!("{:.3}", thousandths(rate) / 1_000.0))
        .into()
}

/// The executions of a workflow.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "WorkflowRuns")]
pub struct WorkflowRunsView {
    /// The workflow.
    pub workflow: String,
    #[serde(flatten)]
    runs: RunsView,
}

impl Shown for WorkflowRunsView {
    fn example() -> WorkflowRunsView {
        WorkflowRunsView {
            workflow: "triage".to_owned(),
            runs: RunsView::example(),
        }
    }
}

group! {
    /// How the executions of each workflow ended.
    WorkflowRuns by Workflow as WorkflowRunsView, ("workflow", "workflows"), "workflows", About {
        id: "list_workflow_runs",
        summary: "How executions of each workflow ended",
        description: "Of the executions that were started in the time, by the clock, in the order of the workflows' names.",
    };
    &[
        (column("workflow", Elide::End), |view| (&view.workflow).into()),
        (COUNT, |view| count(view.runs.executions)),
        (RUNNING, |view| count(view.runs.running)),
        (COMPLETED, |view| count(view.runs.completed)),
        (FAILED, |view| count(view.runs.failed)),
        (CANCELLED, |view| count(view.runs.cancelled)),
        (RATE, |view| view.runs.rate()),
    ];
    |name, _user, of, _all, _username| WorkflowRunsView {
        workflow: name.unwrap_or_default(),
        runs: RunsView::of(of.runs),
    }
}

/// The executions of a DRAG mode.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "DragModeRuns")]
pub struct DragModeRunsView {
    /// The DRAG mode; null for executions without one.
    pub drag_mode: Option<DragMode>,
    /// How many of all executions of the time these are: 0 to 1.
    pub share: Option<Number>,
    #[serde(flatten)]
    runs: RunsView,
}

impl Shown for DragModeRunsView {
    fn example() -> DragModeRunsView {
        DragModeRunsView {
            drag_mode: Some(DragMode::Analysis),
            share: rate(5, 8),
            runs: RunsView::example(),
        }
    }
}

group! {
    /// How executions divide into DRAG modes, and how those of each ended.
    DragModeRuns by DragMode as DragModeRunsView, ("DRAG mode", "DRAG modes"), "drag_modes", About {
        id: "list_drag_mode_runs",
        summary: "How executions divide into DRAG modes, and how those of each ended",
        description: "Of the executions that were started in the time, by the clock; those without a mode come first.",
    };
    &[
        (column("DRAG mode", Elide::Never), |view| {
            view.drag_mode.map_or("-", DragMode::as_str).into()
        }),
        (number("share"), |view| part(view.share)),
        (COUNT, |view| count(view.runs.executions)),
        (RUNNING, |view| count(view.runs.running)),
        (COMPLETED, |view| count(view.runs.completed)),
        (FAILED, |view| count(view.runs.failed)),
        (CANCELLED, |view| count(view.runs.cancelled)),
        (RATE, |view| view.runs.rate()),
    ];
    |name, _user, of, all, _username| {
        let runs = RunsView::of(of.runs);
        DragModeRunsView {
            drag_mode: name.and_then(|name| DragMode::parse(&name)),
            share: rate(runs.executions, all),
            runs,
        }
    }
}

/// The executions of a user.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "UserRuns")]
pub struct UserRunsView {
    /// The user.
    pub user: Uuid,
    /// The user's name; null for callers who may not read users.
    pub username: Option<String>,
    /// The last day, in UTC, on which an execution was started.
    pub last_day: Timestamp,
    #[serde(flatten)]
    runs: RunsView,
}

impl Shown for UserRunsView {
    fn example() -> UserRunsView {
        UserRunsView {
            user: ANN,
            username: Some("ann".to_owned()),
            last_day: at(21, 0),
            runs: RunsView::example(),
        }
    }
}

group! {
    /// What was executed for each user.
    UserRuns by User as UserRunsView, ("user", "users"), "users", About {
        id: "list_user_runs",
        summary: "What was executed for each user",
        description: "Of the executions that were started in the time, by the clock, in the order of the users' ids.",
    };
    &[
        (column("user", Elide::End), |view| Cell::User(view.user)),
        (COUNT, |view| count(view.runs.executions)),
        (RUNNING, |view| count(view.runs.running)),
        (COMPLETED, |view| count(view.runs.completed)),
        (FAILED, |view| count(view.runs.failed)),
        (CANCELLED, |view| count(view.runs.cancelled)),
        (RATE, |view| view.runs.rate()),
        (column("last day", Elide::Never), |view| day(view.last_day).into()),
    ];
    |_name, user, of, _all, username| UserRunsView {
        user: user.unwrap_or_default(),
        username,
        last_day: of.last_day,
        runs: RunsView::of(of.runs),
    }
}
