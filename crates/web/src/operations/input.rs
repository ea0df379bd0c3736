//! Operations as requests bring them, read straight into their type.

use domain::custody::OperationKind;
use domain::custody::chain::{CHAIN_LEN_MAX, TX_HASH_LEN_MAX};
use domain::custody::operation::{REFERENCE_LEN_MAX, TRANSACTIONS_MAX};
use engine::custody::{NewOperation, TransactionInput};
use evidence::Timestamp;
use evidence::json::{StrictObject, objects_or_null};
use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error};

use super::steps::REMARK_LEN_MAX;
use super::transactions::{self, Further};
use crate::call::Call;
use crate::custody::{self, ACCOUNT_LEN_MAX, CHAIN, Decimal, NAMED_LEN_MAX};
use crate::id::Id;
use crate::problem::Problem;

/// An operation to be made.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewOperation")]
pub(crate) struct Input {
    /// Your own id, best a UUIDv7; not with `Idempotency-Key`.
    pub id: Option<Id>,
    #[serde(deserialize_with = "kind")]
    #[schemars(with = "OperationKind")]
    kind: OperationKind,
    /// Code or id; not needed where a balance is named by its id.
    #[schemars(length(min = 1, max = NAMED_LEN_MAX))]
    asset: Option<String>,
    amount: Option<Decimal>,
    /// What is debited: `user:` or `house:` with a name, or the id of a balance.
    #[schemars(length(max = ACCOUNT_LEN_MAX))]
    debit: Option<String>,
    /// What is credited, named the same way.
    #[schemars(length(max = ACCOUNT_LEN_MAX))]
    credit: Option<String>,
    /// Whether it waits for another step; a withdrawal always does.
    pending: Option<bool>,
    expires_at: Option<Timestamp>,
    /// The operation that a reversal undoes: amount and sides follow from it.
    reverses: Option<Id>,
    /// Where a user's withdrawal goes.
    destination: Option<Id>,
    /// The approval to use, where one is needed.
    approval: Option<Id>,
    /// The asset's own chain unless given.
    #[schemars(length(min = 1, max = CHAIN_LEN_MAX), regex(pattern = CHAIN))]
    chain: Option<String>,
    /// In any case, with or without `0x`: it is stored in the chain's own form. Blanks are refused.
    #[schemars(length(min = 1, max = TX_HASH_LEN_MAX))]
    tx_hash: Option<String>,
    #[schemars(range(max = i64::MAX))]
    output: Option<u64>,
    #[schemars(range(max = i64::MAX))]
    block: Option<u64>,
    #[schemars(range(max = i64::MAX))]
    confirmations: Option<u64>,
    /// Its transactions beside that one.
    #[schemars(length(max = TRANSACTIONS_MAX))]
    #[serde(default, deserialize_with = "objects_or_null")]
    transactions: Option<Vec<Further>>,
    /// Why an output that was credited and reversed is credited again; with the approval of somebody else.
    #[schemars(length(min = 1, max = REMARK_LEN_MAX))]
    evidence: Option<String>,
    #[schemars(length(min = 1, max = REFERENCE_LEN_MAX))]
    reference: Option<String>,
    /// Your own data: at most 4,096 bytes of canonical JSON.
    metadata: Option<StrictObject>,
    /// Of an array: whether it stands or falls with the next one.
    linked: Option<bool>,
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OperationKind, D::Error> {
    let word = String::deserialize(deserializer)?;
    OperationKind::read("kind", &word).map_err(|error| D::Error::custom(error.message))
}

impl Input {
    /// What the engine is asked for.
    pub fn asked(self, call: &Call) -> Result<NewOperation, Problem> {
        let account = |text: Option<String>| text.map(|text| custody::account(call, text)).transpose();
        Ok(NewOperation {
            id: self.id.map(|id| id.0),
            kind: self.kind,
            asset: self.asset,
            amount: self.amount.map(|amount| amount.0),
            debit: account(self.debit)?,
            credit: account(self.credit)?,
            pending: self.pending,
            expires_at: self.expires_at,
            reverses: self.reverses.map(|id| id.0),
            destination: self.destination.map(|id| id.0),
            approval: self.approval.map(|id| id.0),
            transaction: TransactionInput {
                chain: self.chain,
                tx_hash: self.tx_hash,
                output: self.output,
                block: self.block,
                confirmations: self.confirmations,
                further: transactions::asked(self.transactions.unwrap_or_default()),
            },
            evidence: self.evidence,
            reference: self.reference,
            metadata: self.metadata,
            linked: self.linked.unwrap_or_default(),
            by_name: custody::by_name(call)?,
        })
    }
}
