//! Waiting until an approval is decided.

use std::time::Duration;

use domain::approval::ApprovalStatus;
use tokio::time::Instant;
use uuid::Uuid;

use super::ApprovalView;
use crate::engine::Engine;
use crate::error::Error;

impl Engine {
    /// How many wait for approvals.
    pub fn waiting_for_approvals(&self) -> usize {
        self.shared().waits.count()
    }

    /// Waits until an approval is not pending any more, for so long at most. Where too many wait already, or there is no such
    /// approval, it returns at once.
    pub async fn wait_for_approval(&self, id: Uuid, longest: Duration) -> Result<(), Error> {
        let Some(waiter) = self.shared().waits.join(id) else {
            return Ok(());
        };
        let until = Instant::now() + longest;
        loop {
            // Before the row is read, so that nothing that is written meanwhile is missed.
            let woken = waiter.woken.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let Some(ApprovalView { approval, .. }) = self.approval(id).await? else {
                return Ok(());
            };
            if approval.status != ApprovalStatus::Pending || Instant::now() >= until {
                return Ok(());
            }
            let left = approval.expires_at.micros() - self.now().micros();
            let expiry = Duration::from_micros(u64::try_from(left).unwrap_or(0).saturating_add(1_000));
            let expiry = Instant::now().checked_add(expiry).unwrap_or(until);
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(until.min(expiry)) => {}
            }
        }
    }
}
