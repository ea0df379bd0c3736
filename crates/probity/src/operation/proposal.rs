//! Asking for the approval of an operation or step instead of carrying it out.

use domain::Command;
use domain::approval::RequestApproval;
use engine::Engine;
use engine::custody::Proposal;

use crate::approval;
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};

/// Asks for the approval of exactly this.
pub async fn request(
    context: &Context,
    engine: &Engine,
    proposal: Proposal,
    reason: &str,
) -> Result<Exit, Failure> {
    let (action, arguments, quorum) = engine.approval_arguments(proposal).await?;
    let command = Command::RequestApproval(RequestApproval {
        id: None,
        action,
        arguments,
        reason: Some(reason.to_owned()),
        quorum,
        expires_at: None,
    });
    let answer = engine.submit(&caller(), origin(), command).await?;
    approval::say(context, engine, &answer).await?;
    Ok(Exit::Ok)
}
