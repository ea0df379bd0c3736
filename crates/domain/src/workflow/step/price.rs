//! What tokens cost by the operator's file of prices.

use std::collections::BTreeMap;

use super::{Cost, Usage};

/// What a million tokens of a model cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Read by the model, and neither from the cache nor into it.
    pub input: Cost,
    /// Written by the model, and not for reasoning.
    pub output: Cost,
    /// Read from the provider's cache.
    pub cache_read: Cost,
    /// Read into the provider's cache.
    pub cache_write: Cost,
    /// Written for reasoning.
    pub reasoning: Cost,
}

/// Prices as a file says them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// SHA-256 of the file, in hexadecimal digits.
    pub file: String,
    /// By provider and model.
    pub of: BTreeMap<String, BTreeMap<String, Price>>,
}

impl Prices {
    /// What a model's tokens cost; none where the file has no price of it.
    pub(super) fn cost(&self, provider: &str, model: &str, usage: &Usage) -> Option<Cost> {
        self.of.get(provider)?.get(model)?.cost(usage)
    }
}

impl Price {
    /// What so many tokens cost: added up exactly, then rounded once to twelve digits, half a unit up. None where nothing is
    /// said of tokens, or where it is more than a step can cost.
    fn cost(&self, usage: &Usage) -> Option<Cost> {
        if *usage == Usage::default() {
            return None;
        }
        let count = |tokens: Option<u64>| i128::from(tokens.unwrap_or(0));
        let (read, write) = (count(usage.cache_read), count(usage.cache_write));
        let reasoning = count(usage.reasoning);
        let parts = [
            ((count(usage.input) - read - write).max(0), self.input),
            ((count(usage.output) - reasoning).max(0), self.output),
            (read, self.cache_read),
            (write, self.cache_write),
            (reasoning, self.reasoning),
        ];
        let sum: i128 = parts.iter().map(|(tokens, price)| tokens * price.units()).sum();
        Cost::of_units((sum + 500_000) / 1_000_000)
    }
}
