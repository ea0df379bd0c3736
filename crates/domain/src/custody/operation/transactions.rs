//! Transactions that an operation names, and the rows that claim their outputs.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::custody::chain::{self, OutputKey};
use crate::record;
use crate::record::{Field, Kind, Val};
use crate::refusal::FieldError;

/// Most transactions of an operation beside its first one.
pub const TRANSACTIONS_MAX: usize = 8;

record! {
    /// A claim to an output of a transaction. It never changes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ChainOutput in "chain_outputs" {
        /// Id; follows from chain, hash, output and number.
        pub id: id,
        /// The chain by its one name.
        pub chain: String [fixed],
        /// The key of the transaction's hash: in lower case and without `0x`, where it is hexadecimal.
        pub tx_hash: String [fixed],
        /// Which output, from 0; none for the transaction as a whole.
        pub output: Option<u64> [sparse] [fixed],
        /// Counts the claims to the output from 1; the last one is in force.
        pub number: u64 [fixed],
        /// The operation that claims it.
        pub operation_id: Uuid [fixed],
    }
}

/// A transaction of an operation beside its first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnChain {
    /// The chain.
    pub chain: String,
    /// Its hash.
    pub tx_hash: String,
    /// Which output, from 0.
    pub output: Option<u64>,
    /// The height of its block.
    pub block: Option<u64>,
    /// Blocks on it.
    pub confirmations: Option<u64>,
}

/// The transactions of an operation beside its first one, stored as canonical JSON with numbers as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transactions(pub Vec<OnChain>);

impl OnChain {
    /// Its output.
    pub fn key(&self) -> OutputKey {
        OutputKey::of(&self.chain, &self.tx_hash, self.output)
    }

    fn to_value(&self) -> Value {
        let mut members = Map::new();
        members.insert("chain".to_owned(), self.chain.as_str().into());
        members.insert("tx_hash".to_owned(), self.tx_hash.as_str().into());
        let numbers = [
            ("output", self.output),
            ("block", self.block),
            ("confirmations", self.confirmations),
        ];
        // As texts: a JSON number is exact up to 2^53 only.
        for (name, number) in numbers {
            if let Some(number) = number {
                members.insert(name.to_owned(), number.to_string().into());
            }
        }
        Value::Object(members)
    }

    fn of_value(value: &Value) -> Option<OnChain> {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let number = |name: &str| match value.get(name) {
            None => Some(None),
            Some(text) => text.as_str()?.parse().ok().map(Some),
        };
        Some(OnChain {
            chain: text("chain")?,
            tx_hash: text("tx_hash")?,
            output: number("output")?,
            block: number("block")?,
            confirmations: number("confirmations")?,
        })
    }

    /// Checks it, and gives it as it is stored.
    fn checked(&self) -> Result<OnChain, FieldError> {
        check_counts(self.output, self.block, self.confirmations)?;
        chain::check_chain(&self.chain)?;
        Ok(OnChain {
            tx_hash: chain::canonical_hash(&self.chain, &self.tx_hash)?,
            ..self.clone()
        })
    }
}

impl Transactions {
    /// As canonical JSON.
    pub fn to_value(&self) -> Value {
        self.0.iter().map(OnChain::to_value).collect()
    }

    /// As an approval is bound to them: what grows on a chain is left out.
    pub(super) fn bound_value(self) -> Value {
        let bound = |one: OnChain| OnChain {
            block: None,
            confirmations: None,
            ..one
        };
        self.0.into_iter().map(|one| bound(one).to_value()).collect()
    }

    /// These as they are stored; those that cannot be stay as they are, for [`Transactions::check`] refuses them.
    pub(super) fn canonical(list: &[OnChain]) -> Transactions {
        let canonical = |one: &OnChain| one.checked().unwrap_or_else(|_| one.clone());
        Transactions(list.iter().map(canonical).collect())
    }

    /// Whether these are of the same outputs as what is stored.
    pub(super) fn same_outputs(&self, stored: Option<&Transactions>) -> bool {
        let stored = stored.map(|stored| &*stored.0).unwrap_or_default();
        let keys = |list: &[OnChain]| list.iter().map(OnChain::key).collect::<Vec<_>>();
        keys(&self.0) == keys(stored)
    }

    /// Checks each, and that none is named twice, nor beside itself.
    pub(super) fn check(list: &[OnChain], first: Option<&OutputKey>) -> Result<(), FieldError> {
        if list.len() > TRANSACTIONS_MAX {
            let message = format!("must be at most {TRANSACTIONS_MAX}, not {}", list.len());
            return Err(FieldError::new("transactions", message));
        }
        if first.is_none() && !list.is_empty() {
            let message = "are beside a first transaction: give chain and tx_hash";
            return Err(FieldError::new("transactions", message));
        }
        for (position, one) in list.iter().enumerate() {
            let within = |error: FieldError| error.within(&format!("transactions[{position}]"));
            one.checked().map_err(within)?;
            let key = one.key();
            if first == Some(&key) || list[..position].iter().any(|other| other.key() == key) {
                return Err(within(FieldError::new("tx_hash", "is named before")));
            }
        }
        Ok(())
    }
}

impl Field for Transactions {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        Val::Text(evidence::json::canonical(&self.to_value()))
    }

    fn of_val(value: Val) -> Result<Transactions, String> {
        let expected = || "expected a list of transactions as JSON".to_owned();
        let text = String::of_val(value)?;
        let list: Vec<Value> = serde_json::from_str(&text).map_err(|_| expected())?;
        let list = list.iter().map(OnChain::of_value).collect::<Option<Vec<_>>>();
        list.map(Transactions).ok_or_else(expected)
    }
}

/// Checks that the numbers of a transaction are ones that the database can count to.
pub(super) fn check_counts(
    output: Option<u64>,
    block: Option<u64>,
    confirmations: Option<u64>,
) -> Result<(), FieldError> {
    let numbers = [
        ("output", output),
        ("block", block),
        ("confirmations", confirmations),
    ];
    for (field, number) in numbers {
        if number.is_some_and(|number| i64::try_from(number).is_err()) {
            return Err(FieldError::new(field, "must be below 2^63"));
        }
    }
    Ok(())
}
