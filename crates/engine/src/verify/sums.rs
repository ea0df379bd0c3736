//! Sums against what they are sums of, which is counted anew while the rows are checked.

use std::collections::{BTreeMap, BTreeSet};

use domain::custody::sum::{Sum, SumKey, SumOf, Tallied, Tally, Total};
use domain::custody::{Asset, Balance, Operation};
use domain::record::{Record, Table};
use domain::tables::Stored;
use uuid::Uuid;

use super::{Finding, Findings};

/// What is counted, and what is kept.
#[derive(Default)]
pub(super) struct Sums {
    counted: Tally,
    kept: BTreeMap<SumKey, Sum>,
    /// Assets that are older than their sums, which were not counted since.
    uncounted: BTreeSet<Uuid>,
    /// A row that does not read was named; what should follow from it is not known.
    unreadable: bool,
}

impl Sums {
    /// Takes in a row, where it is one that is summed, or a sum.
    pub fn take(&mut self, table: &'static Table, row: Stored) {
        let read = if table == Operation::TABLE {
            row.decode::<Operation>()
                .map(|operation| self.counted.operation(None, &operation.row))
        } else if table == Balance::TABLE {
            row.decode::<Balance>()
                .map(|balance| self.counted.balance(None, &balance.row))
        } else if table == Asset::TABLE {
            row.decode::<Asset>().map(|asset| {
                if asset.row.summed.is_none() {
                    self.uncounted.insert(asset.row.id);
                }
            })
        } else if table == Sum::TABLE {
            row.decode::<Sum>().map(|sum| {
                self.kept.insert(sum.row.key(), sum.row);
            })
        } else {
            return;
        };
        self.unreadable |= read.is_err();
    }

    /// Compares what is kept with what was counted; gives what should be known of it.
    pub fn compare(mut self, findings: &mut Findings) -> Vec<Finding> {
        if self.unreadable {
            findings.add(Finding::new(
                "sums",
                "cannot be compared: a row of what they are sums of does not read",
            ));
            return Vec::new();
        }
        self.compare_counts(findings);
        for (key, counted) in self.counted.changes() {
            match self.kept.remove(&key) {
                Some(kept) => compare(&key, &kept, counted, findings),
                None if self.uncounted.contains(&key.asset) => {}
                None => findings.add(Finding::new("sums", "the sum is missing").id(key.id())),
            }
        }
        // What there was and is no longer.
        for (key, kept) in &self.kept {
            compare(key, kept, Tallied::default(), findings);
        }
        let note = |asset| {
            let what = "is older than the sums over its operations and balances, which are not counted yet: `probity init` \
                        counts them, and so does the next start";
            Finding::new(Asset::TABLE.name, what).id(asset)
        };
        self.uncounted.iter().map(note).collect()
    }

    /// Compares how many sums each asset has with how many it should have.
    fn compare_counts(&self, findings: &mut Findings) {
        let mut found: BTreeMap<Uuid, [u64; 2]> = BTreeMap::new();
        for key in self.kept.keys().filter(|key| key.of.is_some()) {
            found.entry(key.asset).or_default()[usize::from(key.day.is_some())] += 1;
        }
        for sum in self.kept.values().filter(|sum| sum.covers == SumOf::Posted) {
            let found = found.get(&sum.asset_id).copied().unwrap_or_default();
            if let Some([totals, days]) = sum.of_asset().filter(|said| *said != found) {
                let what = format!(
                    "its asset should have {totals} sums of all days and {days} of single ones, and has {} and {}",
                    found[0], found[1]
                );
                findings.add(Finding::new("sums", what).id(sum.id));
            }
        }
    }
}

fn compare(key: &SumKey, kept: &Sum, counted: Tallied, findings: &mut Findings) {
    if kept.id != key.id() {
        findings.add(Finding::new("sums", "the id is not that of what it is the sum of").id(kept.id));
    }
    let (count, total) = (i64::try_from(kept.count).unwrap_or(i64::MAX), kept.total());
    if (count, total) != (counted.count, counted.total) {
        let words = |count: i64, total: Total| match total.carry {
            0 => format!("{count} with {} together", total.rest),
            carry => format!("{count} with {carry} times 10^38 and {} together", total.rest),
        };
        let what = format!(
            "the sum is {}, {} follow from the rows that it is over",
            words(count, total),
            words(counted.count, counted.total)
        );
        findings.add(Finding::new("sums", what).id(kept.id));
    }
}
