//! The sweeper: writes down what the clock has already decided. Nothing waits for it: an expired hold no longer holds,
//! and an expired tier no longer counts, whether or not this has run. Several processes may sweep at once, since a
//! command that finds its work done writes nothing.

use std::time::Duration;

use domain::{Caller, Command, Origin, Reply};

use crate::engine::Engine;
use crate::error::Error;
use crate::random;

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
}

impl Engine {
    /// Writes down what is past its time now.
    pub async fn sweep(&self) -> Result<Swept, Error> {
        let caller = Caller::System { part: "expiry" };
        let mut swept = Swept::default();
        loop {
            let now = random::now();
            let (operations, records, approvals) = {
                let mut conn = self.db().reader().await?;
                (
                    store::custody::due_operations(&mut conn, now, AT_ONCE).await?,
                    store::custody::due_kyc(&mut conn, now, AT_ONCE).await?,
                    store::custody::due_approvals(&mut conn, now, AT_ONCE).await?,
                )
            };
            let full = [operations.len(), records.len(), approvals.len()].contains(&(AT_ONCE as usize));
            let before = swept;
            if !operations.is_empty() {
                let command = Command::ExpireOperations(operations);
                let answer = self.submit(&caller, Origin::default(), command).await?;
                if let Reply::Operations(states) = answer.reply {
                    swept.operations += states.len() as u64;
                }
            }
            for (count, due, command) in [
                (
                    &mut swept.kyc_records,
                    !records.is_empty(),
                    Command::ExpireKyc(records),
                ),
                (
                    &mut swept.approvals,
                    !approvals.is_empty(),
                    Command::ExpireApprovals(approvals),
                ),
            ] {
                if due
                    && let Reply::Expired(expired) =
                        self.submit(&caller, Origin::default(), command).await?.reply
                {
                    *count += expired;
                }
            }
            // Nothing done although something was due: another process was quicker, or a row was changed by hand.
            if !full || swept == before {
                return Ok(swept);
            }
        }
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
