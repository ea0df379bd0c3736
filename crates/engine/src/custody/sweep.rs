//! The sweeper: writes down what the clock has already decided. Nothing waits for it: an expired hold no longer holds,
//! and an expired tier no longer counts, whether or not this has run. Several processes may sweep at once, since a
//! command that finds its work done writes nothing.

use std::time::Duration;

use domain::approval::{Approval, ExpireApprovals};
use domain::custody::kyc::{ExpireKyc, KycRecord};
use domain::custody::operation::{ExpireOperations, Operation};
use domain::workflow::execution::{ENDED_MAX, Execution, ExpireExecutions, Renewed};
use domain::{Caller, Command, Origin, Reply};
use store::conditions::{Condition, due, due_where};

use evidence::Timestamp;
use store::Conn;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::leases::leases;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);

/// Most things in one command.
const AT_ONCE: u32 = 500;

/// What a sweep wrote down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Operations whose hold has expired.
    pub operations: u64,
    /// KYC records that have expired.
    pub kyc_records: u64,
    /// Approvals that have expired.
    pub approvals: u64,
    /// Executions whose lease has lapsed, or whose agent was disabled.
    pub executions: u64,
}

impl Engine {
    /// Writes down everything whose time is over now.
    pub async fn sweep(&self) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        loop {
            let now = self.now();
            let (operations, records, approvals, executions) = {
                let mut conn = self.db().reader().await?;
                let operations = due::<Operation>(&mut conn, &["pending"], now, AT_ONCE).await?;
                let records = due::<KycRecord>(&mut conn, &["approved"], now, AT_ONCE).await?;
                let approvals = due::<Approval>(&mut conn, &["pending", "granted"], now, AT_ONCE).await?;
                let executions = lapsed(&mut conn, now).await?;
                let held = operations.iter().map(|due| (due.row.id, due.row.debit_id));
                let records = records.iter().map(|due| due.row.id);
                let approvals = approvals.iter().map(|due| due.row.id);
                (
                    held.collect::<Vec<_>>(),
                    records.collect::<Vec<_>>(),
                    approvals.collect::<Vec<_>>(),
                    executions,
                )
            };
            let found = [operations.len(), records.len(), approvals.len(), executions.len()];
            let full = found.contains(&(AT_ONCE as usize));
            let before = swept;
            swept.operations += self
                .expire(operations, &|operations| ExpireOperations { operations }.into())
                .await?;
            swept.kyc_records += self
                .expire(records, &|records| ExpireKyc { records }.into())
                .await?;
            swept.approvals += self
                .expire(approvals, &|approvals| ExpireApprovals { approvals }.into())
                .await?;
            swept.executions += self
                .expire(executions, &|executions| {
                    let agents = Vec::new();
                    ExpireExecutions { executions, agents }.into()
                })
                .await?;
            // Nothing done although something was due: another process was quicker, or a row was changed by hand.
            if !full || swept == before {
                break;
            }
        }
        swept.executions += self.stop_disabled().await?;
        Ok(swept)
    }

    /// Cancels what agents have running that are disabled: what did not fit the command that disabled them, and what began
    /// until it was written. How many executions that were.
    pub async fn stop_disabled(&self) -> Result<u64, Error> {
        let mut stopped = 0;
        loop {
            let (running, agents) = self.running_of(None).await?;
            let full = running.len() == ENDED_MAX;
            let stop = |executions| {
                let agents = agents.clone();
                ExpireExecutions { executions, agents }.into()
            };
            let done = self.expire(running, &stop).await?;
            stopped += done;
            if !full || done == 0 {
                return Ok(stopped);
            }
        }
    }

    /// Writes down that these have expired. One that was changed by hand is left as it is, and keeps no other waiting.
    async fn expire<T: Clone>(
        &self,
        due: Vec<T>,
        command: &(dyn Fn(Vec<T>) -> Command + Sync),
    ) -> Result<u64, Error> {
        if due.is_empty() {
            return Ok(0);
        }
        let caller = Caller::System { part: "expiry" };
        let alone = due.len() == 1;
        match self
            .submit(&caller, Origin::default(), command(due.clone()))
            .await
        {
            Ok(answer) => return Ok(expired(&answer.reply)),
            Err(error @ Error::Tampered { .. }) if alone => {
                tracing::warn!(%error, "its expiry was not written down");
                return Ok(0);
            }
            Err(Error::Tampered { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut count = 0;
        for one in due {
            count += Box::pin(self.expire(vec![one], command)).await?;
        }
        Ok(count)
    }
}

/// Executions whose lease has lapsed, with until when it was renewed.
async fn lapsed(conn: &mut Conn, now: Timestamp) -> Result<Vec<(Uuid, Renewed)>, Error> {
    let gone = [Condition::NotRenewed(now.into())];
    let due = due_where::<Execution>(conn, &["running"], &gone, now, AT_ONCE).await?;
    leases(conn, due.iter().map(|due| due.row.id).collect()).await
}

/// How many things a command says have expired.
fn expired(answer: &Reply) -> u64 {
    match answer {
        Reply::Operations(states) => states.len() as u64,
        Reply::Expired(expired) => *expired,
        _ => 0,
    }
}

/// Sweeps every few seconds, while the engine is there.
pub(crate) fn start(engine: &Engine) {
    let (shared, queue) = engine.parts();
    let (shared, queue) = (std::sync::Arc::downgrade(&shared), queue.downgrade());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(EVERY).await;
            let (Some(shared), Some(queue)) = (shared.upgrade(), queue.upgrade()) else {
                return;
            };
            if let Err(error) = Engine::from_parts(shared, queue).sweep().await {
                tracing::warn!(%error, "what has expired was not written down");
            }
        }
    });
}
