//! Operations as facts: by id, and by what decisions ask for them.

use std::collections::HashMap;

use evidence::time::Timestamp;
use uuid::Uuid;

use super::Operation;
use crate::custody::chain::OutputKey;
use crate::record::Sealed;

/// Operations that a batch knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operations {
    by_id: HashMap<Uuid, Sealed<Operation>>,
    by_output: HashMap<OutputKey, Vec<Uuid>>,
    by_reversed: HashMap<Uuid, Uuid>,
    expiring_by_debit: HashMap<Uuid, Vec<Uuid>>,
    by_limited: HashMap<Uuid, Vec<Uuid>>,
}

fn put_once(ids: &mut Vec<Uuid>, id: Uuid) {
    if !ids.contains(&id) {
        ids.push(id);
    }
}

impl Operations {
    /// Takes in a version of an operation, as a map does.
    pub fn insert(&mut self, id: Uuid, sealed: Sealed<Operation>) {
        let row = &sealed.row;
        let outputs = row.outputs();
        // What a transaction was replaced by is another output.
        let before = self.by_id.get(&row.id).map(|before| before.row.outputs());
        for output in before.unwrap_or_default() {
            if !outputs.contains(&output)
                && let Some(ids) = self.by_output.get_mut(&output)
            {
                ids.retain(|id| *id != row.id);
            }
        }
        for output in outputs {
            put_once(self.by_output.entry(output).or_default(), row.id);
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
        self.by_id.insert(id, sealed);
    }

    /// The operation of this id.
    pub fn get(&self, id: &Uuid) -> Option<&Sealed<Operation>> {
        self.by_id.get(id)
    }

    /// All of them, in no order.
    pub fn values(&self) -> impl Iterator<Item = &Sealed<Operation>> {
        self.by_id.values()
    }

    /// The operations that name this output of a transaction.
    pub fn of_output(&self, key: &OutputKey) -> impl Iterator<Item = &Sealed<Operation>> {
        let ids = self.by_output.get(key).into_iter().flatten();
        ids.filter_map(|id| self.by_id.get(id))
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
