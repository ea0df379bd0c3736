//! The newest operations from or to some balances, kept in memory as they were read: whoever looks at a history looks again.
//!
//! What is kept is trusted no more than the database. Whatever writes an operation gives it a later entry, so all that may
//! be missing from what is kept was written by the entry of its first row or by a later one. Just these are asked for, and
//! the rest is answered from memory only where the first row is among them, with the same seal. What the clock says is
//! not kept: it is said of each answer anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::custody::Operation;
use domain::record::{Record, Sealed, Val};
use evidence::Timestamp;
use store::custody::{OperationFilter, OperationPlace};
use store::query::Order;
use store::{Conn, Error};
use uuid::Uuid;

use crate::lately::Lately;

/// Most lists in each half of the memory.
const LISTS_MAX: usize = 256;

/// Most rows of a list that is kept: the usual page, and the one that shows that there is more.
const ROWS_MAX: u32 = 51;

/// Most bytes of text in them.
const TEXT_MAX: usize = 65_536;

/// An operation, and the one that reversed it.
type Found = (Sealed<Operation>, Option<Uuid>);

type Kept = Lately<(OperationFilter, u32), Arc<[Found]>>;

/// Lists that were asked for.
pub(crate) struct Newest {
    kept: Mutex<Kept>,
}

impl Default for Newest {
    fn default() -> Newest {
        let kept = Mutex::new(Lately::new(LISTS_MAX));
        Newest { kept }
    }
}

impl Newest {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.kept().forget();
    }

    /// Operations as [`store::custody::operations`] finds them.
    pub(super) async fn operations(
        &self,
        conn: &mut Conn,
        (filter, now): (&OperationFilter, Timestamp),
        order: Order,
        after: Option<OperationPlace>,
        limit: u32,
        size: u64,
    ) -> Result<Vec<Found>, Error> {
        // By nothing but their balances: other columns change, or the clock has a say in them.
        let all = OperationFilter {
            balances: filter.balances.clone(),
            moved: filter.moved,
            ..OperationFilter::default()
        };
        let newest = order == Order::Descending && after.is_none() && size == u64::MAX && limit <= ROWS_MAX;
        if !newest || all.balances.is_empty() || all != *filter {
            return store::custody::operations(conn, (filter, now), order, after, limit, size).await;
        }
        let key = (all, limit);
        let kept = self.kept().get(&key);
        if let Some((kept, first)) = kept.as_ref().and_then(|kept| Some((kept, kept.first()?))) {
            let since = OperationFilter {
                since: first.0.entry,
                ..filter.clone()
            };
            let new = store::custody::operations(conn, (&since, now), order, None, limit, size).await?;
            let nothing_new = new.len() == 1;
            if let Some(found) = joined(new, kept, limit as usize) {
                if !nothing_new {
                    self.keep(key, &found);
                }
                return Ok(found);
            }
        }
        let found = store::custody::operations(conn, (filter, now), order, None, limit, size).await?;
        self.keep(key, &found);
        Ok(found)
    }

    fn keep(&self, key: (OperationFilter, u32), found: &[Found]) {
        let values = found.iter().flat_map(|(sealed, _)| sealed.row.values());
        let text = values.map(|value| match value {
            Val::Text(text) => text.len(),
            _ => 0,
        });
        if text.sum::<usize>() <= TEXT_MAX {
            self.kept().put(key, found.into());
        }
    }
}

/// What is new, and what is kept behind it; none where the first that is kept is not there as it is kept.
fn joined(mut new: Vec<Found>, kept: &[Found], limit: usize) -> Option<Vec<Found>> {
    let (first, _) = kept.first()?;
    let there = new.iter().any(|(sealed, _)| sealed == first);
    if !there && new.len() < limit {
        return None;
    }
    let rest = kept.iter().filter(|(sealed, _)| {
        sealed.entry < first.entry && !new.iter().any(|(newer, _)| newer.row.id == sealed.row.id)
    });
    let rest: Vec<Found> = rest
        .map(|(sealed, reversed_by)| {
            let reversal = new
                .iter()
                .find(|(newer, _)| newer.row.reverses_id == Some(sealed.row.id));
            let reversal = reversal.map(|(newer, _)| newer.row.id);
            (sealed.clone(), reversed_by.or(reversal))
        })
        .collect();
    new.extend(rest);
    new.truncate(limit);
    Some(new)
}
