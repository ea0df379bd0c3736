//! Looking at custody: balances now and at any moment, statements, supply, statistics.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::custody::kyc::{self, KycRecord};
use domain::custody::{Account, Amount, Asset, Balance, House, Operation, OperationKind, OperationStatus};
use domain::record::{Kind, Sealed};
use evidence::Timestamp;
use store::Head;
use store::conn::Lock;
use store::custody::{OperationFilter, OperationPlace};
use store::query::Order;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;

/// Rows read at a time by sums over all.
const CHUNK: u32 = 5_000;

/// A balance with what the clock says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct BalanceState {
    /// The balance as it is stored.
    pub balance: Balance,
    /// Its version.
    pub version: u64,
    /// Its asset.
    pub asset: Arc<Asset>,
    /// What is held now: expired holds are left out.
    pub held: Amount,
    /// Posted less held.
    pub available: Amount,
}

/// An operation for showing: with its asset and its accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationView {
    /// The operation, as the clock has it: past its time it is what the sweeper will make of it.
    pub operation: Operation,
    /// Its version.
    pub version: u64,
    /// The entry that last wrote it.
    pub entry: Option<u64>,
    /// Its asset.
    pub asset: Arc<Asset>,
    /// What is debited.
    pub debit: Account,
    /// What is credited.
    pub credit: Account,
    /// The operation that reversed it.
    pub reversed_by: Option<Uuid>,
    /// The tier under which it began and the one of now, where it is on hold for that.
    pub on_hold: Option<(u64, u64)>,
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementLine {
    /// The operation that moved.
    pub operation: Operation,
    /// The entry that recorded it.
    pub entry: u64,
    /// How much the balance changed: below zero for a debit.
    pub change: Amount,
    /// Posted after it.
    pub posted: Amount,
}

impl StatementLine {
    /// The balance on the other side of `balance`.
    pub fn other(&self, balance: Uuid) -> Uuid {
        if self.operation.debit_id == balance {
            self.operation.credit_id
        } else {
            self.operation.debit_id
        }
    }
}

/// A part of a balance's statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The lines, in the order asked for.
    pub lines: Vec<StatementLine>,
    /// Where the next page begins; none on the last one.
    pub next: Option<OperationPlace>,
}

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

fn overflow() -> Error {
    Error::problem("a sum has more than 38 digits", "ask for less at once")
}

impl Engine {
    async fn log_size(&self, conn: &mut store::Conn) -> Result<u64, Error> {
        let head = Head::load(conn).await?;
        Ok(head.map_or(0, |head| head.edge.size()))
    }

    /// A balance with what the clock says of it.
    pub async fn balance(&self, id: Uuid) -> Result<Option<BalanceState>, Error> {
        let Some(found) = self.one::<Balance>("id", Kind::Uuid, id.into()).await? else {
            return Ok(None);
        };
        Ok(self.balance_states(vec![found]).await?.pop())
    }

    /// Balances with what the clock says of them.
    pub async fn balance_states(&self, found: Vec<Sealed<Balance>>) -> Result<Vec<BalanceState>, Error> {
        let now = self.now();
        let mut states = Vec::with_capacity(found.len());
        for sealed in found {
            let asset = self.asset_of(sealed.row.asset_id).await?;
            let mut held = sealed.row.held;
            if held != Amount::ZERO {
                let mut conn = self.db().reader().await?;
                for due in store::custody::due_holds(&mut conn, sealed.row.id, now).await? {
                    held = held.minus(due).ok_or_else(overflow)?;
                }
            }
            states.push(BalanceState {
                available: sealed.row.posted.minus(held).ok_or_else(overflow)?,
                held,
                asset,
                version: sealed.version,
                balance: sealed.row,
            });
        }
        Ok(states)
    }

    /// What was posted of a balance at a moment, and the movement that made it so; no replay is needed.
    pub async fn posted_at(
        &self,
        balance: Uuid,
        at: Timestamp,
    ) -> Result<(Amount, Option<StatementLine>), Error> {
        let mut conn = self.db().reader().await?;
        let size = self.log_size(&mut conn).await?;
        // What was recorded in the moment itself counts.
        let before = Timestamp::from_micros(at.micros() + 1).unwrap_or(at);
        let found = store::custody::last_movement(&mut conn, balance, Some(before), size).await?;
        let line = found.and_then(|sealed| line(balance, sealed));
        Ok((line.as_ref().map_or(Amount::ZERO, |line| line.posted), line))
    }

