//! Metrics, and what is said of many of them.

use std::collections::BTreeMap;

use domain::FieldError;
use domain::code::{self, Code};
use domain::identity::Permission;
use domain::record::Sealed;
use domain::workflow::execution::WORKFLOW_LEN_MAX;
use domain::workflow::metric::{Bucket, Metric, NAME_LEN_MAX, Number, Percentile, UNIT_LEN_MAX};
use engine::list::Order;
use engine::series::{Series, SeriesFigures};
use engine::{Engine, Error};
use evidence::Timestamp;
use evidence::payload::DragMode;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, number, one};
use crate::example::{ANN, at, id};
use crate::filter::{Asked, Filter, Kind};
use crate::noun::{About, Noun, Reads, Show, Shown};
use crate::rows::{Rows, conditions, rows, whole_is_view};
use crate::viewer::Viewer;

/// A metric: one number.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Metric")]
pub struct MetricView {
    /// Its id; left out where it is not there yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// What is measured.
    pub name: String,
    /// The number.
    pub value: Number,
    /// In what.
    pub unit: Option<String>,
    /// When it was so.
    pub at: Timestamp,
    /// The workflow that it is about.
    pub workflow: Option<String>,
    /// What sort of work it is about.
    pub drag_mode: Option<DragMode>,
    /// The execution that it is about.
    pub execution: Option<Uuid>,
    /// The user of its execution, or who recorded it; null for someone on the server's own machine.
    pub user: Option<Uuid>,
}

impl MetricView {
    /// Shows a metric.
    pub fn of(row: Metric) -> MetricView {
        MetricView {
            id: Some(row.id),
            name: row.name,
            value: row.value,
            unit: row.unit,
            at: row.at,
            workflow: row.workflow,
            drag_mode: row.drag_mode,
            execution: row.execution_id,
            user: row.user_id,
        }
    }
}

impl Shown for MetricView {
    fn example() -> MetricView {
        MetricView {
            id: Some(id(0xf4)),
            name: "reward".to_owned(),
            value: Number::new(1.0).unwrap_or_default(),
            unit: None,
            at: at(21, 9),
            workflow: Some("triage".to_owned()),
            drag_mode: Some(DragMode::Analysis),
            execution: Some(id(0xf2)),
            user: Some(ANN),
        }
    }
}

impl Noun for Metric {
    type View = MetricView;
    rows!((Timestamp, Uuid));

    const NAMES: (&'static str, &'static str) = ("metric", "metrics");
    const KEY: &'static str = "metrics";
    const TAG: &'static str = "governance";
    const COMMAND: &'static str = "metric";
    const LIST: About = About {
        id: "list_metrics",
        summary: "Metrics",
        description: "In the order of their times, newest first unless asked otherwise. Of all users for callers who \
                      hold `workflows:read`, one's own for others.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new("name", "of this name", Kind::Is(NAME_LEN_MAX, "name")),
        Filter::new("unit", "in this unit", Kind::Is(UNIT_LEN_MAX, "unit")),
        Filter::new(
            "workflow",
            "about this workflow",
            Kind::Is(WORKFLOW_LEN_MAX, "workflow"),
        ),
        Filter::DRAG_MODE,
        Filter::new("execution", "about this execution", Kind::Id("execution_id")),
        Filter::new("user", "of this user", Kind::User("user_id")),
        Filter::new("from", "of this time or later", Kind::From("at")).option("since"),
        Filter::new("to", "before this time", Kind::Before("at")).option("until"),
    ];
    const READ: Reads = Reads::OwnOr(Permission::WorkflowsOwn, Permission::WorkflowsRead, "user_id");
    const COLUMNS: Columns<MetricView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("name", Elide::End), |view| (&view.name).into()),
        (number("value"), |view| view.value.text().into()),
        (column("unit", Elide::End).spare(), |view| {
            view.unit.as_ref().into()
        }),
        (column("workflow", Elide::End).spare(), |view| {
            view.workflow.as_ref().into()
        }),
        (column("at (UTC)", Elide::Never), |view| view.at.into()),
    ];
    const ORDER: Option<Order> = Some(Order::Descending);

    fn leads(view: &MetricView) -> Option<(&'static str, String)> {
        view.id.map(|id| (Self::KEY, id.to_string()))
    }
}

