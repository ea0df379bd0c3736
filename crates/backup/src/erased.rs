//! What erasing commands leave beside the backups, so that none of them brings back what they erased.

use std::collections::{BTreeMap, HashSet};

use domain::action;
use evidence::leaf::{Leaf, Outcome};
use evidence::time::Timestamp;
use store::entries::EntryView;
use uuid::Uuid;

use crate::error::Error;
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
        let name = format::erased_name(&left.origin, left.entry);
        if !there.contains(&name) {
            place.add(&name, &format::document(left))?;
        }
    }
    Ok(())
}
