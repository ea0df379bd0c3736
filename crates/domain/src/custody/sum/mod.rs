//! Sums over all operations and balances of an asset, kept in the transaction of what changes them.

mod keep;
mod row;
mod tally;
mod total;

pub use keep::KeepSums;
pub use row::{Sum, SumKey, SumOf, day_of};
pub use tally::{Tallied, Tally};
pub use total::Total;
