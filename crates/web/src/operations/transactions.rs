//! Transactions of an operation beside its first one, as requests bring them and as answers show them.

use domain::custody::chain::{CHAIN_LEN_MAX, TX_HASH_LEN_MAX};
use domain::custody::operation::{OnChain, Transactions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::custody::CHAIN;

/// A transaction beside the first one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewTransaction")]
pub(super) struct Further {
    /// The asset's own chain unless given.
    #[schemars(length(min = 1, max = CHAIN_LEN_MAX), regex(pattern = CHAIN))]
    chain: Option<String>,
    #[schemars(length(min = 1, max = TX_HASH_LEN_MAX))]
    tx_hash: String,
    #[schemars(range(max = i64::MAX))]
    output: Option<u64>,
    #[schemars(range(max = i64::MAX))]
    block: Option<u64>,
    #[schemars(range(max = i64::MAX))]
    confirmations: Option<u64>,
}

impl From<Further> for OnChain {
    fn from(further: Further) -> OnChain {
        OnChain {
            chain: further.chain.unwrap_or_default(),
            tx_hash: further.tx_hash,
            output: further.output,
            block: further.block,
            confirmations: further.confirmations,
        }
    }
}

/// All of them, as the engine is asked for them.
pub(super) fn asked(list: Vec<Further>) -> Vec<OnChain> {
    list.into_iter().map(Into::into).collect()
}

/// A transaction beside the first one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Transaction")]
pub(super) struct Shown<'a> {
    chain: &'a str,
    tx_hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmations: Option<u64>,
}

/// All of them, as answers show them.
pub(super) fn shown(list: &Transactions) -> Vec<Shown<'_>> {
    let shown = list.0.iter().map(|one| Shown {
        chain: &one.chain,
        tx_hash: &one.tx_hash,
        output: one.output,
        block: one.block,
        confirmations: one.confirmations,
    });
    shown.collect()
}
