//! `probity metric figures`.

use clap::Args;
use domain::workflow::metric::{Bucket, Number, PERCENTILES_MAX, PERCENTILES_USUAL, Percentile};
use serde_json::json;
use views::{Metric, MetricFiguresView, Viewer, metric_figures};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::nouns::FilterArgs;
use crate::output::{self, count, counted, minute};
use crate::table::{self, Elide, column, number};

/// Arguments of `probity metric figures`.
#[derive(Debug, Args)]
pub struct FiguresArgs {
    #[command(flatten)]
    filters: FilterArgs<Metric>,
    /// For each minute, hour or day (UTC), with --since
    #[arg(long, value_name = "BUCKET", value_parser = bucket)]
    by: Option<Bucket>,
    /// Which percentiles, with commas between them
    #[arg(long, value_name = "LIST", default_value = PERCENTILES_USUAL, value_parser = percentiles)]
    percentiles: Percentiles,
}

/// Percentiles as they are asked for.
#[derive(Clone, Debug)]
struct Percentiles(Vec<Percentile>);

fn bucket(word: &str) -> Result<Bucket, String> {
    Bucket::parse(word).ok_or_else(|| format!("must be one of {}", Bucket::WORDS.join(", ")))
}

fn percentiles(text: &str) -> Result<Percentiles, String> {
    let must = || {
        format!("must be 1 to {PERCENTILES_MAX} numbers above 0 and at most 100, such as {PERCENTILES_USUAL}")
    };
    Percentile::parse_list(text).map(Percentiles).ok_or_else(must)
}

pub async fn run(context: &Context, args: FiguresArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let asked = args.filters.asked(context, engine).await?;
            let Percentiles(percentiles) = &args.percentiles;
            let figures = metric_figures(engine, Viewer::OPERATOR, &asked, args.by, percentiles).await?;
            if context.json() {
                output::json(&json!({ "figures": figures }))?;
                return Ok(Exit::Ok);
            }
            let columns = [
                column("from (UTC)", Elide::Never),
                column("unit", Elide::End),
                number("count"),
                number("sum").spare(),
                number("mean"),
                number("min").spare(),
                number("max").spare(),
                column("percentiles", Elide::Never),
            ];
            let skipped = usize::from(args.by.is_none());
            let rows: Vec<Vec<String>> = figures.iter().map(|one| row(one)[skipped..].to_vec()).collect();
            if !rows.is_empty() {
                output::line(&table::lines(&columns[skipped..], &rows, table::width()).join("\n"))?;
            }
            let all = figures.iter().map(|one| one.count).sum();
            context.remark(&counted(all, "metric", "metrics"));
            Ok(Exit::Ok)
        })
        .await
}

fn row(figures: &MetricFiguresView) -> [String; 8] {
    let text = |number: Option<Number>| number.map(Number::text).unwrap_or_default();
    let percentile = |(of, number): (&String, &Number)| format!("{of}: {}", number.text());
    let percentiles: Vec<_> = figures.percentiles.iter().map(percentile).collect();
    [
        figures.at.map(minute).unwrap_or_default(),
        figures.unit.clone().unwrap_or_default(),
        count(figures.count),
        text(figures.sum),
        text(figures.mean),
        figures.min.text(),
        figures.max.text(),
        percentiles.join(", "),
    ]
}
