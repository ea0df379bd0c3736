//! Custody and approvals as a caller uses them: names become ids here, decimals become amounts, and the rest is handed
//! to the Writer.
//!
//! [`names`] finds assets and balances, [`known`] remembers them, [`operations`] makes operations and carries them on, [`outcomes`] says what
//! came of each of a list; [`read`], [`newest`], [`show`], [`kyc`] and [`approvals`] are everything that only looks, [`subject`] says what an approval is about, [`table`] writes statements as CSV; [`rules`] checks the
//! configuration against the assets, [`sweep`] writes down what the clock has already decided, [`waiting`] waits for a decision, [`evidence`] puts together what proves an approval, [`import`] takes deposits from a file.

mod approvals;
mod evidence;
pub mod import;
mod known;
mod kyc;
mod names;
mod newest;
mod on_chain;
mod operations;
mod outcomes;
mod read;
mod rules;
mod show;
mod subject;
pub(crate) mod sums;
mod sweep;
mod table;
mod waiting;

pub use approvals::{ApprovalView, Proposal, approval_in_status, approval_with_outcome};
pub use import::{DepositsProgress, DepositsReport};
pub use known::Names;
pub use kyc::{KycView, kyc_in_status};
pub use names::amount;
pub(crate) use newest::Newest;
pub use operations::{NewOperation, NewStep, OperationId, StepKind, TransactionInput};
pub use outcomes::{Made, StepOutcome};
pub use read::{BalanceState, OperationView, Statement, StatementLine};
pub use show::{Named, named};
pub use subject::{Side, Subject, Viewer};
pub use sums::{Figures, Supply};
pub use sweep::Swept;
pub(crate) use sweep::start as start_sweeper;
pub use table::STATEMENT_COLUMNS;
