//! How the service stands, its jobs and its backups, as pages.

use console::components::Row;
use console::{Action, ListPage, OnePage, StatusPage};
use domain::code;
use domain::identity::Permission;
use domain::upkeep::Job;
use views::{
    BackupView, Backups, Cell, Column, Elide, JobView, Jobs, StatusView, Titled, column, count, number,
};

use crate::call::{Answer, Call};
use crate::console::banners::FINDINGS;
use crate::console::frame;
use crate::console::list::curl;
use crate::custody::absent;
use crate::listed::NO_PLACE;
use crate::problem::Problem;
use crate::tls::Tls;

const JOBS: [Column; 6] = [
    column("job", Elide::Never),
    column("due", Elide::End),
    column("next (UTC)", Elide::Never),
    column("last (UTC)", Elide::Never),
    column("outcome", Elide::Never),
    column("error", Elide::End),
];

const BACKUPS: [Column; 6] = [
    column("file", Elide::End),
    column("taken (UTC)", Elide::Never),
    number("entries"),
    number("bytes"),
    column("encrypted", Elide::Never),
    column("verified (UTC)", Elide::Never),
];

/// What is done where the database is, and not from here.
const RESTORE: [(&str, &str); 1] = [(
    "A backup is restored on the server's machine, while no server runs there; this is the newest, and the database that is \
     there is kept beside it:",
    "probity db restore latest --replace --reason \"why\"",
)];

/// `GET /jobs`
pub(crate) async fn jobs(call: Call) -> Answer {
    let jobs = Jobs::of(&call.app.jobs.states().await?).jobs;
    let runs = call.identity()?.principal.holds(Permission::OperateRun);
    let rows = jobs.iter().map(|job| Row {
        href: Some(format!("/jobs/{}/run", job.name.as_str()))
            .filter(|_| runs && call.app.jobs.settings().lacks(job.name).is_none()),
        cells: job_cells(job),
    });
    let rows = rows.collect();
    let found = jobs.iter().any(|job| job.found().is_some());
    let others = found.then(|| ("What the last verification found".to_owned(), FINDINGS.to_owned()));
    let page = ListPage {
        others: others.into_iter().collect(),
        ..listed(
            &call,
            "Jobs",
            (
                "jobs",
                "What is done again and again, when it is due, and how it went.",
            ),
            (&JOBS, rows),
        )
    };
    answer(&call, &page).await
}

fn job_cells(job: &JobView) -> Vec<Cell> {
    vec![
        job.name.as_str().into(),
        job.said().into(),
        job.next_at.into(),
        job.started_at.into(),
        job.stands().map_or(Cell::Empty, Cell::State),
        job.error.as_ref().into(),
    ]
}

/// `GET /backups`
pub(crate) async fn backups(call: Call) -> Answer {
    let found = call
        .app
        .jobs
        .backups()
        .await
        .map_err(|error| Problem::busy(NO_PLACE, error, 60))?;
    let backups = Backups::of(found.as_deref()).backups.unwrap_or_default();
    let rows = backups.iter().map(|backup| Row {
        href: None,
        cells: backup_cells(backup),
    });
    let rows = rows.collect();
    let page = ListPage {
        commands: RESTORE.to_vec(),
        ..listed(
            &call,
            "Backups",
            ("backups", "Those in the place of the settings, newest first."),
            (&BACKUPS, rows),
        )
    };
    answer(&call, &page).await
}

fn backup_cells(backup: &BackupView) -> Vec<Cell> {
    vec![
        (&backup.file).into(),
        backup.taken_at.into(),
        count(backup.entries).into(),
        count(backup.bytes).into(),
        if backup.encrypted { "yes" } else { "no" }.into(),
        backup.verified_at.into(),
    ]
}

fn listed(
    call: &Call,
    title: &str,
    (many, about): (&'static str, &'static str),
    (columns, rows): (&[Column], Vec<Row>),
) -> ListPage {
    ListPage {
        title: title.to_owned(),
        many,
        about,
        path: call.parts.uri.path().to_owned(),
        columns: columns.to_vec(),
        parts: vec![(None, rows)],
        call: curl(call, ""),
        ..ListPage::default()
    }
}

async fn answer(call: &Call, page: &ListPage) -> Answer {
    let shown: usize = page.parts.iter().map(|(_, rows)| rows.len()).sum();
    let frame = frame::of(call, format!("{}, {shown} shown", page.title)).await;
    Ok(frame::answer(&frame, &console::list(&frame.look, page)))
}

