//! Operations: every movement of an asset, and what is planned, held or on its way.

pub mod asked;
pub mod create;
mod expire;
mod input;
mod known;
pub mod limits;
mod linked;
mod movement;
mod new;
mod outputs;
pub(crate) mod replay;
pub mod results;
mod row;
pub mod steps;
#[cfg(test)]
pub(crate) mod tests;
mod threshold;
mod transactions;
mod unmade;

pub use asked::Step;
pub use expire::ExpireOperations;
pub(crate) use expire::due;
pub use known::Operations;
pub use linked::CreateLinked;
pub use new::{CreateOperation, METADATA_LEN_MAX, OPERATIONS_MAX, REFERENCE_LEN_MAX, Request};
pub use row::{Operation, OperationKind, OperationStatus, REMARK_LEN_MAX, status_at};
pub use steps::{StepOperation, Transaction};
pub use transactions::{ChainOutput, OnChain, TRANSACTIONS_MAX, Transactions};
