//! `probity job list`.

use views::{JobView, Jobs};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, minute};
use crate::table::{self, Column, Elide, column, number};
use crate::verb::NoArgs;

const COLUMNS: [Column; 6] = [
    column("job", Elide::Never),
    column("next (UTC)", Elide::Never),
    column("last began", Elide::Never),
    column("outcome", Elide::Never),
    number("gave").spare(),
    column("when, or why not", Elide::End),
];

pub async fn run(context: &Context, _: NoArgs) -> Result<Exit, Failure> {
    let shown = context
        .with_engine(async |engine| Ok(Jobs::of(&super::of(context, engine).states().await?)))
        .await?;
    if context.json() {
        output::json(&shown)?;
        return Ok(Exit::Ok);
    }
    let rows: Vec<_> = shown.jobs.iter().map(row).collect();
    let mut lines = table::lines(&COLUMNS, &rows, table::width());
    let failed = shown
        .jobs
        .iter()
        .filter_map(|job| Some((job.name, job.error.as_ref()?)));
    for (name, error) in failed {
        lines.push(table::paragraph(&format!("✗ {}: {error}", name.as_str())));
    }
    output::line(&lines.join("\n"))?;
    Ok(Exit::Ok)
}

fn row(job: &JobView) -> Vec<String> {
    let time = |at: Option<_>| at.map_or_else(String::new, minute);
    vec![
        job.name.as_str().to_owned(),
        time(job.next_at),
        time(job.started_at),
        job.outcome.map_or("", |outcome| outcome.as_str()).to_owned(),
        job.figure.map_or_else(String::new, |figure| figure.to_string()),
        job.said(),
    ]
}
