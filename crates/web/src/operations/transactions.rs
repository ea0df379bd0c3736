//! Transactions of an operation beside its first one, as requests bring them.

use domain::custody::chain::{CHAIN_LEN_MAX, TX_HASH_LEN_MAX};
use domain::custody::operation::OnChain;
use schemars::JsonSchema;
use serde::Deserialize;

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
