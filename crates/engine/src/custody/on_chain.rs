//! What goes without saying of transactions: the asset's own chain, and the hash that an operation names already.

use domain::custody::operation::{OnChain, Step};
use domain::custody::{Asset, Operation};

/// Transactions with the asset's own chain, where they name none.
pub(super) fn with_chain(mut further: Vec<OnChain>, asset: &Asset) -> Vec<OnChain> {
    if let Some(own) = &asset.chain {
        let unnamed = further.iter_mut().filter(|one| one.chain.is_empty());
        unnamed.for_each(|one| one.chain.clone_from(own));
    }
    further
}

/// A step with the asset's own chain, where a transaction is named without one.
pub(super) fn with_transaction(mut step: Step, row: &Operation, asset: &Asset) -> Step {
    let Some(transaction) = step.transaction_mut() else {
        return step;
    };
    transaction.further = transaction
        .further
        .take()
        .map(|further| with_chain(further, asset));
    if transaction.tx_hash.is_some() && row.chain.is_none() {
        transaction.chain = transaction.chain.take().or_else(|| asset.chain.clone());
    }
    // Another output or chain of the same transaction: whose that is, is looked up by its hash.
    if transaction.tx_hash.is_none() && (transaction.output.is_some() || transaction.chain.is_some()) {
        transaction.tx_hash.clone_from(&row.tx_hash);
    }
    step
}
