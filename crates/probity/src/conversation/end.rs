//! `probity conversation end`.

use clap::Args;
use domain::workflow::conversation::EndConversation;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity conversation end`.
#[derive(Debug, Args)]
pub struct EndArgs {
    /// Id of the conversation
    conversation: Uuid,
    /// Say what would come of it, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Verb for EndArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let command = EndConversation {
            conversation: self.conversation,
        };
        printout(&work.submit_or_try(command, self.dry_run).await?, self.dry_run)
    }
}
