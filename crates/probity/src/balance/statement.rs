//! `probity balance statement`; as CSV it is written page by page, however long it is.

use std::io::Write as _;

use clap::Args;
use domain::custody::Asset;
use engine::custody::{STATEMENT_COLUMNS, StatementLine};
use evidence::Timestamp;
use views::{LineView, Paging, StatementView};

use crate::account::{self, People};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::parse;
use crate::table::{self, Column, Elide, column, number};

/// Lines that are read at once.
const CHUNK: u32 = 500;

/// Arguments of `probity balance statement`.
#[derive(Debug, Args)]
pub struct StatementArgs {
    /// user:NAME, house:NAME, or the id of a balance
    account: String,
    /// Of this asset: code or id; not needed with the id of a balance
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// Recorded at this time or later: 2026-11-21T08:30:00Z, 2026-11-21, or 7d ago
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    from: Option<Timestamp>,
    /// Recorded before this time
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    to: Option<Timestamp>,
    /// As CSV, for spreadsheets
    #[arg(long)]
    csv: bool,
}

pub async fn run(context: &Context, args: StatementArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            views::check_times(args.from, args.to)?;
            let (account, asset) = account::find(engine, &args.account, args.asset.as_deref()).await?;
            let mut writer = args.csv.then(output::stdout);
            if let Some(writer) = &mut writer {
                writer.write_all(STATEMENT_COLUMNS.as_bytes())?;
            }
            let mut people = People::default();
            let (mut rows, mut lines) = (Vec::new(), Vec::new());
            let mut paging = Paging {
                limit: Some(CHUNK),
                ..Paging::ALL
            };
            loop {
                let times = (args.from, args.to);
                let (movements, next) = views::movements(engine, account, times, paging).await?;
                for (line, other) in movements {
                    if let Some(writer) = &mut writer {
                        let mut text = String::new();
                        line.write_csv(other, &asset, &mut text);
                        writer.write_all(text.as_bytes())?;
                    } else if context.json() {
                        lines.push(LineView::of(&line, other, &asset));
                    } else {
                        let other = people.account(engine, other).await?;
                        rows.push(row(&line, &asset, other));
                    }
                }
                paging.after = next;
                if next.is_none() {
                    break;
                }
            }
            if let Some(mut writer) = writer {
                writer.flush()?;
            } else if context.json() {
                output::json(&StatementView { lines, next: None })?;
            } else {
                if !rows.is_empty() {
                    output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
                }
                let name = people.account(engine, account).await?;
                let found = counted(rows.len() as u64, "movement", "movements");
                context.remark(&format!("{found} of {} on {name}", asset.code));
            }
            Ok(Exit::Ok)
        })
        .await
}

const COLUMNS: [Column; 6] = [
    column("at (UTC)", Elide::Never),
    column("kind", Elide::Never),
    column("with", Elide::End),
    number("change"),
    number("posted"),
    column("reference", Elide::End),
];

fn row(line: &StatementLine, asset: &Asset, other: String) -> Vec<String> {
    let operation = &line.operation;
    vec![
        output::minute(operation.updated_at),
        operation.kind.as_str().to_owned(),
        other,
        line.change.to_decimal(asset.digits()),
        line.posted.to_decimal(asset.digits()),
        operation.reference.clone().unwrap_or_default(),
    ]
}