    /// A page of a balance's movements, within times where they are given.
    pub async fn statement(
        &self,
        balance: Uuid,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
        order: Order,
        after: Option<OperationPlace>,
        limit: u32,
    ) -> Result<Statement, Error> {
        let mut conn = self.db().reader().await?;
        let size = self.log_size(&mut conn).await?;
        let high = match to {
            Some(to) => store::query::index_at(&mut conn, to, size).await?,
            None => size,
        };
        let low = match from {
            Some(from) => store::query::index_at(&mut conn, from, size).await?,
            None => 0,
        };
        let filter = OperationFilter {
            balances: Some(vec![balance]),
            moved: true,
            since: low,
            ..OperationFilter::default()
        };
        let mut found = store::custody::operations(
            &mut conn,
            (&filter, self.now()),
            order,
            after,
            limit.saturating_add(1),
            high,
        )
        .await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|sealed| OperationPlace {
            entry: sealed.entry,
            id: sealed.row.id,
        });
        let lines = found
            .into_iter()
            .filter_map(|sealed| line(balance, sealed))
            .collect();
        Ok(Statement { lines, next })
    }

    /// An operation.
    pub async fn operation(&self, id: Uuid) -> Result<Option<OperationView>, Error> {
        let Some(found) = self.one::<Operation>("id", Kind::Uuid, id.into()).await? else {
            return Ok(None);
        };
        Ok(self.operation_views(vec![found], self.now()).await?.pop())
    }

    /// A page of operations in the order in which they were last changed, and where the next page begins.
    pub async fn operations(
        &self,
        filter: &OperationFilter,
        order: Order,
        after: Option<OperationPlace>,
        limit: u32,
    ) -> Result<(Vec<OperationView>, Option<OperationPlace>), Error> {
        let now = self.now();
        let mut found = {
            let mut conn = self.db().reader().await?;
            let size = self.log_size(&mut conn).await?;
            let asked = (filter, now);
            store::custody::operations(&mut conn, asked, order, after, limit.saturating_add(1), size).await?
        };
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|sealed| OperationPlace {
            entry: sealed.entry,
            id: sealed.row.id,
        });
        Ok((self.operation_views(found, now).await?, next))
    }

    /// Every balance of a user.
    pub async fn balances_of(&self, user: Uuid) -> Result<Vec<Uuid>, Error> {
        let mut conn = self.db().reader().await?;
        let rows =
            store::sealed::by_key::<Balance>(&mut conn, "user_id", Kind::Uuid, &[user.into()], Lock::None)
                .await?;
        Ok(rows.into_iter().map(|sealed| sealed.row.id).collect())
    }

    /// Operations with what it takes to show them, as the clock has them.
    async fn operation_views(
        &self,
        found: Vec<Sealed<Operation>>,
        now: Timestamp,
    ) -> Result<Vec<OperationView>, Error> {
        let balances: Vec<Uuid> = found
            .iter()
            .flat_map(|sealed| [sealed.row.debit_id, sealed.row.credit_id])
            .collect();
        let accounts = self.accounts_of(&balances).await?;
        let reversals = self.reversals_of(found.iter().map(|sealed| &sealed.row)).await?;
        let mut views = Vec::with_capacity(found.len());
        for sealed in found {
            let account = |id: Uuid| {
                let found = accounts.get(&id).copied();
                found.ok_or_else(|| Error::from(store::Error::data(format!("balance {id} is missing"))))
            };
            let (debit, credit) = (account(sealed.row.debit_id)?, account(sealed.row.credit_id)?);
            let operation = sealed.row.as_of(now);
            views.push(OperationView {
                asset: self.asset_of(operation.asset_id).await?,
                on_hold: self.on_hold(&operation, (debit, credit), now).await?,
                reversed_by: reversals.get(&operation.id).copied(),
                operation,
                version: sealed.version,
                entry: Some(sealed.entry),
                debit,
                credit,
            });
        }
        Ok(views)
    }

    /// What reversed those of these operations that were reversed.
    pub(super) async fn reversals_of(
        &self,
        operations: impl Iterator<Item = &Operation>,
    ) -> Result<HashMap<Uuid, Uuid>, Error> {
        let moved =
            operations.filter(|row| row.debit_posted.is_some() && row.kind != OperationKind::Reversal);
        let ids: Vec<Uuid> = moved.map(|row| row.id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut conn = self.db().reader().await?;
        let found = store::custody::reversals(&mut conn, &ids).await?;
        Ok(found.into_iter().collect())
    }

    /// Whether an operation waits for a tier: the one it began under, and the one of now.
    pub(super) async fn on_hold(
        &self,
        operation: &Operation,
        accounts: (Account, Account),
        now: Timestamp,
    ) -> Result<Option<(u64, u64)>, Error> {
        if operation.status != OperationStatus::Pending {
            return Ok(None);
        }
        let subject = domain::custody::operation::limits::subject(operation.kind, accounts.0, accounts.1);
        let Some((user, _)) = subject else { return Ok(None) };
        let records = self.kyc_of(user).await?;
        Ok(kyc::tier_lost(&records, operation.created_at, now))
    }

    /// Every KYC record of a user.
    pub(crate) async fn kyc_of(&self, user: Uuid) -> Result<Vec<KycRecord>, Error> {
        let mut conn = self.db().reader().await?;
        let rows =
            store::sealed::by_key::<KycRecord>(&mut conn, "user_id", Kind::Uuid, &[user.into()], Lock::None)
                .await?;
        Ok(rows.into_iter().map(|sealed| sealed.row).collect())
    }

    /// What there is of an asset, and the proof that it sums to zero.
    pub async fn supply(&self, asset: &Arc<Asset>) -> Result<Supply, Error> {
        let mut conn = self.db().reader().await?;
        // One state of the database throughout: sums of a moment.
        conn.begin_snapshot().await?;
        let summed = self.sum(&mut conn, asset).await;
        conn.rollback().await?;
        summed
    }

    async fn sum(&self, conn: &mut store::Conn, asset: &Arc<Asset>) -> Result<Supply, Error> {
        let mut supply = Supply {
            asset: Arc::clone(asset),
            supply: Amount::ZERO,
            users: Amount::ZERO,
            houses: BTreeMap::new(),
            held: Amount::ZERO,
            balances: 0,
            sum: Amount::ZERO,
            size: self.log_size(conn).await?,
        };
        let plus = |sum: Amount, amount: Amount| sum.plus(amount).ok_or_else(overflow);
        let mut after = None;
        loop {
            let page = store::custody::holdings(conn, asset.id, after, CHUNK).await?;
            after = page.last().map(|holding| holding.id);
            for holding in &page {
                supply.balances += 1;
                supply.sum = plus(supply.sum, holding.posted)?;
                match holding.house {
                    None => supply.users = plus(supply.users, holding.posted)?,
                    Some(house) => drop(supply.houses.insert(house, holding.posted)),
                }
                if holding.house != Some(House::External) {
                    supply.supply = plus(supply.supply, holding.posted)?;
                    supply.held = plus(supply.held, holding.held)?;
                }
            }
            if page.len() < CHUNK as usize {
                break;
            }
        }
        let (now, mut after) = (self.now(), None);
        loop {
            let page = store::custody::due_holds_of_asset(conn, asset.id, now, after, CHUNK).await?;
            after = page.last().map(|(id, _)| *id);
            for (_, held) in &page {
                supply.held = supply.held.minus(*held).ok_or_else(overflow)?;
            }
            if page.len() < CHUNK as usize {
                return Ok(supply);
            }
        }
    }

    /// How many operations were made in a time, by asset, kind and status by the clock, and by day where asked for.
    pub async fn operation_figures(
        &self,
        asset: Option<Uuid>,
        times: (Option<Timestamp>, Option<Timestamp>),
        by_day: bool,
    ) -> Result<Vec<Figures>, Error> {
        const DAY: i64 = 86_400_000_000;
        let mut sums: BTreeMap<_, (u64, Amount)> = BTreeMap::new();
        let now = self.now();
        let mut after = None;
        loop {
            let page = {
                let mut conn = self.db().reader().await?;
                store::custody::figures(&mut conn, (asset, now), times, after, CHUNK).await?
            };
            after = page.last().map(|figure| figure.id);
            let last = page.len() < CHUNK as usize;
            for figure in page {
                let day = by_day.then(|| figure.created_at.micros().div_euclid(DAY));
                let sum = sums
                    .entry((day, figure.asset, figure.kind, figure.status))
                    .or_insert((0, Amount::ZERO));
                sum.0 += 1;
                sum.1 = sum.1.plus(figure.amount).ok_or_else(overflow)?;
            }
            if last {
                break;
            }
        }
        let mut figures = Vec::with_capacity(sums.len());
        for ((day, asset, kind, status), (count, amount)) in sums {
            figures.push(Figures {
                asset: self.asset_of(asset).await?,
                kind,
                status,
                day: day.and_then(|day| Timestamp::from_micros(day * DAY)),
                count,
                amount,
            });
        }
        Ok(figures)
    }
}

fn line(balance: Uuid, sealed: Sealed<Operation>) -> Option<StatementLine> {
    let operation = sealed.row;
    let (change, posted) = if operation.debit_id == balance {
        (Amount::ZERO.minus(operation.amount)?, operation.debit_posted?)
    } else {
        (operation.amount, operation.credit_posted?)
    };
    Some(StatementLine {
        operation,
        entry: sealed.entry,
        change,
        posted,
    })
}
