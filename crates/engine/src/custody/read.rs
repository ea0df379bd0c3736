//! Looking at custody: balances now and at any moment, statements, operations.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::custody::kyc::{self, KycRecord};
use domain::custody::{Account, Amount, Asset, Balance, Operation, OperationKind, OperationStatus};
use domain::record::{Kind, Record, Sealed};
use evidence::Timestamp;
use store::Head;
use store::conn::Lock;
use store::custody::{OperationFilter, OperationPlace, Sought, operations_sought};
use store::query::{Order, Patience};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::search::SEARCH_TIME;

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

pub(super) fn overflow() -> Error {
    Error::problem("a sum has more than 38 digits", "ask for less at once")
}

impl Engine {
    pub(super) async fn log_size(&self, conn: &mut store::Conn) -> Result<u64, Error> {
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
        let holding = found.iter().filter(|sealed| sealed.row.held != Amount::ZERO);
        let holding: Vec<Uuid> = holding.map(|sealed| sealed.row.id).collect();
        let mut due: HashMap<Uuid, Vec<Amount>> = HashMap::new();
        if !holding.is_empty() {
            let mut conn = self.db().reader().await?;
            for (balance, held) in store::custody::due_holds(&mut conn, &holding, self.now()).await? {
                due.entry(balance).or_default().push(held);
            }
        }
        let mut states = Vec::with_capacity(found.len());
        for sealed in found {
            let asset = self.asset_of(sealed.row.asset_id).await?;
            let mut held = sealed.row.held;
            for due in due.get(&sealed.row.id).into_iter().flatten() {
                held = held.minus(*due).ok_or_else(overflow)?;
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
        let size = match (order, from, to) {
            (Order::Descending, None, None) => u64::MAX,
            _ => self.log_size(&mut conn).await?,
        };
        let high = match to {
            Some(to) => store::query::index_at(&mut conn, to, size).await?,
            None => size,
        };
        let low = match from {
            Some(from) => store::query::index_at(&mut conn, from, size).await?,
            None => 0,
        };
        let filter = OperationFilter {
            balances: vec![vec![balance]],
            moved: true,
            since: low,
            ..OperationFilter::default()
        };
        let limit_and_one = limit.saturating_add(1);
        let asked = (&filter, self.now());
        let newest = &self.shared().newest;
        let mut found = newest
            .operations(&mut conn, asked, order, after, limit_and_one, high)
            .await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|(sealed, _)| OperationPlace {
            entry: sealed.entry,
            id: sealed.row.id,
        });
        let lines = found
            .into_iter()
            .filter_map(|(sealed, _)| line(balance, sealed))
            .collect();
        Ok(Statement { lines, next })
    }

    /// An operation.
    pub async fn operation(&self, id: Uuid) -> Result<Option<OperationView>, Error> {
        let Some(found) = self.one::<Operation>("id", Kind::Uuid, id.into()).await? else {
            return Ok(None);
        };
        let reversed_by = self.reversals_of(std::iter::once(&found.row)).await?;
        let found = (found, reversed_by.get(&id).copied());
        Ok(self.operation_views(vec![found], self.now()).await?.pop())
    }

    /// A page of operations in the order in which they were last changed, and where the next page begins. By a least amount it
    /// is a search ([`crate::SEARCH_TIME`]): there may be more, though the page is not full.
    pub async fn operations(
        &self,
        filter: &OperationFilter,
        order: Order,
        after: Option<OperationPlace>,
        limit: u32,
    ) -> Result<(Vec<OperationView>, Option<OperationPlace>), Error> {
        self.operations_within(filter, order, after, limit, SEARCH_TIME)
            .await
    }

    /// The same, where a search reads for so long.
    pub async fn operations_within(
        &self,
        filter: &OperationFilter,
        order: Order,
        after: Option<OperationPlace>,
        limit: u32,
        search_time: Duration,
    ) -> Result<(Vec<OperationView>, Option<OperationPlace>), Error> {
        let now = self.now();
        let one_more = limit.saturating_add(1);
        let (mut found, reached) = if filter.amount_min.is_some() {
            let sought = self.sought((filter, now), order, after, one_more, search_time);
            let Sought { operations, reached } = sought.await?;
            (operations, reached)
        } else {
            let mut conn = self.db().reader().await?;
            let size = match order {
                // What is committed is below the size: only who begins at a time, or at the other end, must know it.
                Order::Descending if filter.made == (None, None) => u64::MAX,
                _ => self.log_size(&mut conn).await?,
            };
            let newest = &self.shared().newest;
            let asked = (filter, now);
            let found = newest.operations(&mut conn, asked, order, after, one_more, size);
            (found.await?, None)
        };
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let last = found.last().filter(|_| more).map(|(sealed, _)| OperationPlace {
            entry: sealed.entry,
            id: sealed.row.id,
        });
        Ok((self.operation_views(found, now).await?, last.or(reached)))
    }

    /// Reads along the operations for so long.
    async fn sought(
        &self,
        asked: (&OperationFilter, Timestamp),
        order: Order,
        after: Option<OperationPlace>,
        limit: u32,
        at_most: Duration,
    ) -> Result<Sought, Error> {
        // Whoever asks can go on.
        let _leave = self.shared().searches.begin(false).await?;
        let clock = || self.clock().steady();
        let patience = Patience {
            clock: &clock,
            at_most,
        };
        let mut conn = self.db().long_reader().await?;
        let size = self.log_size(&mut conn).await?;
        let sought = operations_sought(&mut conn, asked, order, after, (limit, size), &patience);
        Ok(sought.await?)
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
        mut found: Vec<(Sealed<Operation>, Option<Uuid>)>,
        now: Timestamp,
    ) -> Result<Vec<OperationView>, Error> {
        for (sealed, _) in &mut found {
            if sealed.row.is_due(now) {
                sealed.row = sealed.row.clone().as_of(now);
            }
        }
        let balances: Vec<Uuid> = found
            .iter()
            .flat_map(|(sealed, _)| [sealed.row.debit_id, sealed.row.credit_id])
            .collect();
        let accounts = self.accounts_of(&balances).await?;
        let waiting = found.iter().filter_map(|(sealed, _)| {
            let Operation {
                debit_id, credit_id, ..
            } = &sealed.row;
            let accounts = (*accounts.get(debit_id)?, *accounts.get(credit_id)?);
            waits_for(&sealed.row, accounts)
        });
        let records = self.kyc_of(waiting).await?;
        let mut views = Vec::with_capacity(found.len());
        for (sealed, reversed_by) in found {
            let account = |id: Uuid| {
                let found = accounts.get(&id).copied();
                found.ok_or_else(|| Error::Tampered {
                    table: Balance::TABLE.name,
                    id,
                    what: "is missing, or was changed by hand".to_owned(),
                })
            };
            let (debit, credit) = (account(sealed.row.debit_id)?, account(sealed.row.credit_id)?);
            let operation = sealed.row;
            views.push(OperationView {
                asset: self.asset_of(operation.asset_id).await?,
                on_hold: tier_lost(&records, &operation, (debit, credit), now),
                reversed_by,
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
        let records = self.kyc_of(waits_for(operation, accounts)).await?;
        Ok(tier_lost(&records, operation, accounts, now))
    }

    /// Every KYC record of these users.
    pub(crate) async fn kyc_of(
        &self,
        users: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<KycRecord>, Error> {
        let rows = self.rows_of::<KycRecord>("user_id", users).await?;
        Ok(rows.into_iter().map(|sealed| sealed.row).collect())
    }
}

/// The user for whose tier a pending operation may wait.
fn waits_for(operation: &Operation, accounts: (Account, Account)) -> Option<Uuid> {
    if operation.status != OperationStatus::Pending {
        return None;
    }
    let subject = domain::custody::operation::limits::subject(operation.kind, accounts.0, accounts.1);
    subject.map(|(user, _)| user)
}

/// The tier that it began under and the one of now, where it waits for that.
fn tier_lost(
    records: &[KycRecord],
    operation: &Operation,
    accounts: (Account, Account),
    now: Timestamp,
) -> Option<(u64, u64)> {
    let user = waits_for(operation, accounts)?;
    let own = records.iter().filter(|record| record.user_id == user);
    kyc::tier_lost(own, operation.created_at, now)
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
