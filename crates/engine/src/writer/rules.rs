//! Where another process has said since that other rules are in force, this one says its own again before it decides: so the
//! newest entry about rules before any other is true of it.

use std::sync::atomic::Ordering;

use domain::Command;
use domain::audit::EntryFilter;
use domain::identity::security_event::{ROLES_CHANGED, SecurityEvent};
use evidence::payload::Payload;
use store::Head;
use store::query::{self, Order, Page};

use super::link::Way;
use super::{Job, Signer};
use crate::error::Error;

/// The job that says it, where it is to be said before these. While a batch is in flight nobody else has written.
pub(super) async fn other(
    way: &mut Way<'_>,
    signer: &Signer,
    head: &Head,
    jobs: &[Job],
) -> Result<Option<Job>, Error> {
    let (told, size) = (signer.told.load(Ordering::Relaxed), head.edge.size());
    let says_so = matches!(
        jobs.first().map(|job| &job.command),
        Some(Command::SecurityEvent(event)) if event.action == ROLES_CHANGED
    );
    let Some(conn) = way.0.as_deref_mut().filter(|_| told < size && !says_so) else {
        return Ok(None);
    };
    let filter = EntryFilter {
        action: Some(ROLES_CHANGED.to_owned()),
        ..EntryFilter::default()
    };
    let since = Page {
        order: Order::Ascending,
        after: told.checked_sub(1),
        limit: 1_000,
    };
    let Some(newest) = query::page(conn, &filter, since, size).await?.pop() else {
        return Ok(None);
    };
    let payload = newest
        .payload
        .as_deref()
        .and_then(|text| Payload::parse(text).ok());
    let said = payload.and_then(|payload| payload.details).unwrap_or_default();
    if said == signer.rules.own() {
        return Ok(None);
    }
    Job::own("roles", SecurityEvent::rules(&signer.rules).into()).map(Some)
}
