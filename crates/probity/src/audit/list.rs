//! `probity audit list`.

use clap::{Args, ValueEnum};
use engine::list::{Order, Page};
use evidence::Entry;
use serde_json::json;

use super::filter::FilterArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column, number};

/// Arguments of `probity audit list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Most entries to list: 1 to 10000
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Go on after this index, as the page before says
    #[arg(long, value_name = "INDEX")]
    cursor: Option<u64>,
    /// newest or oldest first
    #[arg(long, value_enum, default_value_t = By::Newest, value_name = "newest|oldest", hide_possible_values = true)]
    order: By,
    #[command(flatten)]
    filter: FilterArgs,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    #[value(alias = "desc")]
    Newest,
    #[value(alias = "asc")]
    Oldest,
}

pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let filter = args.filter.into_filter(engine).await?;
            let order = if args.order == By::Newest {
                Order::Descending
            } else {
                Order::Ascending
            };
            let page = engine
                .entries(
                    &filter,
                    Page {
                        order,
                        after: args.cursor,
                        limit: args.limit,
                    },
                )
                .await?;
            if context.json() {
                output::json(&json!({ "entries": page.entries, "next": page.next, "size": page.size }))?;
            } else {
                let rows: Vec<_> = page.entries.iter().map(row).collect();
                if !rows.is_empty() {
                    output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
                }
                let all = counted(page.size, "entry", "entries");
                let found = rows.len();
                let next = page
                    .next
                    .map_or(String::new(), |next| format!("; more with --cursor {next}"));
                let hint = if found == 0 {
                    " (probity audit show prints ids as filters take them)"
                } else {
                    ""
                };
                context.remark(&format!("{found} shown, {all} in the log{next}{hint}"));
            }
            Ok(Exit::Ok)
        })
        .await
}

/// The columns of lists of entries.
pub const COLUMNS: [Column; 6] = [
    number("index"),
    column("at (UTC)", Elide::Never),
    column("actor", Elide::Name),
    column("action", Elide::Start).weighing(2),
    column("target", Elide::Start),
    column("outcome", Elide::Never),
];

/// An entry as a row.
pub fn row(entry: &Entry) -> Vec<String> {
    let actor = entry.actor.name.as_ref().or(entry.actor.id.as_ref());
    let target = entry
        .target
        .as_ref()
        .map_or(String::new(), |target| match &target.id {
            Some(id) => format!("{}:{id}", target.kind),
            None => target.kind.clone(),
        });
    vec![
        entry.index.to_string(),
        seconds(&entry.at.to_string()),
        actor.map_or_else(|| entry.actor.kind.as_str().to_owned(), Clone::clone),
        entry.action.clone(),
        target,
        entry.outcome.as_str().to_owned(),
    ]
}

/// A time as people read it: to the second, a space for the T.
fn seconds(time: &str) -> String {
    time.get(..19).unwrap_or(time).replace('T', " ")
}
