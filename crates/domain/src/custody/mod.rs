//! Custody: assets, balances, operations, KYC and destinations.
//!
//! Amounts are whole numbers of an asset's smallest unit. Every movement takes an amount from one balance, its debit,
//! and gives it to another, its credit, so the balances of an asset always sum to zero: what users and the house own
//! is what the asset's external balance owes.

pub mod amount;
pub mod asset;
pub mod balance;
pub mod chain;
pub mod destination;
pub mod kyc;
pub mod operation;
pub mod rules;
pub mod sum;
pub(crate) mod whose;

pub use amount::{AMOUNT_MAX, Amount, AmountError, SCALE_MAX};
pub use asset::Asset;
pub use balance::{Account, Balance, House, Owner};
pub use operation::{Operation, OperationKind, OperationStatus};
pub use rules::CustodyRules;
