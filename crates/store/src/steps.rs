//! Steps of executions.

use domain::record::{Record as _, Sealed, Val};
use domain::workflow::step::ExecutionStep;
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
    let names = sealed::column_names(ExecutionStep::TABLE);
    let names = names.iter().map(|name| match *name {
        "input" | "output" => "CAST(NULL AS text)",
        name => name,
    });
    let names: Vec<&str> = names.collect();
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
    let sql = format!(
        "SELECT {} FROM execution_steps{} ORDER BY {order} LIMIT {}",
        names.join(", "),
        of.clause(),
        of.arg(i64::from(limit))
    );
    let rows = conn.all(&sql, of.args()).await?;
    rows.into_iter().map(sealed::decode).collect()
}

/// Steps of an execution of which something is kept that goes with the user.
pub async fn held(conn: &mut Conn, execution: Uuid, limit: u32) -> Result<Vec<Uuid>, Error> {
    let args: [Val; 2] = [execution.into(), i64::from(limit).into()];
    let sql = "SELECT id FROM execution_steps WHERE execution_id = $1 AND content_salt IS NOT NULL \
               ORDER BY number LIMIT $2";
    let rows = conn.all(sql, &args).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}
