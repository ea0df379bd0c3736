//! `probity db seed`: people and their doings to look at, and a year of a service's life. For development.

use clap::Args;
use engine::seed::{How, Seeded, run as seed};
use serde_json::{Value, json};

use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted, moment};
use crate::progress::Progress;
use crate::table::{self, Column, Elide, column};

/// Arguments of `probity db seed`.
#[derive(Debug, Args)]
pub struct SeedArgs {
    /// Seed a database that others have worked with; the admin may get another password
    #[arg(long)]
    force: bool,
    /// Make so many entries of a year besides: users, logins, operations, executions
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    scale: u64,
}

pub async fn run(context: &Context, args: SeedArgs) -> Result<Exit, Failure> {
    super::not_in_production(context, "seeded")?;
    let how = How {
        force: args.force,
        scale: args.scale,
    };
    let progress = Progress::new(context);
    let options = context.options()?;
    let seeded = seed(&options, &caller(), how, &mut |done| {
        let text = format!("{} of {} entries", count(done), count(args.scale));
        progress.at(done, args.scale, &text);
    })
    .await;
    progress.finish();
    let seeded = seeded?;
    if context.json() {
        let mut shown = as_json(&seeded);
        if let Some((begin, end)) = seeded.year {
            shown["scale"] = json!({
                "entries": args.scale,
                "from": begin,
                "to": end,
                "seconds": seeded.took.as_secs_f64(),
            });
        }
        output::json(&shown)?;
        return Ok(Exit::Ok);
    }
    output::line(&text(&seeded))?;
    if let Some((begin, end)) = seeded.year {
        let seconds = seeded.took.as_secs_f64();
        let micros = u64::try_from(seeded.took.as_micros()).unwrap_or(u64::MAX).max(1);
        let each_second = u128::from(args.scale) * 1_000_000 / u128::from(micros);
        let each_second = u64::try_from(each_second).unwrap_or(u64::MAX);
        let said = format!(
            "A year of {} from {} to {}: {seconds:.1} s, {} a second.",
            counted(args.scale, "entry", "entries"),
            moment(begin),
            moment(end),
            count(each_second)
        );
        output::line(&format!("\n{}", table::paragraph(&said)))?;
    }
    Ok(Exit::Ok)
}

const COLUMNS: [Column; 4] = [
    column("user", Elide::Never),
    column("role", Elide::Never),
    column("kyc", Elide::Never),
    column("password", Elide::Never),
];

/// Who there is now, for people.
pub fn text(seeded: &Seeded) -> String {
    let row = |person: &engine::seed::SeededPerson| {
        vec![
            person.username.clone(),
            person.role.to_owned(),
            person.kyc.to_owned(),
            person.password.clone().unwrap_or_else(|| "as it was".to_owned()),
        ]
    };
    let rows: Vec<_> = seeded.people.iter().map(row).collect();
    let table = table::lines(&COLUMNS, &rows, table::width()).join("\n");
    let is_new = seeded.people.iter().any(|person| person.password.is_some());
    let note = match (seeded.entries, is_new) {
        (0, _) => "Nothing was missing.".to_owned(),
        (entries, true) => format!(
            "{} were made. The passwords are shown now and never again; a lost one: probity user recover NAME",
            counted(entries, "entry", "entries")
        ),
        (entries, false) => format!("{} were made.", counted(entries, "entry", "entries")),
    };
    format!(
        "{table}\n\nEach of them has 0.1 BTC and 1,000 iSTSi.\n{}",
        table::paragraph(&note)
    )
}

/// Who there is now, for programs.
pub fn as_json(seeded: &Seeded) -> Value {
    let person = |person: &engine::seed::SeededPerson| {
        json!({
            "username": person.username,
            "role": person.role,
            "kyc": person.kyc,
            "password": person.password,
        })
    };
    json!({
        "users": seeded.people.iter().map(person).collect::<Vec<_>>(),
        "entries": seeded.entries,
    })
}
