//! What a step says of its operation's transaction.

use crate::custody::chain::{OutputKey, canonical_hash, check_chain};
use crate::custody::operation::Operation;
use crate::custody::operation::transactions::{OnChain, Transactions, check_counts};
use crate::refusal::FieldError;

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

    /// Checks it, as said of this operation.
    pub(super) fn check(&self, before: &Operation) -> Result<(), FieldError> {
        check_counts(self.output, self.block, self.confirmations)?;
        self.chain.as_deref().map_or(Ok(()), check_chain)?;
        let after = self.on(before);
        // What is known already stays as it was spelt, before there was a rule.
        let new = after.tx_hash != before.tx_hash;
        if let Some(hash) = self.tx_hash.as_ref().filter(|_| new) {
            canonical_hash(after.chain.as_deref().unwrap_or_default(), hash)?;
        }
        let further = self.further.as_deref().unwrap_or_default();
        Transactions::check(further, after.first_output().as_ref())?;
        if after.tx_hash.is_some() != after.chain.is_some() {
            return Err(FieldError::new("tx_hash", "chain and tx_hash go together"));
        }
        if after.tx_hash.is_none() && (after.output.is_some() || after.block.is_some()) {
            return Err(FieldError::new(
                "output",
                "output and block belong to a transaction: give chain and tx_hash",
            ));
        }
        Ok(())
    }

    /// The operation with what is newly known of it.
    pub(super) fn on(&self, before: &Operation) -> Operation {
        let before = before.clone();
        let chain = self.chain.clone().or(before.chain.clone());
        let spelt = chain.as_deref().unwrap_or_default();
        let canonical = |hash: &String| canonical_hash(spelt, hash).unwrap_or_else(|_| hash.clone());
        let tx_hash = self.tx_hash.as_ref().map(canonical);
        let tx_hash = tx_hash.or(before.tx_hash.clone());
        let key = |chain: &Option<String>, hash: &Option<String>| {
            let (chain, hash) = chain.as_deref().zip(hash.as_deref())?;
            Some(OutputKey::of(chain, hash, None))
        };
        // The same transaction spelt otherwise stays as it was spelt.
        let (chain, tx_hash) = if key(&chain, &tx_hash) == key(&before.chain, &before.tx_hash) {
            (before.chain.clone(), before.tx_hash.clone())
        } else {
            (chain, tx_hash)
        };
        let further = self.further.as_deref().map(Transactions::canonical);
        Operation {
            chain,
            tx_hash,
            transactions: further
                .map_or(before.transactions.clone(), Some)
                .filter(|further| !further.0.is_empty()),
            output: self.output.or(before.output),
            block: self.block.or(before.block),
            confirmations: self.confirmations.or(before.confirmations),
            ..before
        }
    }
}
