//! Operations as requests bring them, read straight into their type.

use std::fmt;

use domain::custody::OperationKind;
use domain::custody::chain::{CHAIN_LEN_MAX, TX_HASH_LEN_MAX};
use domain::custody::operation::{OPERATIONS_MAX, REFERENCE_LEN_MAX, TRANSACTIONS_MAX};
use engine::custody::{NewOperation, TransactionInput};
use evidence::Timestamp;
use evidence::json::StrictObject;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use super::steps::REMARK_LEN_MAX;
use super::transactions::{self, Further};
use crate::call::Call;
use crate::custody::{self, ACCOUNT_LEN_MAX, CHAIN, Decimal, NAMED_LEN_MAX};
use crate::id::Id;
use crate::listed::listed;
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
    /// What is debited.
    #[schemars(length(max = ACCOUNT_LEN_MAX))]
    debit: Option<String>,
    /// What is credited.
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

/// An array of operations. Beyond the bound they are counted, but not kept: a small body could hold very many.
pub(super) struct List {
    pub operations: Vec<Input>,
    pub length: usize,
}

impl List {
    /// Its schema.
    pub fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = generator.subschema_for::<Input>();
        json_schema!({"type": "array", "minItems": 1, "maxItems": OPERATIONS_MAX, "items": items})
    }

    /// The operations, of which there must be some and not too many.
    pub fn within_bounds(self) -> Result<Vec<Input>, Problem> {
        if (1..=OPERATIONS_MAX).contains(&self.length) {
            return Ok(self.operations);
        }
        let detail = format!(
            "a request holds 1 to {OPERATIONS_MAX} operations, not {}",
            self.length
        );
        Err(Problem::of(listed(&domain::code::TOO_MANY_OPERATIONS), detail))
    }
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
