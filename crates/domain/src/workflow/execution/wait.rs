//! An execution waits while an approval of it is pending: its lease runs from when that is decided, or expires.

use super::{Execution, ExecutionStatus, Renewed, check_running, lease_end, unknown};
use crate::approval::{Approval, ApprovalStatus};
use crate::custody::whose::find_for;
use crate::prelude::*;
use crate::workflow::conversation::KEEP;

/// An execution for which an approval is asked, before and after: it has a whole lease once that has expired.
pub(crate) fn waiting<'a>(
    facts: &'a Facts,
    id: Uuid,
    renewed: Renewed,
    who: &Principal,
    approval: &Approval,
    now: Timestamp,
) -> Result<(&'a Sealed<Execution>, Execution), Refusal> {
    let absent = || unknown(id, "execution");
    let (before, _) = find_for(&facts.executions, id, |row| row.user_id, who, KEEP, absent)?;
    check_running(&before.row.clone().as_of(renewed, now))?;
    let until = lease_end(before.row.lease_s, approval.expires_at);
    let after = Execution {
        expires_at: before.row.expires_at.max(until),
        ..before.row.clone()
    };
    Ok((before, after))
}

/// Lets an execution go on whose approval is decided: it has a whole lease from now on, or from when the last of its
/// other approvals expires.
pub(crate) fn go_on(change: &mut Change<'_>, facts: &Facts, decided: &Approval, now: Timestamp) {
    let found = decided.execution_id.and_then(|id| facts.executions.get(&id));
    let Some(before) = found.filter(|found| found.row.status == ExecutionStatus::Running) else {
        return;
    };
    let others = facts
        .approvals
        .values()
        .map(|approval| &approval.row)
        .filter(|approval| {
            let pending = approval.status_at(now) == ApprovalStatus::Pending;
            pending && approval.id != decided.id && approval.execution_id == decided.execution_id
        });
    let waits_until = others.map(|approval| approval.expires_at).max().unwrap_or(now);
    let after = Execution {
        expires_at: lease_end(before.row.lease_s, waits_until),
        ..before.row.clone()
    };
    change.alter(before, after);
}