impl Rows for Metric {
    const BY: &'static [&'static str] = &["at", "id"];

    async fn views(_: &Engine, _: Viewer<'_>, rows: Vec<Sealed<Metric>>) -> Result<Vec<MetricView>, Error> {
        Ok(rows
            .into_iter()
            .map(|sealed| MetricView::of(sealed.row))
            .collect())
    }
}

impl Show for Metric {
    whole_is_view!();

    const SHOW: About = About {
        id: "show_metric",
        summary: "One metric",
        description: "It never changes.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_METRIC;
    const TAGGED: bool = false;

    fn details(view: &MetricView) -> Vec<Titled> {
        vec![
            ("Id", view.id.into()),
            ("Name", (&view.name).into()),
            ("Value", view.value.text().into()),
            ("Unit", view.unit.as_ref().into()),
            ("At", view.at.into()),
            ("Workflow", view.workflow.as_ref().into()),
            ("DRAG mode", view.drag_mode.map(DragMode::as_str).into()),
            ("Execution", one("executions", view.execution)),
            ("User", Cell::By(view.user)),
        ]
    }
}

/// What is said of the metrics of one unit, in one bucket where there are buckets.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "MetricFigures")]
pub struct MetricFiguresView {
    /// When the bucket begins; left out where there are no buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// In what the numbers are.
    pub unit: Option<String>,
    /// How many.
    pub count: u64,
    /// Their sum, rounded once; null where it is larger than a double holds.
    pub sum: Option<Number>,
    /// The sum divided by the count.
    pub mean: Option<Number>,
    /// The smallest.
    pub min: Number,
    /// The largest.
    pub max: Number,
    /// Percentiles of the nearest rank: one of the numbers each.
    pub percentiles: BTreeMap<String, Number>,
}

impl Shown for MetricFiguresView {
    fn example() -> MetricFiguresView {
        let number = |double| Number::new(double).unwrap_or_default();
        MetricFiguresView {
            at: Some(at(21, 8)),
            unit: Some("ms".to_owned()),
            count: 2,
            sum: Some(number(218.5)),
            mean: Some(number(109.25)),
            min: number(98.0),
            max: number(120.5),
            percentiles: BTreeMap::from([("50".to_owned(), number(98.0)), ("99".to_owned(), number(120.5))]),
        }
    }
}

/// What is said of the metrics that this viewer may read and that fulfil every filter given, of which `name` is one.
pub async fn metric_figures(
    engine: &Engine,
    viewer: Viewer<'_>,
    asked: &Asked,
    bucket: Option<Bucket>,
    percentiles: &[Percentile],
) -> Result<Vec<MetricFiguresView>, Error> {
    if asked.get("name").is_none() {
        return Err(FieldError::new("name", "must be given: numbers of different things have no sum").into());
    }
    let mut which = asked.clone();
    which.0.retain(|(name, _)| !matches!(*name, "from" | "to"));
    let series = Series {
        conditions: conditions::<Metric>(viewer, &which, engine.now())?,
        from: asked.time("from"),
        to: asked.time("to"),
        bucket,
        percentiles: percentiles.to_vec(),
    };
    let view = |SeriesFigures { at, unit, figures }| MetricFiguresView {
        at,
        unit,
        count: figures.count,
        sum: figures.sum,
        mean: figures.mean,
        min: figures.min,
        max: figures.max,
        percentiles: percentiles
            .iter()
            .map(|one| one.text())
            .zip(figures.percentiles)
            .collect(),
    };
    Ok(engine
        .metric_figures(series)
        .await?
        .into_iter()
        .map(view)
        .collect())
}
