//! The row of an operation.

use evidence::time::Timestamp;
use uuid::Uuid;

use super::transactions::{OnChain, Transactions};
use crate::custody::Amount;
use crate::custody::chain::OutputKey;
use crate::{record, words};

/// Longest error, evidence or reason, in characters.
pub const REMARK_LEN_MAX: usize = 1_000;

words! {
    /// What sort of operation.
    OperationKind {
        /// From the world outside to a user or a house account.
        Deposit = "deposit",
        /// From a user to a destination in the world outside.
        Withdrawal = "withdrawal",
        /// Between users and house accounts.
        Transfer = "transfer",
        /// Something new, from the external balance.
        Mint = "mint",
        /// Something gone, to the external balance.
        Burn = "burn",
        /// A completed operation undone.
        Reversal = "reversal",
    }
}

words! {
    /// Where an operation stands.
    OperationStatus {
        /// Waiting: its amount is held.
        Pending = "pending",
        /// On its way outside: its amount is held.
        Processing = "processing",
        /// Done: the amount has moved.
        Completed = "completed",
        /// Did not happen: nothing moved.
        Failed = "failed",
        /// Given up or expired before anything moved.
        Cancelled = "cancelled",
        /// Sent, and its fate not known: its amount is held, and nothing sends it again.
        Unknown = "unknown",
    }
}

record! {
    /// An operation. One that carries a movement (`debit_posted`) is final and never changes again.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Operation in "operations" {
        /// Id.
        pub id: id,
        /// What sort.
        pub kind: OperationKind [fixed],
        /// Where it stands; whether a pending one has expired is a matter of the clock.
        pub status: OperationStatus,
        /// The asset.
        pub asset_id: Uuid [fixed],
        /// The balance that the amount is taken from.
        pub debit_id: Uuid [fixed],
        /// The balance that the amount is given to.
        pub credit_id: Uuid [fixed],
        /// How much.
        pub amount: Amount [fixed],
        /// True where it was made to wait for another step.
        pub waits: Option<bool> [sparse] [fixed],
        /// What it holds of the debit balance.
        pub held: Amount,
        /// What was captured of a pending transfer so far, each part an operation of its own.
        pub captured: Option<Amount> [sparse],
        /// Posted of the debit balance after the movement.
        pub debit_posted: Option<Amount> [sparse],
        /// Posted of the credit balance after the movement.
        pub credit_posted: Option<Amount> [sparse],
        /// The pending transfer that this is a capture of.
        pub parent_id: Option<Uuid> [sparse] [fixed],
        /// The operation that had its output before, and came to nothing or was reversed.
        pub replaces_id: Option<Uuid> [sparse] [added],
        /// The operation that this is the reversal of.
        pub reverses_id: Option<Uuid> [sparse] [fixed],
        /// The first operation of the linked chain that this is one of.
        pub link_id: Option<Uuid> [sparse] [fixed],
        /// Where a withdrawal goes.
        pub destination_id: Option<Uuid> [sparse] [fixed],
        /// The approval that was used for it.
        pub approval_id: Option<Uuid> [sparse],
        /// The chain of its transaction.
        pub chain: Option<String> [sparse],
        /// The hash of its transaction, as the chain writes it; as it was sent, where there was no rule yet.
        pub tx_hash: Option<String> [sparse],
        /// Which output of the transaction, from 0.
        pub output: Option<u64> [sparse],
        /// The height of the transaction's block.
        pub block: Option<u64> [sparse],
        /// How many blocks were on it when it was last looked at.
        pub confirmations: Option<u64> [sparse],
        /// Its transactions beside that one.
        pub transactions: Option<Transactions> [sparse] [added],
        /// Why it failed, was cancelled or released.
        pub error: Option<String> [sparse],
        /// What shows how an operation of unknown fate ended, or why an output is credited again.
        pub evidence: Option<String> [sparse],
        /// The balance whose tier's limits it counts against.
        pub limited_id: Option<Uuid> [sparse] [fixed],
        /// SHA-256 of the request that it came with, where that brought an `Idempotency-Key`.
        pub request: Option<Vec<u8>> [sparse] [fixed],
        /// The caller's own words for it.
        pub reference: Option<String> [sparse] [fixed],
        /// The caller's own data, as canonical JSON.
        pub metadata: Option<String> [sparse] [fixed],
        /// The user who asked for it; none for someone on the server's own machine.
        pub created_by: Option<Uuid> [sparse] [fixed],
        /// When it was made.
        pub created_at: Timestamp [fixed],
        /// When it was last changed.
        pub updated_at: Timestamp,
        /// From when a pending one no longer holds anything.
        pub expires_at: Option<Timestamp> [sparse] [fixed],
    }
}

