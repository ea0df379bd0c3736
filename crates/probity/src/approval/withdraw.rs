//! `probity approval withdraw`.

use clap::Args;
use domain::approval::WithdrawApproval;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity approval withdraw`.
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// Id of the approval
    approval: Uuid,
    /// As this user, who asked for it, and whose password is asked for
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
}

impl Verb for WithdrawArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let command = WithdrawApproval {
            approval: self.approval,
        };
        printout(work, work.act(self.user.as_deref(), command).await?).await
    }
}
