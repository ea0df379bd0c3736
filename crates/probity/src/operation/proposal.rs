//! Asking for the approval of an operation or step instead of carrying it out.

use domain::approval::RequestApproval;
use engine::custody::Proposal;

use crate::approval;
use crate::failure::Failure;
use crate::verb::{Printout, Work};

/// Asks for the approval of exactly this.
pub async fn request(work: &Work<'_>, proposal: Proposal, reason: String) -> Result<Printout, Failure> {
    let (action, arguments, quorum) = work.engine.approval_arguments(proposal).await?;
    let command = RequestApproval {
        id: None,
        action,
        arguments,
        reason: Some(reason),
        quorum,
        expires_at: None,
        execution: None,
    };
    approval::printout(work, work.submit(command).await?).await
}
