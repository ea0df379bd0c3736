//! Operations as facts: by id, and by what decisions ask for them.

use std::collections::HashMap;

use evidence::time::Timestamp;
use uuid::Uuid;

use super::Operation;
use crate::record::Sealed;

/// Operations that a batch knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operations {
    by_id: HashMap<Uuid, Sealed<Operation>>,
    by_output: HashMap<(String, String, Option<u64>), Uuid>,
    by_reversed: HashMap<Uuid, Uuid>,
    expiring_by_debit: HashMap<Uuid, Vec<Uuid>>,
    by_limited: HashMap<Uuid, Vec<Uuid>>,
}

fn put_once(ids: &mut Vec<Uuid>, id: Uuid) {
    if !ids.contains(&id) {
        ids.push(id);
    }
}

/// The output that an operation is of: chain, hash and number.
fn output_of(row: &Operation) -> Option<(String, String, Option<u64>)> {
    Some((row.chain.clone()?, row.tx_hash.clone()?, row.output))
}

impl Operations {
    /// Takes in a version of an operation.
    pub fn insert(&mut self, sealed: Sealed<Operation>) {
        let row = &sealed.row;
        // What a transaction was replaced by is another output.
        let before = self.by_id.get(&row.id).and_then(|before| output_of(&before.row));
        if let Some(before) = before.filter(|before| output_of(row).as_ref() != Some(before))
            && self.by_output.get(&before) == Some(&row.id)
        {
            self.by_output.remove(&before);
        }
        if let Some(output) = output_of(row) {
            self.by_output.insert(output, row.id);
        }
        if let Some(reversed) = row.reverses_id {
            self.by_reversed.insert(reversed, row.id);
        }
        if row.expires_at.is_some() {
            put_once(self.expiring_by_debit.entry(row.debit_id).or_default(), row.id);
        }
        if let Some(limited) = row.limited_id {
            put_once(self.by_limited.entry(limited).or_default(), row.id);
        }
        self.by_id.insert(row.id, sealed);
    }

    /// The operation of this id.
    pub fn get(&self, id: &Uuid) -> Option<&Sealed<Operation>> {
        self.by_id.get(id)
    }

    /// All of them, in no order.
    pub fn values(&self) -> impl Iterator<Item = &Sealed<Operation>> {
        self.by_id.values()
    }

    /// The operation that reported this output of a transaction.
    pub fn of_output(&self, chain: &str, tx_hash: &str, output: Option<u64>) -> Option<&Sealed<Operation>> {
        let key = (chain.to_owned(), tx_hash.to_owned(), output);
        self.by_id.get(self.by_output.get(&key)?)
    }

    /// The reversal of an operation.
    pub fn reversal_of(&self, id: Uuid) -> Option<&Sealed<Operation>> {
        self.by_id.get(self.by_reversed.get(&id)?)
    }

    /// Those that hold of a balance and are past their time, oldest first.
    pub fn due(&self, debit: Uuid, now: Timestamp) -> Vec<&Sealed<Operation>> {
        let ids = self.expiring_by_debit.get(&debit).into_iter().flatten();
        let mut due: Vec<_> = ids
            .filter_map(|id| self.by_id.get(id))
            .filter(|sealed| sealed.row.is_due(now))
            .collect();
        due.sort_unstable_by_key(|sealed| (sealed.row.expires_at, sealed.row.id));
        due
    }

    /// Those that count against the limits of a balance.
    pub fn limited(&self, balance: Uuid) -> impl Iterator<Item = &Operation> {
        let ids = self.by_limited.get(&balance).into_iter().flatten();
        ids.filter_map(|id| self.by_id.get(id)).map(|sealed| &sealed.row)
    }
}
