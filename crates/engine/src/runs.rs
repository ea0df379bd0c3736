//! How many executions there were in a time, and how they ended: from the counts that are kept of each day.

use std::collections::{BTreeMap, HashMap};

use domain::workflow::execution::{DayKey, DayOf, Execution, ExecutionDays, Runs};
use evidence::Timestamp;
use store::conditions::{Condition, due_where};
use store::side::{self, SeenKind};
use store::{Conn, executions};
use uuid::Uuid;

use crate::custody::sums::{Times, days, within};
use crate::engine::Engine;
use crate::error::Error;

/// The executions of a workflow, a DRAG mode or a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunsOf {
    /// How many there were.
    pub runs: Runs,
    /// The last day on which one was started.
    pub last_day: Timestamp,
}

/// By the name of the workflow or DRAG mode, or the user.
pub type RunsBy = BTreeMap<(Option<String>, Option<Uuid>), RunsOf>;

impl Engine {
    /// The executions that were started in a time, by the clock. Whole days are counted already; what is left of the first and
    /// the last one is counted now, and so are those whose lease has lapsed while nobody has written it down yet.
    pub async fn runs(&self, covers: DayOf, times: Times) -> Result<RunsBy, Error> {
        let mut conn = self.db().reader().await?;
        conn.begin_snapshot().await?;
        let counted = counted(&mut conn, covers, times, self.now()).await;
        conn.rollback().await?;
        let mut all = RunsBy::new();
        for (key, runs) in counted?.0 {
            let DayKey {
                covers: by,
                name,
                user,
                day,
            } = key;
            if by == covers && runs != Runs::default() {
                let sum = all.entry((name, user)).or_default();
                (sum.runs, sum.last_day) = (sum.runs.and(runs), sum.last_day.max(day));
            }
        }
        Ok(all)
    }
}

async fn counted(
    conn: &mut Conn,
    covers: DayOf,
    times: Times,
    now: Timestamp,
) -> Result<ExecutionDays, Error> {
    let mut all = ExecutionDays::default();
    let (whole, mut parts) = days(times);
    if executions::has_days(conn).await? {
        all.0.extend(executions::days(conn, covers, whole).await?);
    } else {
        parts = vec![times];
    }
    for part in parts {
        all.take(executions::count(conn, part).await?);
    }
    let gone = [Condition::NotRenewed(now.into())];
    let lapsed = due_where::<Execution>(conn, &["running"], &gone, now, u32::MAX).await?;
    let ids: Vec<Uuid> = lapsed.iter().map(|sealed| sealed.row.id).collect();
    let renewed: HashMap<_, _> = side::seen(conn, SeenKind::Lease, &ids)
        .await?
        .into_iter()
        .collect();
    for row in lapsed.into_iter().map(|sealed| sealed.row) {
        if within(row.started_at, times) {
            let until = renewed.get(&row.id).copied();
            all.change(Some(&row), &row.clone().as_of(until, now));
        }
    }
    Ok(all)
}
