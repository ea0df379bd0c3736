//! Supply and statistics, from the sums that are kept; and beginning to keep them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::custody::sum::{KeepSums, Sum, SumKey, SumOf, Tally, Total, day_of};
use domain::custody::{Amount, Asset, Balance, House, OperationKind, OperationStatus, Owner};
use domain::record::Sealed;
use domain::{Caller, Command, Facts, Origin};
use evidence::Timestamp;
use store::Conn;
use store::custody::{Due, OperationFilter, OperationPlace};
use store::query::Order;
use uuid::Uuid;

use super::read::overflow;
use crate::engine::Engine;
use crate::error::Error;
use crate::writer::removed;

/// Operations read at a time where part of a day is asked for.
const CHUNK: u32 = 5_000;

/// What there is of an asset, and who holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Supply {
    /// The asset.
    pub asset: Arc<Asset>,
    /// What everyone inside holds together.
    pub supply: Amount,
    /// What users hold.
    pub users: Amount,
    /// What each house account holds.
    pub houses: BTreeMap<House, Amount>,
    /// What is held of it now: expired holds are left out.
    pub held: Amount,
    /// How many balances.
    pub balances: u64,
    /// The sum over all balances, the external one included: zero, or something is wrong.
    pub sum: Amount,
    /// Size of the log when this was read.
    pub size: u64,
}

/// How many operations of a kind and status, and what they move together.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The asset.
    pub asset: Arc<Asset>,
    /// What sort.
    pub kind: OperationKind,
    /// Where they stand.
    pub status: OperationStatus,
    /// The day, in UTC, where they are counted by day.
    pub day: Option<Timestamp>,
    /// How many.
    pub count: u64,
    /// What they move together.
    pub amount: Amount,
}

/// What figures are of: the day, the asset, the kind and the status.
type Of = (Option<Timestamp>, Uuid, OperationKind, OperationStatus);

/// Figures as they are added up.
#[derive(Default)]
struct Adding {
    by_day: bool,
    sums: BTreeMap<Of, (i64, Total)>,
}

impl Adding {
    fn add(
        &mut self,
        day: Option<Timestamp>,
        (asset, kind, status): (Uuid, OperationKind, OperationStatus),
        count: i64,
        total: Total,
    ) {
        let day = day.filter(|_| self.by_day);
        let sum = self.sums.entry((day, asset, kind, status)).or_default();
        *sum = (sum.0 + count, sum.1.and(total));
    }

    /// Counts what its time made of an operation, instead of where it stands in the sums.
    fn due(&mut self, due: &Due) {
        let day = Some(day_of(due.created_at));
        let of = |status| (due.asset, due.kind, status);
        self.add(
            day,
            of(OperationStatus::Pending),
            -1,
            Total::ZERO.minus(due.amount),
        );
        self.add(day, of(due.ends), 1, Total::ZERO.plus(due.amount));
    }
}

/// A time between two moments, either of which may be missing.
pub(crate) type Times = (Option<Timestamp>, Option<Timestamp>);

/// The whole days within a time, and what of it is no whole day.
pub(crate) fn days(times: Times) -> (Times, Vec<Times>) {
    let (from, to) = times;
    let next_day = |time: Timestamp| {
        let day = day_of(time);
        if day == time {
            day
        } else {
            day_of(day.plus_seconds(86_400))
        }
    };
    let whole = (from.map(next_day), to.map(day_of));
    if let (Some(first), Some(end)) = whole
        && first >= end
    {
        return ((Some(first), Some(first)), vec![times]);
    }
    let before = from
        .filter(|from| whole.0 != Some(*from))
        .map(|from| (Some(from), whole.0));
    let after = to.filter(|to| whole.1 != Some(*to)).map(|to| (whole.1, Some(to)));
    (whole, before.into_iter().chain(after).collect())
}

pub(crate) fn within(time: Timestamp, (from, to): Times) -> bool {
    from.is_none_or(|from| time >= from) && to.is_none_or(|to| time < to)
}

impl Engine {
    /// Begins to keep the sums of assets that were there before any were kept.
    pub(crate) async fn keep_sums(&self) -> Result<usize, Error> {
        let assets = store::custody::without_sums(&mut *self.db().reader().await?).await?;
        let count = assets.len();
        if count > 0 {
            let command = Command::KeepSums(KeepSums { assets });
            let caller = Caller::System { part: "sums" };
            match self.submit(&caller, Origin::default(), command).await {
                // What rests on them is refused until that is mended; all else goes on.
                Err(error @ Error::Tampered { .. }) => tracing::error!(%error, "sums are not kept"),
                kept => drop(kept?),
            }
        }
        Ok(count)
    }

