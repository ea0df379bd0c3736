//! Transactions of an operation beside its first one, as requests bring them and as answers show them.

use domain::custody::operation::{OnChain, Transactions};
use serde::{Deserialize, Serialize};

/// One as a request brings it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Further {
    /// The chain; the asset's own otherwise.
    #[serde(default)]
    chain: String,
    tx_hash: String,
    output: Option<u64>,
    block: Option<u64>,
    confirmations: Option<u64>,
}

impl From<Further> for OnChain {
    fn from(further: Further) -> OnChain {
        OnChain {
            chain: further.chain,
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

/// One as answers show it.
#[derive(Serialize)]
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
