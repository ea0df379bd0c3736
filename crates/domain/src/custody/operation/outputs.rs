//! Outputs of transactions: which an operation is of, and whose an output is now.
//!
//! Each time an operation begins to name an output, it claims it: a row of its own, never changed, whose id follows from
//! the output and the number of the claim. So two transactions that claim the same output at once make the same row, and
//! one of them fails. Whether an output is free follows from the operations that name it, and from the clock.

use evidence::time::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{CreateOperation, Operation, OperationKind, OperationStatus};
use crate::change::Change;
use crate::custody::chain::{self, OutputKey};
use crate::facts::Facts;
use crate::record;
use crate::record::{Field, Kind, Sealed, Val};
use crate::refusal::{FieldError, Refusal, RefusalKind};

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
        super::input::check_counts(self.output, self.block, self.confirmations)?;
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

impl CreateOperation {
    /// The output of its first transaction.
    pub(super) fn first_output(&self) -> Option<OutputKey> {
        let (chain, tx_hash) = (self.chain.as_deref()?, self.tx_hash.as_deref()?);
        Some(OutputKey::of(chain, tx_hash, self.output))
    }

    /// The outputs that it names.
    pub fn outputs(&self) -> Vec<OutputKey> {
        let further = self.transactions.iter().map(OnChain::key);
        self.first_output().into_iter().chain(further).collect()
    }

    /// The hash of its first transaction as it is stored; one that cannot be stays as it is, for it is refused.
    pub(super) fn canonical_hash(&self) -> Option<String> {
        let hash = self.tx_hash.as_deref()?;
        let chain = self.chain.as_deref().unwrap_or_default();
        Some(chain::canonical_hash(chain, hash).unwrap_or_else(|_| hash.to_owned()))
    }
}

impl Operation {
    /// The output of its first transaction.
    pub fn first_output(&self) -> Option<OutputKey> {
        let (chain, tx_hash) = (self.chain.as_deref()?, self.tx_hash.as_deref()?);
        Some(OutputKey::of(chain, tx_hash, self.output))
    }

    /// The outputs that it names.
    pub fn outputs(&self) -> Vec<OutputKey> {
        let further = self.transactions.iter().flat_map(|list| &list.0);
        let first = self.first_output();
        first.into_iter().chain(further.map(OnChain::key)).collect()
    }

    /// Whether it came to nothing, so that what it names is free again.
    pub fn is_void(&self, now: Timestamp) -> bool {
        matches!(
            self.status_at(now),
            OperationStatus::Failed | OperationStatus::Cancelled
        )
    }
}

/// Whose an output is.
pub(super) enum Holder<'a> {
    /// Nobody's; the last operation that came to nothing with it, if there is one.
    Nobody(Option<Uuid>),
    /// Of an operation that was completed and reversed.
    Reversed(&'a Sealed<Operation>),
    /// Of an operation.
    Taken(&'a Sealed<Operation>),
}

/// Whose an output is now. That it was reversed is known only where reversals were asked for.
pub(super) fn holder<'a>(facts: &'a Facts, key: &OutputKey, now: Timestamp) -> Holder<'a> {
    let mut of: Vec<_> = facts.operations.of_output(key).collect();
    of.sort_unstable_by_key(|sealed| std::cmp::Reverse((sealed.row.created_at, sealed.row.id)));
    let reversed = |sealed: &Sealed<Operation>| facts.operations.reversal_of(sealed.row.id).is_some();
    let in_force = || of.iter().filter(|sealed| !sealed.row.is_void(now));
    if let Some(sealed) = in_force().find(|sealed| !reversed(sealed)) {
        return Holder::Taken(sealed);
    }
    match in_force().next() {
        Some(sealed) => Holder::Reversed(sealed),
        None => Holder::Nobody(of.first().map(|sealed| sealed.row.id)),
    }
}

/// Refuses to credit a transaction as a whole beside one of its outputs, or the other way round: both would be of the same
/// coins. What was reversed counts too: it is credited again by the name that it was credited by.
pub(super) fn check_overlap(
    facts: &Facts,
    key: &OutputKey,
    kind: OperationKind,
    now: Timestamp,
) -> Result<(), Refusal> {
    if !matches!(kind, OperationKind::Deposit | OperationKind::Mint) {
        return Ok(());
    }
    let whole = OutputKey {
        output: None,
        ..key.clone()
    };
    let counts = |sealed: &&Sealed<Operation>| sealed.row.kind == kind && !sealed.row.is_void(now);
    let other = if key.output.is_some() {
        facts.operations.of_output(&whole).find(counts)
    } else {
        let is_part =
            |part: &OutputKey| part.chain == key.chain && part.tx_hash == key.tx_hash && *part != whole;
        let mut all = facts.operations.values();
        all.find(|sealed| counts(sealed) && sealed.row.outputs().iter().any(is_part))
    };
    let Some(other) = other else { return Ok(()) };
    let message = format!(
        "operation {} is of transaction {} already, {} the number of an output",
        other.row.id,
        key.tx_hash,
        if key.output.is_some() { "without" } else { "with" }
    );
    Err(Refusal::new(RefusalKind::Conflict, "output_conflict", message).field("output"))
}

/// The refusal of an output that another operation is of.
pub(super) fn taken(key: &OutputKey, other: &Sealed<Operation>, field: &'static str, what: &str) -> Refusal {
    let message = format!(
        "operation {} is of this output of transaction {} already{what}",
        other.row.id, key.tx_hash
    );
    Refusal::new(RefusalKind::Conflict, "output_conflict", message).field(field)
}

/// Claims what an operation names and did not name before.
pub(super) fn claim(change: &mut Change<'_>, facts: &Facts, before: Option<&Operation>, after: &Operation) {
    let before = before.map(Operation::outputs).unwrap_or_default();
    for key in after.outputs() {
        if before.contains(&key) {
            continue;
        }
        let mut number = 1;
        while facts.chain_outputs.contains_key(&key.claim_id(number)) {
            number += 1;
        }
        change.insert(ChainOutput {
            id: key.claim_id(number),
            chain: key.chain,
            tx_hash: key.tx_hash,
            output: key.output,
            number,
            operation_id: after.id,
        });
    }
}
