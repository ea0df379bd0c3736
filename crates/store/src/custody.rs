//! Questions to custody and approvals: lists, statements, balances as of a moment, supply, statistics.
//!
//! Movements of a balance are found by the buckets' indexes of the entries that wrote them
//! (`docs/decisions/0004-bucketed-indexes.md`): an operation that carries a movement never changes again, so its entry is
//! the movement's.

mod movements;
mod operations;
mod sums;

pub use movements::{MOVEMENTS_WINDOW, Movement, last_movement, movements, reversals, twins};
pub use operations::{OperationFilter, OperationPlace, operations};
pub use sums::{
    Days, Due, Holding, all_holdings, balance_sums, due_holds, due_operations, house_balances, open_holds,
    operation_sums, recount, recount_balances, without_sums,
};