    /// Checks that sums and balances are the ones that their entries wrote.
    async fn check_sums(&self, sums: &[Sealed<Sum>], balances: &[Sealed<Balance>]) -> Result<(), Error> {
        let facts = Facts {
            sums: sums.iter().map(|sum| (sum.row.id, sum.clone())).collect(),
            balances: balances
                .iter()
                .map(|sealed| (sealed.row.id, sealed.clone()))
                .collect(),
            ..Facts::default()
        };
        let mut conn = self.db().reader().await?;
        self.shared().seals.check_snapshot(&mut conn, &facts).await
    }

    /// What there is of an asset, and that it sums to zero, by the sums that are kept.
    pub async fn supply(&self, asset: &Arc<Asset>) -> Result<Supply, Error> {
        self.supply_by(asset, false).await
    }

    /// The same by the balances themselves, added up: it takes the longer the more there are.
    pub async fn supply_counted(&self, asset: &Arc<Asset>) -> Result<Supply, Error> {
        self.supply_by(asset, true).await
    }

    async fn supply_by(&self, asset: &Arc<Asset>, anew: bool) -> Result<Supply, Error> {
        let mut tally = Tally::default();
        let (sums, houses, due, size) = {
            let mut conn = self.db().reader().await?;
            // One state of the database throughout: sums of a moment.
            conn.begin_snapshot().await?;
            let asked = self.ask_supply(&mut conn, asset.id).await;
            let counted = if anew {
                store::custody::recount_balances(&mut conn, &mut tally).await
            } else {
                Ok(())
            };
            conn.rollback().await?;
            counted?;
            asked?
        };
        self.check_sums(&sums, &houses).await?;
        if sums.len() < 2 {
            return Err(removed(asset.id));
        }
        let counted = tally.changes();
        let sum_of = |covers| {
            if anew {
                let found = counted.get(&SumKey::of_balances(asset.id, covers));
                return found.map_or((0, Total::ZERO), |sum| (sum.count.unsigned_abs(), sum.total));
            }
            let found = sums.iter().find(|sum| sum.row.covers == covers);
            found.map_or((0, Total::ZERO), |sum| (sum.row.count, sum.row.total()))
        };
        let ((users, posted), (_, mut held)) = (sum_of(SumOf::Posted), sum_of(SumOf::Held));
        let (mut sum, mut supply) = (posted, posted);
        let mut of_houses = BTreeMap::new();
        for Sealed { row, .. } in &houses {
            let Some(house) = row.house else { continue };
            of_houses.insert(house, row.posted);
            sum = sum.plus(row.posted);
            if house != House::External {
                supply = supply.plus(row.posted);
                held = held.plus(row.held);
            }
        }
        let external = Balance::id_of(asset.id, Owner::House(House::External));
        for due in due.iter().filter(|due| due.debit != external) {
            held = held.minus(due.held);
        }
        let amount = |total: Total| total.amount().ok_or_else(overflow);
        Ok(Supply {
            asset: Arc::clone(asset),
            supply: amount(supply)?,
            users: amount(posted)?,
            held: amount(held)?,
            balances: users + of_houses.len() as u64,
            houses: of_houses,
            sum: amount(sum)?,
            size,
        })
    }

    #[allow(clippy::type_complexity, reason = "what is asked of one moment")]
    async fn ask_supply(
        &self,
        conn: &mut Conn,
        asset: Uuid,
    ) -> Result<(Vec<Sealed<Sum>>, Vec<Sealed<Balance>>, Vec<Due>, u64), Error> {
        let sums = store::custody::balance_sums(conn, asset).await?;
        let houses = store::custody::house_balances(conn, asset).await?;
        let due = store::custody::due_operations(conn, Some(asset), self.now()).await?;
        Ok((sums, houses, due, self.log_size(conn).await?))
    }

