//! Operations by a condition to which no index leads: sought window by window of the log, for so long.

use std::ops::Range;

use domain::custody::Operation;
use domain::record::Sealed;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::operations::{Lead, OperationFilter, OperationPlace, operations};
use crate::conn::Conn;
use crate::error::Error;
use crate::query::{Order, Patience, index_at};

/// How many entries of the log a statement goes through, at first and at most: about as many operations are looked at.
const WINDOW: Range<u64> = 1_024..65_536;

/// Operations that were sought.
#[derive(Debug, Default)]
pub struct Sought {
    /// The operations, in the order of the page, each with the one that reversed it.
    pub operations: Vec<(Sealed<Operation>, Option<Uuid>)>,
    /// Where it ended early because the time was over: the place up to which everything was looked at, to go on after.
    pub reached: Option<OperationPlace>,
}

/// A page as [`operations`] gives it, sought until it is full, the log is at its end, or patience is.
pub async fn operations_sought(
    conn: &mut Conn,
    (filter, now): (&OperationFilter, Timestamp),
    order: Order,
    after: Option<OperationPlace>,
    (limit, size): (u32, u64),
    patience: &Patience<'_>,
) -> Result<Sought, Error> {
    let started = (patience.clock)();
    let mut left = filter.since..size;
    if let Some(from) = filter.made.0 {
        left.start = left.start.max(index_at(conn, from, size).await?);
    }
    match (order, after) {
        (Order::Descending, Some(after)) => left.end = left.end.min(after.entry + 1),
        (Order::Ascending, Some(after)) => left.start = left.start.max(after.entry),
        (_, None) => {}
    }
    // An index that finds few is asked once.
    let mut looks = match Lead::of(filter) {
        Lead::Few => u64::MAX,
        _ => WINDOW.start,
    };
    let mut found = Sought::default();
    while !left.is_empty() {
        let window = match order {
            Order::Descending => left.start.max(left.end.saturating_sub(looks))..left.end,
            Order::Ascending => left.start..left.end.min(left.start.saturating_add(looks)),
        };
        let within = OperationFilter {
            since: window.start,
            ..filter.clone()
        };
        let room = limit.saturating_sub(u32::try_from(found.operations.len()).unwrap_or(u32::MAX));
        let asked = (&within, now);
        let some = operations(conn, asked, order, after, room, window.end).await?;
        found.operations.extend(some);
        if found.operations.len() >= limit as usize {
            break;
        }
        let reached = match order {
            Order::Descending => {
                left.end = window.start;
                OperationPlace {
                    entry: window.start,
                    id: Uuid::nil(),
                }
            }
            Order::Ascending => {
                left.start = window.end;
                OperationPlace {
                    entry: window.end - 1,
                    id: Uuid::max(),
                }
            }
        };
        if !left.is_empty() && (patience.clock)().saturating_sub(started) >= patience.at_most {
            found.reached = Some(reached);
            break;
        }
        looks = looks.saturating_mul(2).min(WINDOW.end);
    }
    Ok(found)
}
