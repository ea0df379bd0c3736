//! Operations as requests bring them, read straight into their type.

use std::fmt;

use domain::custody::OperationKind;
use domain::custody::operation::create::OPERATIONS_MAX;
use engine::custody::{NewOperation, TransactionInput};
use evidence::Timestamp;
use evidence::json::StrictObject;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use super::transactions::{self, Further};
use crate::call::Call;
use crate::custody::{self, Decimal};
use crate::id::Id;
use crate::problem::Problem;

/// An operation as a request brings it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub id: Option<Id>,
    #[serde(deserialize_with = "kind")]
    kind: OperationKind,
    asset: Option<String>,
    amount: Option<Decimal>,
    debit: Option<String>,
    credit: Option<String>,
    pending: Option<bool>,
    expires_at: Option<Timestamp>,
    reverses: Option<Id>,
    destination: Option<Id>,
    approval: Option<Id>,
    chain: Option<String>,
    tx_hash: Option<String>,
    output: Option<u64>,
    block: Option<u64>,
    confirmations: Option<u64>,
    transactions: Option<Vec<Further>>,
    evidence: Option<String>,
    reference: Option<String>,
    metadata: Option<StrictObject>,
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

/// An array of operations. Beyond the bound they are counted, but not kept: a small body could hold very many.
pub(super) struct List {
    pub operations: Vec<Input>,
    pub length: usize,
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<List, D::Error> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = List;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of operations")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<List, A::Error> {
                let mut operations = Vec::new();
                while operations.len() < OPERATIONS_MAX {
                    let Some(operation) = access.next_element()? else {
                        break;
                    };
                    operations.push(operation);
                }
                let mut length = operations.len();
                while length >= OPERATIONS_MAX && access.next_element::<IgnoredAny>()?.is_some() {
                    length += 1;
                }
                Ok(List { operations, length })
            }
        }
        deserializer.deserialize_seq(Items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    #[test]
    fn a_list_beyond_the_bound_is_counted_but_not_kept() {
        for (count, kept) in [(0, 0), (1, 1), (1_000, 1_000), (1_001, 1_000), (5_000, 1_000)] {
            let text = format!("[{}]", vec![r#"{"kind":"transfer"}"#; count].join(","));
            let list: List = body::json(text.as_bytes()).unwrap_or_else(|problem| panic!("{problem:?}"));
            assert_eq!((list.length, list.operations.len()), (count, kept));
        }
    }
}
