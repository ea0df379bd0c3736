//! Rows that do not read, because somebody changed them by hand: a list is read again without them, and names them.

use std::time::Duration;

use domain::custody::Operation;
use domain::record::Record;
use engine::custody::OperationView;
use engine::list::{OperationFilter, OperationPlace, Order};
use engine::{Engine, Error, told};
use uuid::Uuid;

/// Most rows that do not read and are left out of a page; where there are more, the list is refused, which names one.
const UNREAD_MAX: usize = 20;

/// The row that a page is read again without, because it does not read: who asks is told its id.
pub(crate) fn left_out<N: Record>(error: Error, unread: &mut Vec<Uuid>) -> Result<Uuid, Error> {
    match error {
        Error::Tampered { table, id, what } if table == N::TABLE.name && unread.len() < UNREAD_MAX => {
            told::of_row(table, id, &what);
            unread.push(id);
            Ok(id)
        }
        error => Err(error),
    }
}

/// Operations, where they go on, and the ids of those that do not read.
pub(crate) async fn operations(
    engine: &Engine,
    mut filter: OperationFilter,
    (order, after, limit): (Order, Option<OperationPlace>, u32),
    search_time: Duration,
) -> Result<(Vec<OperationView>, Option<OperationPlace>, Vec<Uuid>), Error> {
    let mut unread = Vec::new();
    loop {
        let found = engine.operations_within(&filter, order, after, limit, search_time);
        match found.await {
            Ok((found, next)) => return Ok((found, next, unread)),
            Err(error) => filter.except.push(left_out::<Operation>(error, &mut unread)?),
        }
    }
}
