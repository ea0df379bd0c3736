//! `GET /v1/metrics/figures`

use domain::workflow::metric::{Bucket, PERCENTILES_MAX, PERCENTILES_USUAL, Percentile};
use engine::series::{BUCKETS_MAX, POINTS_MAX};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json as value;
use views::{Metric, MetricFiguresView, Shown, Viewer, metric_figures};

use crate::call::{Answer, Call, json};
use crate::nouns;
use crate::openapi::{Doc, Parameter, Reply, kept, words};

#[derive(Serialize, JsonSchema)]
struct Output {
    /// By bucket and unit, oldest first; buckets without a metric are left out.
    figures: Vec<MetricFiguresView>,
}

impl Shown for Output {
    fn example() -> Output {
        Output {
            figures: vec![MetricFiguresView::example()],
        }
    }
}

pub(crate) const DOC: fn() -> Doc = || Doc {
    id: "show_metric_figures",
    tag: "governance",
    summary: "What is said of metrics, in buckets of time",
    description: words(format!(
        "Count, sum, mean, minimum, maximum and percentiles of the metrics of one name, for each unit; with `by` for each \
         minute, hour or day (UTC) too. Percentiles are those of the nearest rank: the smallest of the numbers that so \
         many percent of them are not above (definition 1 of Hyndman and Fan, 1996; `PERCENTILE_DISC` of SQL). The sum is \
         rounded once, so it does not depend on the order. `name` must be given, with `by` also `from`; then `to` is now \
         unless given. At most {BUCKETS_MAX} buckets and {POINTS_MAX} metrics at once."
    )),
    parameters: kept(vec![nouns::parameters::<Metric>(), parameters()]),
    replies: kept(vec![Reply::shown::<Output>("200", "The figures.")]),
    problems: kept(nouns::problems::<Metric>()),
    ..Doc::EMPTY
};

fn parameters() -> &'static [Parameter] {
    let list =
        value!({"type": "string", "maxLength": 70, "default": PERCENTILES_USUAL, "examples": ["50,99.9"]});
    kept(vec![
        Parameter::query(
            "by",
            "How long a bucket is; one bucket for all unless given.",
            words(value!({"enum": Bucket::WORDS}).to_string()),
        ),
        Parameter::query(
            "percentiles",
            words(format!(
                "Up to {PERCENTILES_MAX}, with commas between them: more than 0 and at most 100, with two digits after the point."
            )),
            words(list.to_string()),
        ),
    ])
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.documented()?;
    let asked = nouns::filters::<Metric>(&call, &query).await?;
    let bucket = query.read(
        "by",
        &format!("one of {}", Bucket::WORDS.join(", ")),
        Bucket::parse,
    )?;
    let must = format!("1 to {PERCENTILES_MAX} numbers above 0 and at most 100, such as {PERCENTILES_USUAL}");
    let percentiles = query.read("percentiles", &must, Percentile::parse_list)?;
    let percentiles = percentiles.or_else(|| Percentile::parse_list(PERCENTILES_USUAL));
    let viewer = Viewer::of(call.identity()?);
    let engine = &call.app.engine;
    let figures = metric_figures(engine, viewer, &asked, bucket, &percentiles.unwrap_or_default()).await?;
    json(&Output { figures })
}