/// `GET /status`
pub(crate) async fn status(call: Call) -> Answer {
    let status = state(&call).await?;
    let frame = frame::of(&call, "Status").await;
    let page = OnePage {
        title: "Status".to_owned(),
        list: ("/".to_owned(), "Overview".to_owned()),
        pairs: pairs(&status),
        actions: actions(&call)?,
        call: curl(&call, ""),
        ..OnePage::default()
    };
    let page = StatusPage {
        one: page,
        elsewhere: status.jobs.iter().any(|job| job.found().is_some()),
        verified: status.verified,
    };
    Ok(frame::answer(&frame, &console::status(&frame.look, &page)))
}

/// Runs that are asked for from here, as far as they can do what they are for.
fn actions(call: &Call) -> Result<Vec<Action>, Problem> {
    let runs = call.identity()?.principal.holds(Permission::OperateRun);
    let offered = [(Job::Verify, "Verify the log now"), (Job::Backup, "Back up now")];
    let can = |(job, _): &(Job, &str)| runs && call.app.jobs.settings().lacks(*job).is_none();
    let action = |(job, words): (Job, &str)| Action {
        label: words.to_owned(),
        href: format!("/jobs/{}/run", job.as_str()),
        danger: false,
    };
    Ok(offered.into_iter().filter(can).map(action).collect())
}

/// What the job of this name lacks, without which a run of it does nothing.
pub(crate) fn lacks(call: &Call, name: &str) -> Result<Option<&'static str>, Problem> {
    let unknown = || absent(&code::UNKNOWN_JOB, "job", format_args!("job {name:?}"));
    let job = Job::parse(name).ok_or_else(unknown)?;
    Ok(call.app.jobs.settings().lacks(job))
}

/// How the service stands.
pub(crate) async fn state(call: &Call) -> Result<StatusView, Problem> {
    let app = &call.app;
    let certificate = app.settings.tls.as_ref().map(Tls::shown);
    let health = app.engine.health().await;
    Ok(StatusView::of(&app.engine, &app.jobs, health, certificate).await?)
}

/// The same for people.
pub(crate) fn pairs(status: &StatusView) -> Vec<Titled> {
    let word = |ok: bool| Cell::State(if ok { "ok" } else { "failed" }.to_owned());
    let (log, pool) = (&status.log, &status.pool);
    let (newest, problem) = match &status.backups {
        None => ("no place is set".into(), Cell::Empty),
        Some(kept) => (
            kept.newest
                .as_ref()
                .map_or("none".into(), |backup| backup.taken_at.into()),
            kept.problem.as_ref().into(),
        ),
    };
    let certificate = status.certificate.as_ref();
    let mut pairs: Vec<Titled> = vec![
        ("Healthy", word(status.healthy)),
        ("Database", (&status.database.version).into()),
        (
            "Migration",
            status
                .migrations
                .as_ref()
                .map(|state| format!("{} of {}", state.applied, state.known))
                .into(),
        ),
        ("Log", (&log.origin).into()),
        ("Entries", count(log.size).into()),
        ("Verifier key", (&log.verifier_key).into()),
        (
            "Readers",
            format!("{} of {} open, {} wait", pool.open, pool.max, pool.waiting).into(),
        ),
        (
            "Verified",
            status
                .verified
                .as_ref()
                .map_or("never on this machine".into(), |last| last.at.into()),
        ),
        (
            "  found",
            status
                .verified
                .as_ref()
                .map_or(Cell::Empty, |last| Cell::State(last.verdict())),
        ),
        ("Newest backup", newest),
        ("  cannot be read", problem),
        (
            "Runs the jobs",
            if status.leads {
                "yes"
            } else {
                "no, another process does"
            }
            .into(),
        ),
        (
            "Certificate until",
            certificate.and_then(|shown| shown.good_until).into(),
        ),
        (
            "  problem",
            certificate.and_then(|shown| shown.problem.as_ref()).into(),
        ),
    ];
    for check in &status.checks {
        if check.ok {
            // What was found is said, too: "ok" alone is more than one check can say.
            let found = check.detail.trim_start_matches("ok: ");
            pairs.push((check.name, Cell::State(format!("ok: {found}"))));
        } else {
            pairs.push((check.name, word(false)));
            pairs.push(("  found", (&check.detail).into()));
        }
    }
    pairs
}