    /// How many operations were made in a time, by asset, kind and status by the clock, and by day where asked for.
    ///
    /// Whole days are answered from the sums; of what is left of two days at most, every operation is read.
    pub async fn operation_figures(
        &self,
        asset: Option<Uuid>,
        times: Times,
        by_day: bool,
    ) -> Result<Vec<Figures>, Error> {
        let mut adding = Adding {
            by_day,
            ..Adding::default()
        };
        let (whole, parts) = days(times);
        let days = (by_day || times != (None, None)).then_some(whole);
        let sums = {
            let mut conn = self.db().reader().await?;
            conn.begin_snapshot().await?;
            let added = self
                .add_up(&mut conn, asset, (days, whole), &parts, &mut adding)
                .await;
            conn.rollback().await?;
            added?
        };
        self.check_sums(&sums, &[]).await?;
        for Sealed { row, .. } in &sums {
            if let (Some(kind), Some(status)) = (row.kind, row.status)
                && row.day.is_some() == days.is_some()
            {
                let count = i64::try_from(row.count).unwrap_or(i64::MAX);
                adding.add(row.day, (row.asset_id, kind, status), count, row.total());
            }
        }
        let mut figures = Vec::new();
        let mut assets: HashMap<Uuid, Arc<Asset>> = HashMap::new();
        for ((day, asset, kind, status), (count, total)) in adding.sums {
            let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) else {
                continue;
            };
            let asset = match assets.get(&asset) {
                Some(known) => Arc::clone(known),
                None => Arc::clone(assets.entry(asset).or_insert(self.asset_of(asset).await?)),
            };
            figures.push(Figures {
                asset,
                kind,
                status,
                day,
                count,
                amount: total.amount().ok_or_else(overflow)?,
            });
        }
        Ok(figures)
    }

    /// Checks that no sum was removed by hand: what is posted of an asset says how many there are.
    async fn check_counts(
        &self,
        conn: &mut Conn,
        asset: Option<Uuid>,
        sums: &[Sealed<Sum>],
        days: bool,
    ) -> Result<(), Error> {
        let assets = match asset {
            Some(asset) => vec![asset],
            None => store::custody::assets(conn).await?,
        };
        let mut found: HashMap<Uuid, (u64, Option<[u64; 2]>)> = HashMap::new();
        for Sealed { row, .. } in sums {
            let of_asset = found.entry(row.asset_id).or_default();
            match row.covers {
                SumOf::Operations => of_asset.0 += 1,
                SumOf::Posted => of_asset.1 = row.of_asset(),
                SumOf::Held => {}
            }
        }
        let of_days = if days {
            Some(store::custody::counts_of_days(conn, asset).await?)
        } else {
            None
        };
        let good = |asset: &Uuid| {
            let (totals, said) = found.get(asset).copied().unwrap_or_default();
            let days = of_days
                .as_ref()
                .map(|found| found.get(asset).copied().unwrap_or_default());
            said.is_some_and(|said| said[0] == totals && days.is_none_or(|days| said[1] == days))
        };
        let bad = assets.into_iter().find(|asset| !good(asset));
        bad.map_or(Ok(()), |asset| Err(removed(asset)))
    }

    /// Adds what the clock and parts of days say, and gives the sums that it is added to, all of one moment.
    async fn add_up(
        &self,
        conn: &mut Conn,
        asset: Option<Uuid>,
        (days, whole): (Option<Times>, Times),
        parts: &[Times],
        adding: &mut Adding,
    ) -> Result<Vec<Sealed<Sum>>, Error> {
        let now = self.now();
        let mut sums = store::custody::sums_of_all_days(conn, asset).await?;
        self.check_counts(conn, asset, &sums, days.is_some()).await?;
        if let Some(days) = days {
            sums.extend(store::custody::sums_of_days(conn, asset, days).await?);
        }
        let due = store::custody::due_operations(conn, asset, now).await?;
        due.iter()
            .filter(|due| within(due.created_at, whole))
            .for_each(|due| adding.due(due));
        for made in parts {
            let filter = OperationFilter {
                asset,
                made: *made,
                ..OperationFilter::default()
            };
            let (size, mut after) = (self.log_size(conn).await?, None);
            loop {
                let asked = (&filter, now);
                let page =
                    store::custody::operations(conn, asked, Order::Ascending, after, CHUNK, size).await?;
                after = page.last().map(|(sealed, _)| OperationPlace {
                    entry: sealed.entry,
                    id: sealed.row.id,
                });
                for (Sealed { row, .. }, _) in &page {
                    let of = (row.asset_id, row.kind, row.status_at(now));
                    adding.add(Some(day_of(row.created_at)), of, 1, Total::ZERO.plus(row.amount));
                }
                if page.len() < CHUNK as usize {
                    break;
                }
            }
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_whole_days_and_what_is_left() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let (monday, tuesday, wednesday) = (
            at("2026-11-23T00:00:00Z"),
            at("2026-11-24T00:00:00Z"),
            at("2026-11-25T00:00:00Z"),
        );
        let (noon, evening, later) = (
            at("2026-11-23T12:00:00Z"),
            at("2026-11-23T20:00:00Z"),
            at("2026-11-25T01:00:00Z"),
        );
        assert_eq!(days((None, None)), ((None, None), vec![]));
        assert_eq!(days((monday, wednesday)), ((monday, wednesday), vec![]));
        assert_eq!(days((noon, None)), ((tuesday, None), vec![(noon, tuesday)]));
        assert_eq!(
            days((noon, later)),
            ((tuesday, wednesday), vec![(noon, tuesday), (wednesday, later)])
        );
        for (from, to) in [(noon, evening), (noon, tuesday), (monday, noon)] {
            let (whole, parts) = days((from, to));
            assert_eq!((whole.0 == whole.1, parts), (true, vec![(from, to)]));
        }
        assert!(within(noon.unwrap(), (noon, evening)) && !within(evening.unwrap(), (noon, evening)));
    }
}
