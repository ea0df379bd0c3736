//! What can be asked of an operation that is there.

use uuid::Uuid;

use super::outputs::OnChain;
use crate::action::{self, Action};
use crate::custody::{Account, Amount};

/// What is known of an operation's transaction. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// The chain.
    pub chain: Option<String>,
    /// Its hash.
    pub tx_hash: Option<String>,
    /// Which output.
    pub output: Option<u64>,
    /// The height of its block.
    pub block: Option<u64>,
    /// Blocks on it.
    pub confirmations: Option<u64>,
    /// The transactions beside it: all of them, in the place of those that were known.
    pub further: Option<Vec<OnChain>>,
}

impl Transaction {
    /// The hashes that it names.
    pub fn hashes(&self) -> impl Iterator<Item = &str> {
        let further = self.further.iter().flatten();
        self.tx_hash
            .as_deref()
            .into_iter()
            .chain(further.map(|one| &*one.tx_hash))
    }
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// What is newly known of the transaction.
    Report(Transaction),
    /// Begins: it is being sent. With the approval to use, where the amount needs one.
    Start {
        /// What is known of the transaction.
        transaction: Transaction,
        /// The approval to use.
        approval: Option<Uuid>,
    },
    /// It happened: the amount moves.
    Complete(Transaction),
    /// It did not happen.
    Fail {
        /// Why.
        error: String,
    },
    /// It is given up before it was begun.
    Cancel {
        /// Why.
        reason: Option<String>,
    },
    /// It was sent, and what became of it is not known.
    MarkUnknown {
        /// What happened.
        error: String,
    },
    /// What became of one whose fate was not known.
    Resolve {
        /// Whether it happened.
        completed: bool,
        /// What shows it.
        evidence: String,
        /// What is known of the transaction.
        transaction: Transaction,
        /// The approval to use.
        approval: Option<Uuid>,
    },
    /// Moves a part of what a pending transfer holds, or all of it.
    Capture {
        /// The id of the capture, an operation of its own.
        id: Option<Uuid>,
        /// How much; all that is held otherwise.
        amount: Option<Amount>,
    },
    /// Ends a pending transfer: what it still holds is free again.
    Release {
        /// Why.
        reason: Option<String>,
    },
}

impl Step {
    /// The verb.
    pub fn action(&self) -> &'static Action {
        match self {
            Step::Report(_) => &action::OPERATION_REPORT,
            Step::Start { .. } => &action::OPERATION_START,
            Step::Complete(_) => &action::OPERATION_COMPLETE,
            Step::Fail { .. } => &action::OPERATION_FAIL,
            Step::Cancel { .. } => &action::OPERATION_CANCEL,
            Step::MarkUnknown { .. } => &action::OPERATION_MARK_UNKNOWN,
            Step::Resolve { .. } => &action::OPERATION_RESOLVE,
            Step::Capture { .. } => &action::OPERATION_CAPTURE,
            Step::Release { .. } => &action::OPERATION_RELEASE,
        }
    }

    /// What it says of the transaction.
    pub fn transaction(&self) -> Option<&Transaction> {
        match self {
            Step::Report(transaction)
            | Step::Complete(transaction)
            | Step::Start { transaction, .. }
            | Step::Resolve { transaction, .. } => Some(transaction),
            _ => None,
        }
    }

    /// The approval that it uses.
    pub fn approval(&self) -> Option<Uuid> {
        match self {
            Step::Start { approval, .. } | Step::Resolve { approval, .. } => *approval,
            _ => None,
        }
    }
}

/// Takes a step of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOperation {
    /// The operation.
    pub operation: Uuid,
    /// Its debit balance, which never changes.
    pub debit: Account,
    /// Its credit balance, which never changes.
    pub credit: Account,
    /// Where it goes, which never changes.
    pub destination: Option<Uuid>,
    /// Its version, where the step depends on it.
    pub version: Option<u64>,
    /// The step.
    pub step: Step,
}

impl StepOperation {
    /// What it asks for, as an approval is bound to it.
    pub fn arguments(&self) -> String {
        let mut members = serde_json::json!({"operation": self.operation.to_string()});
        if let Step::Resolve {
            completed, evidence, ..
        } = &self.step
        {
            members["outcome"] = if *completed { "completed" } else { "failed" }.into();
            members["evidence"] = evidence.as_str().into();
        }
        evidence::json::canonical(&members)
    }
}
