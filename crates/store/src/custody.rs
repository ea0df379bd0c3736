//! Questions to custody and approvals: lists, statements, balances as of a moment, supply, statistics.
//!
//! Movements of a balance are found by the buckets' indexes of the entries that wrote them
//! (`docs/decisions/0004-bucketed-indexes.md`): an operation that carries a movement never changes again, so its entry is
//! the movement's.

mod movements;
mod operations;
mod sought;
mod sums;

pub use movements::{MOVEMENTS_WINDOW, Movement, last_movement, movements, reversals, twins};
pub use operations::{OperationFilter, OperationPlace, operations};
pub use sought::{Sought, operations_sought};
pub use sums::{
    Due, Holding, all_holdings, assets, balance_sums, balances_counted_since, count_of_balances,
    count_of_sums, counts_of_days, due_holds, due_operations, house_balances, open_holds, recount,
    recount_balances, sums_of, sums_of_all_days, sums_of_days, without_sums,
};
