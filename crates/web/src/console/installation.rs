//! Pages of the installation: what is wrong with it, its settings, and what it keeps for how long.

use std::time::Duration;

use console::components::Row;
use console::{Found, ListPage, PastTime, RetentionPage};
use views::{Column, Elide, column};

use crate::call::{Answer, Call};
use crate::console::frame;

const SETTINGS: [Column; 3] = [
    column("setting", Elide::Never),
    column("value", Elide::End),
    column("from", Elide::Start),
];

/// How long a page may count what would go.
const COUNTS_FOR: Duration = Duration::from_secs(1);

/// `GET /doctor`
pub(crate) async fn doctor(call: Call) -> Answer {
    let found = match &call.app.settings.doctor {
        Some(doctor) => doctor.look().await,
        None => Vec::new(),
    };
    let found: Vec<Found> = found
        .into_iter()
        .map(|one| Found {
            name: one.name.to_owned(),
            state: one.state.to_owned(),
            detail: one.detail,
            remedy: one.remedy,
        })
        .collect();
    let frame = frame::of(&call, "Doctor").await;
    Ok(frame::answer(&frame, &console::findings(&found)))
}

/// `GET /configuration`
pub(crate) async fn configuration(call: Call) -> Answer {
    let settings = &call.app.settings.configuration;
    let rows = settings.iter().map(|one| Row {
        href: None,
        cells: vec![(&one.name).into(), (&one.value).into(), (&one.source).into()],
    });
    let frame = frame::of(&call, format!("Configuration, {} settings", settings.len())).await;
    let page = ListPage {
        title: "Configuration".to_owned(),
        many: "settings",
        about: "The settings in force and where each came from. Secrets are hidden. They are changed in files and variables on \
                the server's machine.",
        path: "/configuration".to_owned(),
        columns: SETTINGS.to_vec(),
        parts: vec![(None, rows.collect())],
        ..ListPage::default()
    };
    Ok(frame::answer(&frame, &console::list(&frame.look, &page)))
}

/// `GET /retention`
pub(crate) async fn retention(call: Call) -> Answer {
    let engine = &call.app.engine;
    let policies = engine.rules().retention.policies().iter();
    let policies = policies
        .map(|policy| (policy.action.clone(), policy.keep_days))
        .collect();
    let counted = tokio::time::timeout(COUNTS_FOR, engine.past_retention(&|_| ())).await;
    let past = match counted {
        Err(_) => None,
        Ok(found) => {
            let actions = found?.actions.into_iter();
            Some(actions.map(|(action, past)| PastTime {
                action,
                entries: past.entries,
                held: past.held,
                oldest: past.oldest,
            }))
        }
    };
    let page = RetentionPage {
        policies,
        past: past.map(Iterator::collect),
    };
    let frame = frame::of(&call, "Retention").await;
    Ok(frame::answer(&frame, &console::retention(&frame.look, &page)))
}
