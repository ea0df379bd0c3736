//! What erasing commands leave beside the backups, so that none of them brings back what they erased.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::action;
use domain::audit::EntryFilter;
use engine::Engine;
use evidence::leaf::{Leaf, Outcome};
use evidence::time::Timestamp;
use store::entries::EntryView;
use store::query::{Order, Page};
use uuid::Uuid;

use crate::error::{Error, Tried};
use crate::format::{self, ErasedLater, FORMAT};
use crate::place::Place;

/// An entry that erases what is personal.
#[derive(Clone, Debug)]
pub(crate) struct Erasing {
    pub entry: u64,
    pub at: Timestamp,
    /// The user who was erased.
    pub user: Option<Uuid>,
}

impl Erasing {
    /// The entry, where it is one.
    pub fn of(view: &EntryView<'_>) -> Option<Erasing> {
        let erases = [action::USER_ERASE.name, action::AUDIT_ERASE.name].contains(&view.action)
            && view.outcome == Outcome::Success.as_str();
        let leaf = erases.then(|| Leaf::parse_lenient(view.leaf).ok()).flatten()?;
        Some(Erasing {
            entry: view.entry,
            at: leaf.at,
            user: leaf.target_id.filter(|_| leaf.action == action::USER_ERASE.name),
        })
    }
}

/// How often the log is looked at, at most.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// When it is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What each of these entries leaves, given which entry was erased by which.
pub(crate) fn of(origin: &str, erasing: Vec<Erasing>, erasures: &[(u64, u64)]) -> Vec<ErasedLater> {
    let mut by_entry: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (erased, by) in erasures {
        by_entry.entry(*by).or_default().push(*erased);
    }
    let left = erasing
        .into_iter()
        .map(|Erasing { entry, at, user }| ErasedLater {
            format: FORMAT,
            origin: origin.to_owned(),
            at,
            entry,
            entries: by_entry.remove(&entry).unwrap_or_default(),
            users: user.into_iter().collect(),
        });
    left.collect()
}

/// Adds those that are not there yet.
pub(crate) fn add_missing(place: &dyn Place, erased: &[ErasedLater]) -> Result<(), Error> {
    if erased.is_empty() {
        return Ok(());
    }
    let there: HashSet<String> = place.names()?.into_iter().collect();
    for left in erased {
        let name = format::erased_name(left);
        if !there.contains(&name) {
            place.add(&name, &format::document(left))?;
        }
    }
    Ok(())
}

/// Leaves what every erasing command leaves, for as long as the engine lasts.
///
/// It goes by the log and not by commands, so nothing is forgotten where a place was out of reach or no server ran.
pub async fn keep_leaving(engine: Engine, place: Arc<dyn Place>) {
    let (mut size, mut done) = (engine.size(), 0);
    loop {
        match leave(&engine, &place, done).await {
            Ok(upto) => {
                done = upto;
                if size.changed().await.is_err() {
                    return;
                }
                // Many appends are one look.
                tokio::time::sleep(AT_MOST_EVERY).await;
            }
            Err(error) => {
                tracing::warn!(%error, place = place.shown(), "what was erased is not yet told beside the backups");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

/// Leaves what erasing commands from this entry on leave; the entry from which there is more to come.
async fn leave(engine: &Engine, place: &Arc<dyn Place>, from: u64) -> Result<u64, Error> {
    let upto = engine.size_now().await?;
    let mut left = Vec::new();
    for action in [action::USER_ERASE.name, action::AUDIT_ERASE.name] {
        let filter = EntryFilter {
            action: Some(action.to_owned()),
            outcome: Some(Outcome::Success),
            ..EntryFilter::default()
        };
        let mut after = from.checked_sub(1);
        loop {
            let page = Page {
                order: Order::Ascending,
                after,
                limit: 100,
            };
            let found = engine.entries(&filter, page).await?;
            for entry in found.entries {
                let of = entry.target.and_then(|target| target.id?.parse().ok());
                let user = of.filter(|_| action == action::USER_ERASE.name);
                let entries =
                    store::checks::erased_by(&mut *engine.db().reader().await?, entry.index).await?;
                left.push(ErasedLater {
                    format: FORMAT,
                    origin: engine.verifier_key().name().to_owned(),
                    at: entry.at,
                    entry: entry.index,
                    entries,
                    users: user.into_iter().collect(),
                });
            }
            after = found.next;
            if after.is_none() {
                break;
            }
        }
    }
    let place = Arc::clone(place);
    let adding = tokio::task::spawn_blocking(move || add_missing(&*place, &left));
    adding
        .await
        .map_err(std::io::Error::other)
        .tried("start", "a thread")??;
    Ok(upto)
}
