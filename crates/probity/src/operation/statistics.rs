//! `probity operation statistics`.

use clap::Args;
use engine::custody::Figures;
use evidence::Timestamp;
use views::{StatisticsView, day};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted};
use crate::parse;
use crate::table::{self, Elide, column, number};

/// Arguments of `probity operation statistics`.
#[derive(Debug, Args)]
pub struct StatisticsArgs {
    /// Of this asset: code or id
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// Made at this time or later: 2026-11-21T08:30:00Z, 2026-11-21, or 7d ago
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    from: Option<Timestamp>,
    /// Made before this time
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    to: Option<Timestamp>,
    /// For each day (UTC) that they were made on
    #[arg(long)]
    by_day: bool,
}

pub async fn run(context: &Context, args: StatisticsArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            views::check_times(args.from, args.to)?;
            let asset = match &args.asset {
                Some(code) => Some(engine.asset_named(code).await?.id),
                None => None,
            };
            let figures = engine
                .operation_figures(asset, (args.from, args.to), args.by_day)
                .await?;
            if context.json() {
                output::json(&StatisticsView::of(&figures))?;
                return Ok(Exit::Ok);
            }
            let mut columns = vec![
                column("asset", Elide::Never),
                column("kind", Elide::Never),
                column("status", Elide::Never),
                number("count"),
                number("amount"),
            ];
            if args.by_day {
                columns.insert(0, column("day", Elide::Never));
            }
            let rows: Vec<_> = figures.iter().map(row).collect();
            if !rows.is_empty() {
                output::line(&table::lines(&columns, &rows, table::width()).join("\n"))?;
            }
            let all = figures.iter().map(|figure| figure.count).sum();
            context.remark(&counted(all, "operation", "operations"));
            Ok(Exit::Ok)
        })
        .await
}

fn row(figure: &Figures) -> Vec<String> {
    let mut row = vec![
        figure.asset.code.clone(),
        figure.kind.as_str().to_owned(),
        figure.status.as_str().to_owned(),
        count(figure.count),
        figure.amount.to_decimal(figure.asset.digits()),
    ];
    if let Some(time) = figure.day {
        row.insert(0, day(time));
    }
    row
}
