//! Executions in the order in which they were started, and how many there were on each day.

use std::collections::BTreeSet;

use domain::record::{Kind, Val};
use domain::workflow::execution::{DayKey, DayOf, ExecutionDays, ExecutionStatus, Run, Runs};
use evidence::Timestamp;
use evidence::payload::DragMode;
use uuid::Uuid;

use crate::conditions::Where;
use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::row::Row;

/// Executions counted at a time.
const CHUNK: u32 = 5_000;

/// A time between two moments, either of which may be missing.
pub type Times = (Option<Timestamp>, Option<Timestamp>);

/// Which of these executions there are.
pub async fn there(conn: &mut Conn, ids: &[Uuid]) -> Result<BTreeSet<Uuid>, Error> {
    let ids: Vec<Val> = ids.iter().map(|id| Val::Uuid(*id)).collect();
    let rows = conn
        .keyed("SELECT id FROM executions WHERE id", Kind::Uuid, &ids, Lock::None)
        .await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

/// What an agent has running, or where none is named, what agents have running that are disabled: the executions, each with
/// its agent, at most so many.
pub async fn running_of(
    conn: &mut Conn,
    agent: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let mut all = Where::default();
    // As the index on what runs has it.
    all.write("status = 'running' AND agent_id IS NOT NULL", []);
    match agent {
        Some(agent) => all.write("agent_id = ?", [agent.into()]),
        None => all.write("agent_id IN (SELECT id FROM agents WHERE NOT active)", []),
    }
    let limit = all.arg(i64::from(limit));
    let sql = format!(
        "SELECT id, agent_id FROM executions{} ORDER BY id LIMIT {limit}",
        all.clause()
    );
    let rows = conn.all(&sql, all.args()).await?;
    rows.iter().map(|row| Ok((row.uuid(0)?, row.uuid(1)?))).collect()
}

/// Whether days are kept.
pub async fn has_days(conn: &mut Conn) -> Result<bool, Error> {
    Ok(conn
        .opt("SELECT id FROM execution_days LIMIT 1", &[])
        .await?
        .is_some())
}

/// What the days count together that begin at a time or later, and before another one; each with the last of its days.
pub async fn days(conn: &mut Conn, covers: DayOf, (from, to): Times) -> Result<Vec<(DayKey, Runs)>, Error> {
    let mut all = Where::default();
    all.write("covers = ?", [covers.as_str().into()]);
    all.given("day >= ?", from);
    all.given("day < ?", to);
    // A day from which all have moved away counts nothing.
    all.write("running + completed + failed + cancelled > ?", [Val::Int(0)]);
    let sums = ["running", "completed", "failed", "cancelled", "micros"]
        .map(|column| format!("CAST(sum({column}) AS bigint)"))
        .join(", ");
    let clause = all.clause();
    let sql =
        format!("SELECT name, user_id, max(day), {sums} FROM execution_days{clause} GROUP BY name, user_id");
    let rows = conn.all(&sql, all.args()).await?;
    let sum = |row: &Row| {
        let key = DayKey {
            covers,
            name: row.optional_text(0)?.map(str::to_owned),
            user: row.optional_uuid(1)?,
            day: row.time(2)?,
        };
        let runs = Runs {
            running: row.int(3)?,
            completed: row.int(4)?,
            failed: row.int(5)?,
            cancelled: row.int(6)?,
            micros: row.int(7)?,
        };
        Ok((key, runs))
    };
    rows.iter().map(sum).collect()
}

/// Counts every execution that was started in a time.
pub async fn count(conn: &mut Conn, (from, to): Times) -> Result<ExecutionDays, Error> {
    let mut days = ExecutionDays::default();
    let mut after: Option<(Timestamp, Uuid)> = None;
    loop {
        let mut all = Where::default();
        all.given("started_at >= ?", from);
        all.given("started_at < ?", to);
        if let Some((at, id)) = after {
            all.write("(started_at, id) > (?, ?)", [at.into(), id.into()]);
        }
        let limit = all.arg(Val::Int(CHUNK.into()));
        let clause = all.clause();
        let sql = format!(
            "SELECT started_at, id, workflow, drag_mode, user_id, status, finished_at FROM executions{clause} \
             ORDER BY started_at, id LIMIT {limit}"
        );
        let rows = conn.all(&sql, all.args()).await?;
        for row in &rows {
            after = Some((row.time(0)?, row.uuid(1)?));
            days.add(&run(row)?);
        }
        if rows.len() < CHUNK as usize {
            return Ok(days);
        }
    }
}

fn run(row: &Row) -> Result<Run, Error> {
    let wrong = |column: &str| Error::data(format!("executions.{column} is not a word that is known"));
    let mode = row.optional_text(3)?;
    Ok(Run {
        started_at: row.time(0)?,
        workflow: row.text(2)?.to_owned(),
        drag_mode: mode
            .map(|word| DragMode::parse(word).ok_or_else(|| wrong("drag_mode")))
            .transpose()?,
        user: row.uuid(4)?,
        status: ExecutionStatus::parse(row.text(5)?).ok_or_else(|| wrong("status"))?,
        finished_at: row.optional_time(6)?,
    })
}
