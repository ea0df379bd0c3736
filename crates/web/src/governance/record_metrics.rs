//! `POST /v1/metrics`

use domain::workflow::execution::WORKFLOW_LEN_MAX;
use domain::workflow::metric::{
    METRICS_MAX, Metric, NAME_LEN_MAX, NewMetric, Number, RecordMetrics, UNIT_LEN_MAX,
};
use domain::{Act, Command, code};
use evidence::Timestamp;
use evidence::payload::{DragMode, WORD};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use views::{MetricView, Shown};

use crate::body::Bounded;
use crate::call::{Answer, Call, json_with};
use crate::dry_run::DryRun;
use crate::id::Id;
use crate::openapi::{Content, Doc, Reply, Shape, listed};
use crate::problem::Problem;
use crate::{body, idempotency};

/// A metric to be recorded.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewMetric")]
pub(crate) struct Input {
    /// Your own id, best a UUIDv7; not with `Idempotency-Key`.
    id: Option<Id>,
    /// What is measured.
    #[schemars(length(min = 1, max = NAME_LEN_MAX), regex(pattern = WORD))]
    name: String,
    /// The number: exact as a double, as it is written.
    value: Number,
    /// In what.
    #[schemars(length(min = 1, max = UNIT_LEN_MAX))]
    unit: Option<String>,
    /// When it was so, at most a day from now; now unless given.
    at: Option<Timestamp>,
    /// The workflow that it is about; that of the execution unless given.
    #[schemars(length(min = 1, max = WORKFLOW_LEN_MAX))]
    workflow: Option<String>,
    /// What sort of work it is about; that of the execution unless given.
    drag_mode: Option<DragMode>,
    /// The execution that it is about.
    execution: Option<Id>,
}

type Inputs = Bounded<Input, METRICS_MAX>;

/// A metric as it was recorded, now or before.
#[derive(Serialize, JsonSchema)]
struct RecordedMetric {
    #[serde(flatten)]
    metric: MetricView,
    /// Present where the same id with the same content had been recorded before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = true))]
    replayed: Option<bool>,
}

impl Shown for RecordedMetric {
    fn example() -> RecordedMetric {
        RecordedMetric {
            metric: MetricView::example(),
            replayed: None,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = true))]
    dry_run: Option<bool>,
    metrics: Vec<RecordedMetric>,
}

const RECORDED: Shape = Shape::AnyOf(&[Shape::of::<RecordedMetric>(), Shape::own::<Output>()]);

pub(crate) const DOC: Doc = Doc {
    id: "record_metrics",
    tag: "governance",
    summary: "Record one metric, or several at once",
    description: "The body is one metric, or an array of 1 to 1,000 of which all or none are recorded, as one entry. A \
                  metric never changes. One of an execution is its user's, and of its workflow and DRAG mode. A metric \
                  may bring its own id, or the request an `Idempotency-Key`: sent again with the same content it is \
                  answered as the first time.",
    parameters: &[idempotency::HEADER, idempotency::DRY_RUN],
    body: Some(Content {
        schema: Shape::OneOf(&[Shape::Of(Inputs::schema), Shape::of::<Input>()]),
        ..Content::json(
            "",
            &[
                ("one", r#"{"name":"reward","value":0.5,"workflow":"triage"}"#),
                (
                    "several",
                    r#"[{"name":"latency","value":120.5,"unit":"ms","at":"2026-11-21T08:30:00Z","drag_mode":"analysis"},{"name":"latency","value":98,"unit":"ms"}]"#,
                ),
            ],
        )
    }),
    replies: &[
        Reply {
            headers: &[("Location", "Where the metric is; only for a single one.")],
            ..Reply::new(
                "201",
                "Recorded: the metric, or those of an array in its order.",
                &[Content {
                    schema: RECORDED,
                    ..Content::shown::<RecordedMetric>()
                }],
            )
        },
        Reply {
            headers: &[idempotency::REPLAYED_HEADER],
            ..Reply::new(
                "200",
                "All of them had been recorded before; or what a dry run says.",
                &[Content {
                    schema: Shape::AnyOf(&[
                        Shape::of::<RecordedMetric>(),
                        Shape::own::<Output>(),
                        Shape::of::<DryRun>(),
                    ]),
                    ..Content::shown::<RecordedMetric>()
                }],
            )
        },
    ],
    refusals: RecordMetrics::REFUSALS,
    problems: &[listed(&code::IDEMPOTENCY_KEY_REUSED)],
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry = idempotency::dry_run(&call.documented()?)?;
    let bytes = call.body().await?;
    let list = bytes.trim_ascii_start().starts_with(b"[");
    let inputs = if list {
        body::json::<Inputs>(&bytes)?.within_bounds(&code::TOO_MANY_METRICS, "metrics", "")?
    } else {
        vec![body::object::<Input>(&bytes)?]
    };
    let key = idempotency::of(&call, &bytes)?;
    if let Some(position) = inputs.iter().position(|input| input.id.is_some())
        && key.is_some()
    {
        return Err(idempotency::both(if list {
            format!("[{position}].id")
        } else {
            "id".to_owned()
        }));
    }
    let metric = |(number, input): (usize, Input)| NewMetric {
        id: input
            .id
            .map(|id| id.0)
            .or_else(|| key.as_ref().map(|key| key.id(number))),
        name: input.name,
        value: input.value,
        unit: input.unit,
        at: input.at,
        workflow: input.workflow,
        drag_mode: input.drag_mode,
        execution: input.execution.map(|id| id.0),
    };
    let next = key.as_ref().map(|key| key.id(inputs.len()));
    let metrics = (0..).zip(inputs).map(metric).collect();
    let command = Command::from(RecordMetrics { metrics, list, next });
    let reply = if dry {
        idempotency::try_one(&call, command, key.as_ref()).await?
    } else {
        let answer = call
            .app
            .engine
            .submit(call.caller()?, call.origin(), command)
            .await;
        answer
            .map_err(|error| idempotency::problem(error, key.as_ref()))?
            .reply
    };
    let recorded = reply
        .try_into()
        .map_err(|other| Problem::internal(&format_args!("{other:?}")))?;
    shown(recorded, list, dry)
}

fn shown(recorded: Vec<(Metric, bool)>, list: bool, dry: bool) -> Answer {
    let view = |(row, before): (Metric, bool)| {
        let mut metric = MetricView::of(row);
        metric.id = metric.id.filter(|_| before || !dry);
        let replayed = before.then_some(true);
        RecordedMetric { metric, replayed }
    };
    let mut metrics: Vec<RecordedMetric> = recorded.into_iter().map(view).collect();
    let again = metrics.iter().all(|one| one.replayed.is_some());
    let status = if again || dry {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let response = match metrics.pop() {
        Some(one) if !list && dry => return idempotency::dry(&one),
        Some(one) if !list => {
            let mut response = json_with(status, &one)?;
            if let Some(id) = one.metric.id
                && let Ok(value) = HeaderValue::try_from(format!("/v1/metrics/{id}"))
            {
                response.headers_mut().insert(LOCATION, value);
            }
            response
        }
        popped => {
            metrics.extend(popped);
            let dry_run = dry.then_some(true);
            json_with(status, &Output { dry_run, metrics })?
        }
    };
    Ok(idempotency::replayed(response, again && !dry))
}