impl OperationStatus {
    /// Whether nothing can change any more.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            OperationStatus::Completed | OperationStatus::Failed | OperationStatus::Cancelled
        )
    }
}

impl Operation {
    /// Whether it is pending and past its time.
    pub fn is_due(&self, now: Timestamp) -> bool {
        is_due(self.status, self.expires_at, now)
    }

    /// Whether its time ended it, written down or not.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.is_due(now) || self.was_expired()
    }

    /// Whether it is written down that its time ended it.
    pub(super) fn was_expired(&self) -> bool {
        let by_time = self.expires_at.is_some() && self.error.as_deref() == Some(EXPIRED);
        by_time && self.status.is_final()
    }

    /// The operation as the clock has it: past its time it holds nothing, written down or not.
    #[must_use]
    pub fn as_of(self, now: Timestamp) -> Operation {
        if self.is_due(now) {
            expired(&self, self.updated_at)
        } else {
            self
        }
    }

    /// Where it stands at a moment: the clock decides, whether or not the expiry was recorded.
    pub fn status_at(&self, now: Timestamp) -> OperationStatus {
        status_at(self.status, self.captured, self.expires_at, now)
    }

    /// Whether it counts against a limit: what failed or was cancelled does not.
    pub fn counts(&self) -> bool {
        !matches!(self.status, OperationStatus::Failed | OperationStatus::Cancelled)
    }
}

/// The error of an operation that its time ended.
pub(super) const EXPIRED: &str = "expired";

/// Whether an operation is pending and past its time.
pub(super) fn is_due(status: OperationStatus, expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    status == OperationStatus::Pending && expires_at.is_some_and(|expires| expires <= now)
}

/// Where an operation stands at a moment: the clock decides, whether or not the expiry was recorded.
pub fn status_at(
    stored: OperationStatus,
    captured: Option<Amount>,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> OperationStatus {
    if is_due(stored, expires_at, now) {
        ends_as(captured)
    } else {
        stored
    }
}

/// What its time makes of an operation: cancelled, or completed where parts of it were captured.
fn ends_as(captured: Option<Amount>) -> OperationStatus {
    if captured.is_some_and(Amount::is_positive) {
        OperationStatus::Completed
    } else {
        OperationStatus::Cancelled
    }
}

/// An operation once its time has passed.
pub(super) fn expired(operation: &Operation, now: Timestamp) -> Operation {
    Operation {
        status: ends_as(operation.captured),
        held: Amount::ZERO,
        error: Some(EXPIRED.to_owned()),
        updated_at: now,
        ..operation.clone()
    }
}

impl Operation {
    /// The output of its first transaction.
    pub fn first_output(&self) -> Option<OutputKey> {
        let (chain, tx_hash) = (self.chain.as_deref()?, self.tx_hash.as_deref()?);
        Some(OutputKey::of(chain, tx_hash, self.output))
    }

    /// The outputs that it names.
    pub fn outputs(&self) -> Vec<OutputKey> {
        let further = self.transactions.iter().flat_map(|list| &list.0);
        let first = self.first_output();
        first.into_iter().chain(further.map(OnChain::key)).collect()
    }

    /// Whether it came to nothing, so that what it names is free again.
    pub fn is_void(&self, now: Timestamp) -> bool {
        matches!(
            self.status_at(now),
            OperationStatus::Failed | OperationStatus::Cancelled
        )
    }
}
