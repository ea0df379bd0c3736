//! What is asked for in a new operation.

use evidence::time::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::row::OperationKind;
use super::transactions::{OnChain, Transactions};
use crate::custody::chain::{self, OutputKey};
use crate::custody::{Account, Amount};

/// Most operations in a request.
pub const OPERATIONS_MAX: usize = 1_000;

/// Longest reference, in characters.
pub const REFERENCE_LEN_MAX: usize = 200;

/// Longest metadata, in bytes of canonical JSON.
pub const METADATA_LEN_MAX: usize = 4_096;

/// The request that an operation came with, where that brought an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Id of the request's first operation.
    pub first: Uuid,
    /// SHA-256 of the request's body in canonical form.
    pub digest: [u8; 32],
}

/// Makes an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOperation {
    /// The caller's own id for it: the same id with the same content is the same operation.
    pub id: Option<Uuid>,
    /// What sort.
    pub kind: OperationKind,
    /// What is debited.
    pub debit: Account,
    /// What is credited; of the same asset.
    pub credit: Account,
    /// How much. Zero only for what a chain reports.
    pub amount: Amount,
    /// Whether it waits for another step; a withdrawal always does.
    pub waits: bool,
    /// From when a waiting one no longer holds anything.
    pub expires_at: Option<Timestamp>,
    /// The operation that it reverses.
    pub reverses: Option<Uuid>,
    /// Where a withdrawal goes.
    pub destination: Option<Uuid>,
    /// The approval to use.
    pub approval: Option<Uuid>,
    /// The chain of its transaction.
    pub chain: Option<String>,
    /// The hash of its transaction.
    pub tx_hash: Option<String>,
    /// Which output of the transaction.
    pub output: Option<u64>,
    /// The height of the block.
    pub block: Option<u64>,
    /// Blocks on it.
    pub confirmations: Option<u64>,
    /// Its transactions beside that one.
    pub transactions: Vec<OnChain>,
    /// Why an output that was credited and reversed is credited again.
    pub evidence: Option<String>,
    /// The caller's own words.
    pub reference: Option<String>,
    /// The caller's own data, as canonical JSON.
    pub metadata: Option<String>,
    /// The request that it came with.
    pub request: Option<Request>,
    /// Users whose balance is not open yet, as far as the caller could see.
    pub opens: Vec<Uuid>,
}

impl CreateOperation {
    /// A plain operation of this kind.
    pub fn new(kind: OperationKind, debit: Account, credit: Account, amount: Amount) -> CreateOperation {
        CreateOperation {
            id: None,
            kind,
            debit,
            credit,
            amount,
            waits: kind == OperationKind::Withdrawal,
            expires_at: None,
            reverses: None,
            destination: None,
            approval: None,
            chain: None,
            tx_hash: None,
            output: None,
            block: None,
            confirmations: None,
            transactions: Vec::new(),
            evidence: None,
            reference: None,
            metadata: None,
            request: None,
            opens: Vec::new(),
        }
    }

    /// What it asks for, as an approval is bound to it: everything but its id, its approval and its request. Whose the
    /// balances are is said too: one that is not open yet is nowhere to be looked up.
    pub fn arguments(&self) -> String {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        put("kind", Some(self.kind.as_str().into()));
        put("asset", Some(self.debit.asset.to_string().into()));
        put("debit", Some(self.debit.id().to_string().into()));
        put("credit", Some(self.credit.id().to_string().into()));
        put("debit_account", Some(self.debit.words().into()));
        put("credit_account", Some(self.credit.words().into()));
        put("amount", Some(self.amount.to_string().into()));
        put("pending", self.waits.then_some(true.into()));
        put("expires_at", self.expires_at.map(|time| time.to_string().into()));
        put("reverses", self.reverses.map(|id| id.to_string().into()));
        put("destination", self.destination.map(|id| id.to_string().into()));
        put("chain", self.chain.clone().map(Into::into));
        put("tx_hash", self.canonical_hash().map(Into::into));
        put("output", self.output.map(Into::into));
        let further = (!self.transactions.is_empty()).then(|| Transactions::canonical(&self.transactions));
        put("transactions", further.map(Transactions::bound_value));
        put("evidence", self.evidence.clone().map(Into::into));
        put("reference", self.reference.clone().map(Into::into));
        put("metadata", self.metadata.clone().map(Into::into));
        evidence::json::canonical(&Value::Object(members))
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
