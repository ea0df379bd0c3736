//! `probity db migrate`, `status` and `rollback`: the schema, one migration a step.

use clap::Args;
use domain::upkeep::Job;
use engine::database::migrate::{self, Listed, RolledBack};
use engine::database::{Db, Head, actions_from, roll_back};
use serde_json::json;

use crate::context::Context;
use crate::doctor::facts::{Backups, backups};
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted, minute};
use crate::table::{self, Column, Elide, column, number};
use crate::verb::NoArgs;

/// Arguments of `probity db migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Migrate in production without a backup of all entries
    #[arg(long)]
    no_backup: bool,
}

/// Applies what is missing.
pub async fn run(context: &Context, args: MigrateArgs) -> Result<Exit, Failure> {
    let mut conn = Db::new(context.options()?.database)?.writer().await?;
    let before = migrate::state(&mut conn).await?;
    if before.applied == 0 {
        let hint = "run `probity init`, which sets everything up";
        return Err(Failure::could_not_run("problem", "the database is empty", hint));
    }
    if before.applied < before.known && context.settings.environment == "production" && !args.no_backup {
        demand_backup(context, &mut conn).await?;
    }
    let mut done = Vec::new();
    for version in before.applied + 1..=before.known {
        for name in migrate::migrate_to(&mut conn, version, engine::now()).await? {
            if !context.json() {
                output::line(&format!("✓ {version} {name}"))?;
            }
            done.push(json!({ "version": version, "name": name }));
        }
    }
    let verdict = match done.len() {
        0 => format!(
            "Nothing was missing: the schema is at migration {}.",
            before.known
        ),
        _ => format!("The schema is at migration {}.", before.known),
    };
    if context.json() {
        output::json(&json!({ "applied": done, "version": before.known }))?;
    } else {
        output::line(&verdict)?;
    }
    Ok(Exit::Ok)
}

/// Refuses unless a backup has all entries but those that tell of backups: one that is written is recorded after it. It is written by the program that the schema is of: this one would migrate first.
async fn demand_backup(context: &Context, conn: &mut engine::database::Conn) -> Result<(), Failure> {
    let Some(head) = Head::load(conn).await? else {
        return Ok(());
    };
    let size = head.edge.size();
    let has = match backups(&context.settings, Some(&head.origin)) {
        Backups::Of { newest, .. } => newest.map_or(0, |newest| newest.entries),
        Backups::Unreadable(error) => {
            return Err(Failure::could_not_run("backup", error, "check backup.path"));
        }
        Backups::Nowhere => 0,
    };
    let tells = |action: &String| {
        Job::ALL
            .iter()
            .any(|job| job.recorded_as() == Some(action.as_str()))
    };
    if has >= size || has > 0 && actions_from(conn, has).await?.iter().all(tells) {
        return Ok(());
    }
    Err(Failure::no(
        "no_backup",
        format!(
            "the log has {}, and the newest backup in backup.path {}",
            counted(size, "entry", "entries"),
            count(has)
        ),
        "stop the servers and write one with the program that is in use now (probity db backup); or say --no-backup",
    ))
}

const COLUMNS: [Column; 4] = [
    number("number"),
    column("migration", Elide::End),
    column("applied (UTC)", Elide::Never),
    column("way back", Elide::Never),
];

/// Says which migrations there are, and which were applied.
pub async fn status(context: &Context, _: NoArgs) -> Result<Exit, Failure> {
    let mut conn = Db::new(context.options()?.database)?.writer().await?;
    let state = migrate::state(&mut conn).await?;
    let listed = migrate::list(&mut conn).await?;
    if context.json() {
        let one = |one: &Listed| json!({ "version": one.version, "name": one.name, "applied_at": one.applied_at, "back": one.back });
        output::json(&json!({
            "applied": state.applied,
            "known": state.known,
            "migrations": listed.iter().map(one).collect::<Vec<_>>(),
        }))?;
    } else {
        let row = |one: &Listed| {
            vec![
                one.version.to_string(),
                one.name.to_owned(),
                one.applied_at.map_or("pending".to_owned(), minute),
                if one.back { "yes" } else { "no" }.to_owned(),
            ]
        };
        let rows: Vec<_> = listed.iter().map(row).collect();
        output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
        context.remark(&format!("{} of {} applied", state.applied, state.known));
    }
    Ok(if state.applied == state.known {
        Exit::Ok
    } else {
        Exit::No
    })
}

/// Undoes the last migration.
pub async fn rollback(context: &Context, _: NoArgs) -> Result<Exit, Failure> {
    match roll_back(&context.options()?.database).await? {
        RolledBack::Done(version, name) => {
            if context.json() {
                output::json(
                    &json!({ "undone": { "version": version, "name": name }, "version": version - 1 }),
                )?;
            } else {
                output::line(&format!(
                    "✓ {version} {name} is undone: the schema is at migration {}.",
                    version - 1
                ))?;
            }
            Ok(Exit::Ok)
        }
        RolledBack::WouldLose { what, rows } => Err(Failure::no(
            "would_lose",
            format!(
                "{what} holds something in {}, and the seals are over it",
                counted(rows, "row", "rows")
            ),
            "stay at this migration; or restore a backup from before it, which gives up what came since",
        )),
        RolledBack::NoWay(version, name) => Err(Failure::no(
            "no_way_back",
            format!("there is no way back from migration {version} ({name})"),
            "restore a backup from before it, which gives up what came since",
        )),
    }
}
