//! Movements in their order, and what operations have to do with each other.

use domain::custody::Amount;
use domain::custody::Operation;
use domain::custody::chain::OutputKey;
use domain::record::{Kind, Sealed, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

use super::operations::{OperationFilter, operations};
use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::head::int;
use crate::query::{Order, index_at};
use crate::sealed::amount;

/// The last movement of a balance before a moment, in a log of `size` entries.
pub async fn last_movement(
    conn: &mut Conn,
    balance: Uuid,
    before: Option<Timestamp>,
    size: u64,
) -> Result<Option<Sealed<Operation>>, Error> {
    let size = match before {
        Some(time) => index_at(conn, time, size).await?,
        None => size,
    };
    let filter = OperationFilter {
        balances: vec![vec![balance]],
        moved: true,
        ..OperationFilter::default()
    };
    // What moved is final: no clock has a say in it.
    let filter = (&filter, Timestamp::EPOCH);
    let found = operations(conn, filter, Order::Descending, None, 1, size).await?;
    Ok(found.into_iter().next().map(|(sealed, _)| sealed))
}

/// A movement, for following balances from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The entry that wrote it.
    pub entry: u64,
    /// The operation.
    pub id: Uuid,
    /// What was debited.
    pub debit: Uuid,
    /// What was credited.
    pub credit: Uuid,
    /// How much.
    pub amount: Amount,
    /// Posted of both sides after it.
    pub posted: (Amount, Amount),
}

/// How many entries [`movements`] looks at in one go.
pub const MOVEMENTS_WINDOW: u64 = 8_192;

/// Movements of the entries in the window that begins at `from`, in their order.
pub async fn movements(conn: &mut Conn, from: u64) -> Result<Vec<Movement>, Error> {
    let sql = "SELECT entry, id, debit_id, credit_id, amount, debit_posted, credit_posted FROM operations \
               WHERE entry + 0 >= $1 AND entry + 0 < $2 AND debit_posted IS NOT NULL ORDER BY entry + 0, id";
    let range = [int(from).into(), int(from + MOVEMENTS_WINDOW).into()];
    let rows = conn.all(sql, &range).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Movement {
                entry: row.unsigned(0)?,
                id: row.uuid(1)?,
                debit: row.uuid(2)?,
                credit: row.uuid(3)?,
                amount: amount(row.clone(), 4)?,
                posted: (amount(row.clone(), 5)?, amount(row, 6)?),
            })
        })
        .collect()
}

/// The reversals of operations: what was reversed, and by which.
pub async fn reversals(conn: &mut Conn, operations: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let keys: Vec<Val> = operations.iter().map(|id| Val::Uuid(*id)).collect();
    let sql = "SELECT reverses_id, id FROM operations WHERE reverses_id";
    let rows = conn.keyed(sql, Kind::Uuid, &keys, Lock::None).await?;
    rows.iter().map(|row| Ok((row.uuid(0)?, row.uuid(1)?))).collect()
}

/// Operations whose first transaction's output is another's too, as it was possible while an output was known by the
/// spelling of its hash: each with what it names. What failed, was cancelled or was reversed is left out.
pub async fn twins(conn: &mut Conn) -> Result<Vec<(OutputKey, Uuid)>, Error> {
    const IN_FORCE: &str = "tx_hash IS NOT NULL AND status NOT IN ('failed', 'cancelled') \
                            AND id NOT IN (SELECT reverses_id FROM operations WHERE reverses_id IS NOT NULL)";
    const ALIKE: &str = "replace(lower(replace(tx_hash, ' ', '')), '0x', ''), coalesce(output, -1)";
    let sql = format!(
        "SELECT id, chain, tx_hash, output FROM operations WHERE {IN_FORCE} AND ({ALIKE}) IN \
         (SELECT {ALIKE} FROM operations WHERE {IN_FORCE} GROUP BY {ALIKE} HAVING count(*) > 1) ORDER BY id"
    );
    let mut found = Vec::new();
    for row in conn.all(&sql, &[]).await? {
        let output = match row.0.get(3) {
            None | Some(Val::Null) => None,
            Some(_) => Some(row.unsigned(3)?),
        };
        let chain = row.optional_text(1)?.unwrap_or_default();
        found.push((OutputKey::of(chain, row.text(2)?, output), row.uuid(0)?));
    }
    found.sort_unstable();
    let alone = |at: usize, found: &[(OutputKey, Uuid)]| {
        let same = |other: Option<&(OutputKey, Uuid)>| other.is_some_and(|other| other.0 == found[at].0);
        !same(at.checked_sub(1).and_then(|before| found.get(before))) && !same(found.get(at + 1))
    };
    let twins = (0..found.len()).filter(|at| !alone(*at, &found));
    Ok(twins.map(|at| found[at].clone()).collect())
}
