//! Keeping how many executions there were on each day: what a batch changes of it is written once, with its last entry about
//! an execution. As with sums, it happens once the head is locked, or proven in the end to be the one that was known.

use domain::record::Sealed;
use domain::workflow::execution::{DayKey, ExecutionDay, ExecutionDays};
use domain::{Draft, Needs, RowWrite, looks};
use evidence::Salt;

use super::Signer;
use super::cache::Cache;
use super::link::Way;
use super::needed;
use crate::error::Error;
use crate::random;

/// Adds what changes of the days to the last entry that changes an execution.
pub(super) async fn fold(
    way: &mut Way<'_>,
    cache: &mut Cache,
    signer: &Signer,
    mut days: ExecutionDays,
    drafts: &mut [&mut Draft],
) -> Result<(), Error> {
    let Some(draft) = drafts.iter_mut().rev().find(|draft| writes_executions(draft)) else {
        return Ok(());
    };
    let mut needs = Needs::default();
    needs.rows(&looks::EXECUTION_DAY, days.0.keys().map(DayKey::id));
    let there = needed::facts(way, cache, signer, &needs).await?.execution_days;
    if there.is_empty() && !store::executions::has_days(way.conn()?).await? {
        // Executions are older than the days: what the batch itself writes is not there yet.
        days.take(store::executions::count(way.conn()?, (None, None)).await?);
    }
    let row = |(key, runs)| {
        let before = there.get(&DayKey::id(&key));
        let before_runs = before.map(|day| day.row.runs()).unwrap_or_default();
        Ok(RowWrite::from(Sealed {
            row: ExecutionDay::of(key, before_runs.and(runs)),
            version: before.map_or(0, |day| day.version) + 1,
            entry: 0,
            salt: Salt(random::array::<16>()?),
        }))
    };
    let rows = days.0.into_iter().map(row).collect::<Result<_, Error>>()?;
    draft.derive(rows).map_err(|error| {
        let message = format!("a payload does not read back: {error}");
        Error::problem(message, "report this as a bug")
    })
}

fn writes_executions(draft: &Draft) -> bool {
    let mut writes = draft.writes.iter();
    writes.any(|write| matches!(write, RowWrite::Execution(_)))
}
