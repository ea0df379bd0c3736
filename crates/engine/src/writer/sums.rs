//! Keeping sums: what a batch changes in them is folded, and written once for all of it.
//!
//! It happens once the head is locked, or proven in the end to be the one that was known: no other batch changes a sum
//! meanwhile, and no sum needs a lock of its own.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::custody::sum::{Sum, SumKey, SumOf, Tallied, Tally, Total};
use domain::record::{Record, Sealed};
use domain::{Draft, Needs, RowWrite, looks};
use evidence::Salt;
use uuid::Uuid;

use super::Signer;
use super::cache::Cache;
use super::link::Way;
use super::needed;
use crate::error::Error;
use crate::random;

/// The sums that a batch is about, and what there is of them.
struct Keeping {
    /// The sums that change, and of each asset the one that says how many it has; each is the one that its entry wrote.
    there: HashMap<Uuid, Sealed<Sum>>,
    /// Assets that are counted by this batch: what there is of them is put right, instead of being added to.
    counted: BTreeSet<Uuid>,
}

/// Adds what changes in the sums to the last entry that changes one.
pub(super) async fn fold(
    way: &mut Way<'_>,
    cache: &mut Cache,
    signer: &Signer,
    mut tally: Tally,
    drafts: &mut [&mut Draft],
) -> Result<(), Error> {
    let assets = tally.assets();
    if assets.is_empty() {
        return Ok(());
    }
    let Some(draft) = drafts.iter_mut().rev().find(|draft| draft.changes_sums()) else {
        return Ok(());
    };
    let mut keeping = Keeping {
        there: load(way, cache, signer, tally.changes().into_keys(), &assets).await?,
        counted: BTreeSet::new(),
    };
    let unknown = assets
        .iter()
        .filter(|asset| !tally.is_new(**asset) && keeping.of_asset(**asset).is_none());
    let unknown: BTreeSet<Uuid> = unknown.copied().collect();
    if !unknown.is_empty() {
        keeping.count(way, cache, signer, &mut tally, unknown).await?;
    }
    let rows = keeping.rows(way, tally.changes()).await?;
    draft.derive(rows).map_err(|error| {
        Error::problem(
            format!("a payload does not read back: {error}"),
            "report this as a bug",
        )
    })
}

/// There are not as many sums of an asset as there should be.
pub(crate) fn removed(asset: Uuid) -> Error {
    Error::Tampered {
        table: Sum::TABLE.name,
        id: SumKey::of_balances(asset, SumOf::Posted).id(),
        what: "or another sum of its asset was removed by hand: none of them is relied on".to_owned(),
    }
}

impl Keeping {
    /// How many sums over operations an asset has by its row, of all days and of single ones.
    fn of_asset(&self, asset: Uuid) -> Option<[u64; 2]> {
        let posted = SumKey::of_balances(asset, SumOf::Posted).id();
        self.there.get(&posted)?.row.of_asset()
    }

    /// Counts assets that are older than their sums; an asset whose sums are kept and gone is tampered with.
    async fn count(
        &mut self,
        way: &mut Way<'_>,
        cache: &mut Cache,
        signer: &Signer,
        tally: &mut Tally,
        unknown: BTreeSet<Uuid>,
    ) -> Result<(), Error> {
        let uncounted = store::custody::without_sums(way.conn()?).await?;
        if let Some(asset) = unknown.iter().find(|asset| !uncounted.contains(asset)) {
            return Err(removed(*asset));
        }
        // What the batch itself writes is not there yet.
        let counted = store::custody::recount(way.conn()?).await?;
        for asset in &unknown {
            tally.asset(*asset, false);
            let there = store::custody::sums_of(way.conn()?, *asset).await?;
            let keys = there.iter().map(|sum| sum.row.key());
            self.there
                .extend(load(way, cache, signer, keys, &BTreeSet::new()).await?);
        }
        tally.take(counted, &unknown);
        self.counted = unknown;
        Ok(())
    }

    /// The rows of the sums that change.
    async fn rows(
        &self,
        way: &mut Way<'_>,
        mut changes: BTreeMap<SumKey, Tallied>,
    ) -> Result<Vec<RowWrite>, Error> {
        let mut of_assets: BTreeMap<Uuid, [u64; 2]> = BTreeMap::new();
        for asset in &self.counted {
            of_assets.insert(*asset, self.counts(way, *asset).await?);
        }
        let more = |key: &SumKey| !self.there.contains_key(&key.id());
        let more: Vec<SumKey> = changes.keys().filter(|key| more(key)).copied().collect();
        for key in more {
            let of_asset = match of_assets.entry(key.asset) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.counts(way, key.asset).await?),
            };
            match (key.covers, key.day) {
                (SumOf::Operations, None) => of_asset[0] += 1,
                (SumOf::Operations, Some(_)) => of_asset[1] += 1,
                // These two are there from the beginning.
                _ if self.of_asset(key.asset).is_some() => return Err(removed(key.asset)),
                _ => {}
            }
            changes
                .entry(SumKey::of_balances(key.asset, SumOf::Posted))
                .or_default();
        }
        let row = |(key, change): (SumKey, Tallied)| {
            let before = self.there.get(&key.id());
            let goes_on = before.filter(|_| !self.counted.contains(&key.asset));
            let (count, total) = goes_on.map_or((0, Total::ZERO), |sum| (sum.row.count, sum.row.total()));
            let mut row = key.row(count.saturating_add_signed(change.count), total.and(change.total));
            if key.covers == SumOf::Posted {
                let of_asset = of_assets.get(&key.asset).copied();
                let [totals, days] = of_asset.or(self.of_asset(key.asset)).unwrap_or_default();
                (row.totals, row.days) = (Some(totals), Some(days));
            }
            Ok(RowWrite::from(Sealed {
                row,
                version: before.map_or(0, |sum| sum.version) + 1,
                entry: 0,
                salt: Salt(random::array::<16>()?),
            }))
        };
        changes.into_iter().map(row).collect()
    }

    /// How many sums over operations an asset has, before one is added to them: as many as its row says.
    async fn counts(&self, way: &mut Way<'_>, asset: Uuid) -> Result<[u64; 2], Error> {
        let found = store::custody::count_of_sums(way.conn()?, asset).await?;
        match self.of_asset(asset) {
            Some(said) if said != found => Err(removed(asset)),
            _ => Ok(found),
        }
    }
}

/// These sums, as they are, and of each asset the one that says how many it has.
async fn load(
    way: &mut Way<'_>,
    cache: &mut Cache,
    signer: &Signer,
    keys: impl Iterator<Item = SumKey>,
    assets: &BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, Sealed<Sum>>, Error> {
    let of_assets = assets
        .iter()
        .map(|asset| SumKey::of_balances(*asset, SumOf::Posted));
    let mut needs = Needs::default();
    needs.rows(&looks::SUM, keys.chain(of_assets).map(|key| key.id()));
    Ok(needed::facts(way, cache, signer, &needs).await?.sums)
}
