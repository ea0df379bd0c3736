//! Steps of executions.

use domain::record::{Field as _, Record as _, Sealed, Val};
use domain::workflow::step::{ExecutionStep, Totals};
use uuid::Uuid;

use crate::conditions::{Condition, Order, Where};
use crate::conn::Conn;
use crate::error::Error;
use crate::sealed;

/// A page of the steps of an execution in the order of their numbers, behind this one. What went in and came out is left
/// out: it can be large.
pub async fn steps(
    conn: &mut Conn,
    execution: Uuid,
    conditions: &[Condition],
    order: Order,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<Sealed<ExecutionStep>>, Error> {
    let mut of = Where::default();
    of.write("execution_id = ?", [execution.into()]);
    for condition in conditions {
        of.add(condition);
    }
    let (beyond, order) = match order {
        Order::Ascending => ("number > ?", "number"),
        Order::Descending => ("number < ?", "number DESC"),
    };
    of.given(
        beyond,
        after.map(|number| i64::try_from(number).unwrap_or(i64::MAX)),
    );
    select(conn, of, order, limit).await
}

async fn select(
    conn: &mut Conn,
    mut of: Where,
    order: &str,
    limit: u32,
) -> Result<Vec<Sealed<ExecutionStep>>, Error> {
    let names = sealed::column_names(ExecutionStep::TABLE);
    let names = names.iter().map(|name| match *name {
        "input" | "output" => "CAST(NULL AS text)",
        name => name,
    });
    let sql = format!(
        "SELECT {} FROM execution_steps{} ORDER BY {order} LIMIT {}",
        names.collect::<Vec<_>>().join(", "),
        of.clause(),
        of.arg(i64::from(limit))
    );
    let rows = conn.all(&sql, of.args()).await?;
    rows.into_iter().map(sealed::decode).collect()
}

/// Steps of all executions, those of each in the order of their numbers, behind the one of this execution and number.
pub async fn all(
    conn: &mut Conn,
    after: Option<(Uuid, u64)>,
    limit: u32,
) -> Result<Vec<Sealed<ExecutionStep>>, Error> {
    let mut behind = Where::default();
    if let Some((execution, number)) = after {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        behind.write(
            "(execution_id, number) > (?, ?)",
            [execution.into(), number.into()],
        );
    }
    select(conn, behind, "execution_id, number", limit).await
}

/// What executions say of their steps, in the order of their ids, behind this one: how many, and what they used.
pub async fn said(
    conn: &mut Conn,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(Uuid, u64, Totals)>, Error> {
    let mut behind = Where::default();
    behind.given("id > ?", after);
    let limit = behind.arg(i64::from(limit));
    let clause = behind.clause();
    let sql =
        format!("SELECT id, coalesce(steps, 0), usage FROM executions{clause} ORDER BY id LIMIT {limit}");
    let row = |row: &crate::row::Row| {
        let usage = row
            .optional_text(2)?
            .map(|text| Totals::of_val(Val::Text(text.to_owned())));
        let usage = usage.transpose().map_err(Error::data)?;
        Ok((row.uuid(0)?, row.unsigned(1)?, usage.unwrap_or_default()))
    };
    conn.all(&sql, behind.args()).await?.iter().map(row).collect()
}

/// Steps of an execution of which something is kept that goes with the user.
pub async fn held(conn: &mut Conn, execution: Uuid, limit: u32) -> Result<Vec<Uuid>, Error> {
    let args: [Val; 2] = [execution.into(), i64::from(limit).into()];
    let sql = "SELECT id FROM execution_steps WHERE execution_id = $1 AND content_salt IS NOT NULL \
               ORDER BY number LIMIT $2";
    let rows = conn.all(sql, &args).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}
