//! `probity audit tail`.

use std::io::Write as _;

use clap::Args;
use domain::audit::EntryFilter;
use engine::Engine;
use engine::list::{Order, Page};
use views::Entry;

use super::filter;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::nouns::{self, FilterArgs};
use crate::output;
use crate::parse;

/// Arguments of `probity audit tail`.
#[derive(Debug, Args)]
pub struct TailArgs {
    /// Go on with entries as they come, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// How many of the newest entries to begin with: 0 to 1000
    #[arg(short = 'n', long, default_value_t = 10, value_parser = parse::number::<u32, 0, 1_000>)]
    lines: u32,
    #[command(flatten)]
    filter: FilterArgs<Entry>,
}

const CHUNK: u32 = 500;

/// Shows the newest entries, oldest first, and follows.
pub async fn run(context: &Context, args: TailArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let filter = views::entry_filter(&filter::asked(context, engine, args.filter).await?);
            let mut size = engine.size();
            // What is below this size comes from the first page; everything beyond it is followed.
            let mut seen = *size.borrow_and_update();
            if args.lines > 0 {
                let page = Page {
                    order: Order::Descending,
                    after: Some(seen),
                    limit: args.lines,
                };
                let mut entries = engine.entries(&filter, page).await?.entries;
                entries.reverse();
                print(context, engine, &entries, true).await?;
            }
            if args.follow {
                loop {
                    tokio::select! {
                        _ = tokio::signal::ctrl_c() => break,
                        changed = size.changed() => if changed.is_err() { break },
                    }
                    let grown = *size.borrow_and_update();
                    follow(context, engine, &filter, seen, grown).await?;
                    seen = grown;
                }
            }
            Ok(Exit::Ok)
        })
        .await
}

/// Prints the entries from `from` (included) to `to` (not).
async fn follow(
    context: &Context,
    engine: &Engine,
    filter: &EntryFilter,
    from: u64,
    to: u64,
) -> Result<(), Failure> {
    let mut after = from.checked_sub(1);
    loop {
        let page = engine
            .entries(
                filter,
                Page {
                    order: Order::Ascending,
                    after,
                    limit: CHUNK,
                },
            )
            .await?;
        let entries: Vec<Entry> = page
            .entries
            .into_iter()
            .filter(|entry| entry.index < to)
            .collect();
        print(context, engine, &entries, false).await?;
        match page.next {
            Some(next) if next < to => after = Some(next),
            _ => return Ok(()),
        }
    }
}

async fn print(context: &Context, engine: &Engine, entries: &[Entry], titles: bool) -> Result<(), Failure> {
    let mut out = output::stdout();
    if context.json() {
        for entry in entries {
            serde_json::to_writer(&mut out, entry).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    } else {
        let lines = nouns::lines::<Entry>(engine, entries).await?;
        for line in lines.iter().skip(usize::from(!titles)) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(out.flush()?)
}
