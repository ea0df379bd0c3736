//! What changes in the sums by what is written.

use std::collections::{BTreeMap, BTreeSet};

use evidence::time::Timestamp;
use uuid::Uuid;

use super::{SumKey, SumOf, Total, day_of};
use crate::custody::{Amount, Balance, Operation, OperationKind, OperationStatus};

/// How a sum changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallied {
    /// How many more or less.
    pub count: i64,
    /// How much more or less.
    pub total: Total,
}

/// How sums change together. Over everything that there is, it is the sums themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    changes: BTreeMap<SumKey, Tallied>,
    /// Assets whose sums are looked at, whether or not one changes.
    looked_at: BTreeSet<Uuid>,
    /// Assets that were made now, so that there is nothing of them yet.
    made: BTreeSet<Uuid>,
}

impl Tally {
    fn add(&mut self, key: SumKey, count: i64, amount: Amount, sign: i64) {
        let change = self.changes.entry(key).or_default();
        change.count += sign * count;
        change.total = if sign < 0 {
            change.total.minus(amount)
        } else {
            change.total.plus(amount)
        };
    }

    /// Counts an operation of this asset, kind and status, made on this day; or no longer, where `sign` is below zero.
    pub fn operations(
        &mut self,
        (asset, kind, status): (Uuid, OperationKind, OperationStatus),
        day: Timestamp,
        sign: i64,
        amount: Amount,
    ) {
        for day in [None, Some(day)] {
            let key = SumKey::of_operations(asset, kind, status, day);
            self.add(key, 1, amount, sign);
        }
    }

    /// Counts a user's balance of an asset with what is posted and held of it, or no longer.
    pub fn balances(&mut self, asset: Uuid, sign: i64, posted: Amount, held: Amount) {
        self.add(SumKey::of_balances(asset, SumOf::Posted), 1, posted, sign);
        if held != Amount::ZERO {
            self.add(SumKey::of_balances(asset, SumOf::Held), 1, held, sign);
        }
    }

    /// Counts a version of an operation instead of the one before it.
    pub fn operation(&mut self, before: Option<&Operation>, after: &Operation) {
        if before.is_some_and(|before| before.status == after.status) {
            return;
        }
        for (row, sign) in before.map(|row| (row, -1)).into_iter().chain([(after, 1)]) {
            let of = (row.asset_id, row.kind, row.status);
            self.operations(of, day_of(row.created_at), sign, row.amount);
        }
    }

    /// Counts a version of a balance instead of the one before it. House accounts are few, and looked up.
    pub fn balance(&mut self, before: Option<&Balance>, after: &Balance) {
        if after.house.is_some() {
            return;
        }
        for (row, sign) in before.map(|row| (row, -1)).into_iter().chain([(after, 1)]) {
            self.balances(row.asset_id, sign, row.posted, row.held);
        }
    }

    /// Notes that an asset was made, or that its sums are to be kept from now on.
    pub fn asset(&mut self, asset: Uuid, new: bool) {
        self.look_at(asset);
        if new {
            self.made.insert(asset);
        }
    }

    /// Notes that the sums of an asset are to be looked at.
    pub fn look_at(&mut self, asset: Uuid) {
        self.looked_at.insert(asset);
    }

    /// The assets of it.
    pub fn assets(&self) -> BTreeSet<Uuid> {
        let changed = self.changes.keys().map(|key| key.asset);
        changed.chain(self.looked_at.iter().copied()).collect()
    }

    /// Whether an asset was made now.
    pub fn is_new(&self, asset: Uuid) -> bool {
        self.made.contains(&asset)
    }

    /// Takes in what another one has of some assets.
    pub fn take(&mut self, other: Tally, assets: &BTreeSet<Uuid>) {
        let own = other
            .changes
            .into_iter()
            .filter(|(key, _)| assets.contains(&key.asset));
        for (key, more) in own {
            let change = self.changes.entry(key).or_default();
            change.count += more.count;
            change.total = change.total.and(more.total);
        }
    }

    /// What changes. The sums of what is posted and held of an asset are there from the beginning, so also where the asset
    /// is only looked at.
    pub fn changes(&self) -> BTreeMap<SumKey, Tallied> {
        let mut changes = self.changes.clone();
        changes.retain(|_, change| *change != Tallied::default());
        for asset in &self.looked_at {
            for covers in [SumOf::Posted, SumOf::Held] {
                changes.entry(SumKey::of_balances(*asset, covers)).or_default();
            }
        }
        changes
    }
}
