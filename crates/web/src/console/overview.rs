//! `GET /`: is everything all right?

use console::{Banner, Figure, Frame, Overview};
use domain::identity::{Permission, Principal};
use domain::workflow::execution::{DayOf, Runs};
use evidence::Timestamp;
use views::{Approval, Asked, Entry, Given, KycRecord, Noun, Paging, Viewer};

use crate::call::{Answer, Call};
use crate::console::{frame, operation};
use crate::problem::Problem;

/// Most that are counted of what waits.
const COUNTED_MAX: u32 = 100;
const HOUR: i64 = 3_600_000_000;
const HOURS: i64 = 24;

pub(crate) async fn show(call: Call) -> Answer {
    frame::free(&call)?;
    let frame = frame::of(&call, "Overview").await;
    let principal = &call.identity()?.principal;
    let knows = principal.holds(Permission::OperateRead);
    let reads_log = principal.holds(Permission::AuditRead);
    let (mut log, mut hours) = (Vec::new(), Vec::new());
    if reads_log {
        (log, hours) = match of_log(&call, &frame).await {
            // An entry that is missing is where times are looked for: the rest of the page stands.
            Err(problem) if problem.tampered_entry().is_some() => {
                let size = call.app.engine.size_now().await?;
                (vec![in_log(size)], Vec::new())
            }
            found => found?,
        };
    }
    let status = if knows {
        Some(operation::state(&call).await?)
    } else {
        None
    };
    // What the banners say is some seconds old; the status is of now.
    let well = status
        .as_ref()
        .map(|status| status.healthy && frame.banners.is_empty());
    let page = Overview {
        healthy: well,
        sentence: sentence(well, &frame.banners),
        figures: vec![
            ("Log", log),
            ("Waiting", waiting(&call, principal).await?),
            ("Executions", executions(&call, principal).await?),
        ],
        hours,
        pairs: status.as_ref().map(operation::pairs).unwrap_or_default(),
    };
    Ok(frame::answer(&frame, &console::overview(&frame.look, &page)))
}

fn sentence(well: Option<bool>, banners: &[Banner]) -> String {
    match (well, banners) {
        (None, _) => "What you may read is in the menu.".to_owned(),
        (Some(true), _) => "Everything is all right.".to_owned(),
        (Some(false), []) => "Something is not as it should be: see below.".to_owned(),
        (Some(false), [one]) => one.text.clone(),
        (Some(false), several) => format!("{} things need somebody.", several.len()),
    }
}

fn figure(label: &str, number: String, href: Option<String>) -> Figure {
    Figure {
        label: label.to_owned(),
        number,
        href,
        attention: false,
    }
}

fn in_log(size: u64) -> Figure {
    let href = Some("/audit/entries".to_owned());
    figure("entries in the log", views::count(size), href)
}

/// The numbers of the log, and how many entries each hour had.
async fn of_log(call: &Call, frame: &Frame) -> Result<(Vec<Figure>, Vec<(String, u64)>), Problem> {
    let (day, size, hours) = hours_of(call, frame.look.now, &frame.look.zone).await?;
    let mut log = vec![
        in_log(size),
        figure(
            "entries in the last 24 hours",
            views::count(day),
            Some("/activity".to_owned()),
        ),
    ];
    let since = frame.look.now.plus_seconds(-HOURS * 3_600);
    for (outcome, words) in [("refused", "refusals"), ("failed", "failures")] {
        log.push(of_outcome(call, outcome, words, since).await?);
    }
    Ok((log, hours))
}

/// How many entries the last day has, how many there are at all, and how many each hour had.
async fn hours_of(
    call: &Call,
    now: Timestamp,
    zone: &console::Zone,
) -> Result<(u64, u64, Vec<(String, u64)>), Problem> {
    let begins = (0..HOURS).rev().map(|hour| now.micros() - (hour + 1) * HOUR);
    let begins: Vec<Timestamp> = begins.filter_map(Timestamp::from_micros).collect();
    let (mut sizes, size) = call.app.engine.sizes_at(&begins).await?;
    let day = size - sizes.first().copied().unwrap_or(size);
    sizes.push(size);
    let each = sizes.windows(2).map(|two| two[1] - two[0]);
    let hours = begins.iter().map(|begin| zone.minute(*begin)).zip(each).collect();
    Ok((day, size, hours))
}

/// How many entries of an outcome the last day has.
async fn of_outcome(call: &Call, outcome: &str, words: &str, since: Timestamp) -> Result<Figure, Problem> {
    let asked = Asked(vec![
        ("outcome", Given::Text(outcome.to_owned())),
        ("from", Given::Time(since)),
    ]);
    let (number, some) = count::<Entry>(call, &asked).await?;
    let since = since.to_string();
    let query = console::query([("outcome", outcome), ("from", since.as_str())]);
    Ok(Figure {
        attention: some && outcome == "failed",
        ..figure(
            &format!("{words} in the last 24 hours"),
            number,
            Some(format!("/audit/entries{query}")),
        )
    })
}

/// What waits for somebody.
async fn waiting(call: &Call, principal: &Principal) -> Result<Vec<Figure>, Problem> {
    let mut figures = Vec::new();
    let may = |path: &str| call.app.site.lists_for(principal).any(|list| list.path == path);
    if may("/approvals") {
        figures.push(pending::<Approval>(call, "approvals", "/approvals").await?);
    }
    if may("/kyc") {
        figures.push(pending::<KycRecord>(call, "KYC records", "/kyc").await?);
    }
    Ok(figures)
}

/// How many of a noun are pending, as far as this reader sees them.
async fn pending<N: Noun>(call: &Call, label: &str, path: &str) -> Result<Figure, Problem> {
    let asked = Asked(vec![("status", Given::Text("pending".to_owned()))]);
    let (number, some) = count::<N>(call, &asked).await?;
    Ok(Figure {
        attention: some,
        ..figure(
            &format!("{label} wait"),
            number,
            Some(format!("{path}?status=pending")),
        )
    })
}

/// How many of a noun there are, in words, as far as this reader sees them and a page counts; and whether there are any.
async fn count<N: Noun>(call: &Call, asked: &Asked) -> Result<(String, bool), Problem> {
    let paging = Paging {
        order: N::USUAL,
        limit: Some(COUNTED_MAX),
        ..Paging::ALL
    };
    let viewer = Viewer::of(call.identity()?);
    let page = N::page(&call.app.engine, viewer, asked, paging).await?;
    let more = if page.next.is_some() { "+" } else { "" };
    Ok((format!("{}{more}", page.views.len()), !page.views.is_empty()))
}

/// How executions stand.
async fn executions(call: &Call, principal: &Principal) -> Result<Vec<Figure>, Problem> {
    if !principal.holds(Permission::WorkflowsRead) {
        return Ok(Vec::new());
    }
    let runs = call.app.engine.runs(DayOf::Workflow, (None, None)).await?;
    let all = runs.values().fold(Runs::default(), |sum, of| sum.and(of.runs));
    let shown = |word: &str, number: i64| {
        let number = views::count(u64::try_from(number).unwrap_or(0));
        figure(word, number, Some(format!("/executions?status={word}")))
    };
    Ok(vec![
        shown("running", all.running),
        shown("completed", all.completed),
        Figure {
            attention: all.failed > 0,
            ..shown("failed", all.failed)
        },
        shown("cancelled", all.cancelled),
    ])
}
