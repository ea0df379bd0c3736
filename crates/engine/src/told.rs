//! Which rows that were changed by hand the log was told of lately: whoever asks for one again and again shall not fill it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// How long a row is not named again.
const NOT_AGAIN_FOR: Duration = Duration::from_mins(1);
/// Rows that are named in that time; `probity audit verify` names all.
const ROWS_MAX: usize = 1_000;

/// A row: its table and its id.
type RowId = (&'static str, Uuid);

/// Tells of an entry that was changed by hand, once a minute.
pub fn of_entry(index: u64, what: &str) {
    if is_news(("entries", Uuid::from_u128(index.into())), Instant::now()) {
        tracing::error!(entry = index, "entry {index} was changed by hand: {what}");
    }
}

/// Tells of a row that was changed by hand, once a minute.
pub fn of_row(table: &'static str, id: Uuid, what: &str) {
    if is_news((table, id), Instant::now()) {
        tracing::error!("{table} {id} {what}");
    }
}

/// Whether the log is to be told of a row.
fn is_news(row: RowId, now: Instant) -> bool {
    static LATELY: Mutex<Option<HashMap<RowId, Instant>>> = Mutex::new(None);
    let mut lately = LATELY.lock().unwrap_or_else(PoisonError::into_inner);
    add(lately.get_or_insert_default(), row, now)
}

fn add(lately: &mut HashMap<RowId, Instant>, row: RowId, now: Instant) -> bool {
    lately.retain(|_, told| now.saturating_duration_since(*told) < NOT_AGAIN_FOR);
    let is_news = lately.len() < ROWS_MAX && !lately.contains_key(&row);
    if is_news {
        lately.insert(row, now);
    }
    is_news
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_named_once_a_minute_and_so_many_rows() {
        let (mut lately, begin) = (HashMap::new(), Instant::now());
        let mut at = |table, id, after| add(&mut lately, (table, Uuid::from_u128(id)), begin + after);
        let second = Duration::from_secs(1);
        assert!(at("users", 1, Duration::ZERO) && at("users", 2, second) && at("agents", 1, second));
        assert!(!at("users", 1, second) && !at("users", 1, second * 59));
        assert!(at("users", 1, second * 60));
        assert!(!at("users", 2, second * 60) && at("users", 2, second * 61));
        let named = (0..2_000).filter(|id| at("balances", *id, second * 200));
        assert_eq!(named.count(), ROWS_MAX);
        assert!(at("balances", 1_999, second * 260));
    }
}
