//! Executions as the clock has them: leases are renewed past the Writer, since a heartbeat is no entry.

use std::collections::HashMap;

use domain::record::Sealed;
use domain::workflow::execution::{ENDED_MAX, Execution, ExecutionStatus, Renewed, check_running};
use domain::workflow::step::ExecutionStep;
use evidence::Timestamp;
use store::conditions::{Condition, Order};
use store::side::SeenKind;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::leases::leases;

/// That an execution stands there at a moment, by the clock.
pub fn execution_stands(status: ExecutionStatus, now: Timestamp) -> Condition {
    let stored = |status: ExecutionStatus| Condition::Is("status", status.as_str().into());
    match status {
        ExecutionStatus::Running => Condition::All(vec![
            stored(status),
            Condition::Any(vec![
                Condition::After("expires_at", now.into()),
                Condition::Renewed(now.into()),
            ]),
        ]),
        ExecutionStatus::Failed => Condition::Any(vec![
            stored(status),
            Condition::All(vec![
                stored(ExecutionStatus::Running),
                Condition::Until("expires_at", now.into()),
                Condition::NotRenewed(now.into()),
            ]),
        ]),
        _ => stored(status),
    }
}

impl Engine {
    /// The steps of an execution that fulfil every condition, in the order of their numbers, behind this one, at most so
    /// many; with it, whether there are more. What went in and came out is left out.
    pub async fn steps(
        &self,
        execution: Uuid,
        conditions: &[Condition],
        order: Order,
        after: Option<u64>,
        limit: u32,
    ) -> Result<(Vec<Sealed<ExecutionStep>>, bool), Error> {
        let mut conn = self.db().reader().await?;
        let wanted = limit.saturating_add(1);
        let mut found = store::steps::steps(&mut conn, execution, conditions, order, after, wanted).await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        Ok((found, more))
    }

    /// Until when the leases of these executions were renewed; one that was not is missing.
    pub async fn renewals(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, Timestamp>, Error> {
        let mut conn = self.db().reader().await?;
        let leases = leases(&mut conn, ids.into_iter().collect()).await?;
        let renewed = leases
            .into_iter()
            .filter_map(|(id, renewed)| Some((id, renewed?)));
        Ok(renewed.collect())
    }

    /// What an agent has running, with until when its leases were renewed, as much as one command ends; where none is named,
    /// what agents have running that are disabled. With it, the agents.
    pub async fn running_of(&self, agent: Option<Uuid>) -> Result<(Vec<(Uuid, Renewed)>, Vec<Uuid>), Error> {
        let mut conn = self.db().reader().await?;
        let limit = u32::try_from(ENDED_MAX).unwrap_or(u32::MAX);
        let found = store::executions::running_of(&mut conn, agent, limit).await?;
        let (ids, mut agents): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        agents.sort_unstable();
        agents.dedup();
        Ok((leases(&mut conn, ids).await?, agents))
    }

    /// Until when the lease of an execution was renewed.
    pub async fn renewed(&self, id: Uuid) -> Result<Renewed, Error> {
        self.shared().leases.renewed(self.db(), id).await
    }

    /// Renews the lease of an execution from now on, unless it has ended. It is on disk before the answer.
    pub async fn renew(&self, execution: Execution) -> Result<(Execution, Renewed), Error> {
        let now = self.now();
        let renewed = self.renewed(execution.id).await?;
        check_running(&execution.clone().as_of(renewed, now))?;
        let until = now.plus_seconds(i64::try_from(execution.lease_s).unwrap_or(i64::MAX));
        self.limits().mark(SeenKind::Lease, execution.id, until).await?;
        let renewed = renewed.max(Some(until));
        Ok((execution, renewed))
    }
}
