//! `probity db compact`: the database's files are made anew.

use std::io::{self, IsTerminal as _};

use clap::Args;
use engine::compact::{Compacting, Plan};
use engine::database::Location;
use engine::disk;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::progress::Progress;
use crate::{prompt, table};

/// Arguments of `probity db compact`.
#[derive(Debug, Args)]
pub struct CompactArgs {
    /// Of a PostgreSQL database, only this table, such as entries; may come several times
    #[arg(long = "table", value_name = "TABLE")]
    tables: Vec<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub async fn run(context: &Context, args: CompactArgs) -> Result<Exit, Failure> {
    let options = context.options()?;
    let settings = &options.database;
    let compacting = Compacting::plan(settings, &args.tables).await?;
    let said = said(&settings.location, compacting.needed());
    if !args.yes && !io::stdin().is_terminal() {
        return Err(Failure::could_not_run("not_confirmed", said, "say --yes"));
    }
    prompt::confirm(args.yes, &said, "nothing was made anew")?;
    if let (Location::Sqlite(path), needs) = (&settings.location, compacting.needed().needs)
        && let Some(room) = disk::room(path).filter(|room| room.free < needs)
    {
        let message = format!(
            "{} are free where the database is, and it takes about {}",
            super::size(room.free),
            super::size(needs)
        );
        return Err(Failure::could_not_run(
            "no_space",
            message,
            "make room first: nothing was made anew",
        ));
    }
    let before = compacting.needed().bytes;
    let progress = Progress::new(context);
    let (mut done, total) = (0, compacting.needed().tables.len() as u64);
    let after = compacting
        .run(&mut |table| {
            progress.at(done, total, &format!("making {table} anew"));
            done += 1;
        })
        .await;
    progress.finish();
    let after = after?;
    if context.json() {
        output::json(&json!({
            "database": settings.location.shown(),
            "bytes_before": before,
            "bytes_after": after,
        }))?;
    } else {
        let (before, after) = (super::size(before), super::size(after));
        output::line(&format!("Made anew: {before} before, {after} now."))?;
    }
    Ok(Exit::Ok)
}

/// What it needs and locks.
fn said(location: &Location, plan: &Plan) -> String {
    let (bytes, needs) = (super::size(plan.bytes), super::size(plan.needs));
    let text = match location {
        Location::Sqlite(path) => format!(
            "This makes {} anew ({bytes}, VACUUM). It needs about {needs} of free space: half of it for temporary files, half \
             beside the file. Nobody can write to it meanwhile; a server that runs answers reads, and refuses writes after a while.",
            path.display()
        ),
        Location::Postgres(_) => format!(
            "This makes {} anew ({bytes}, VACUUM FULL), one after the other: {}. It needs about {needs} of free space on the \
             server. Nobody can read or write a table while it is made anew: a server that runs stands still meanwhile.",
            output::counted(plan.tables.len() as u64, "table", "tables"),
            plan.tables.join(", ")
        ),
    };
    table::paragraph(&text)
}
