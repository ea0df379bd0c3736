//! Questions to custody and approvals: lists, statements, balances as of a moment, supply, statistics.
//!
//! Movements are found by the buckets' indexes of the entries that wrote them (`docs/decisions/0004-bucketed-indexes.md`):
//! an operation that carries a movement never changes again, so its entry is the movement's.

mod operations;
mod sums;

pub use operations::{
    MOVEMENTS_WINDOW, Movement, OperationFilter, OperationPlace, last_movement, movements, operations,
    reversals, twins,
};
pub use sums::{
    Holding, OperationFigure, all_holdings, due_holds, due_holds_of_asset, figures, holdings, open_holds,
};
