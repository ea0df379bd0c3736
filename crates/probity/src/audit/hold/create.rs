//! `probity audit hold create`.

use clap::Args;
use domain::audit::hold::CreateHold;
use evidence::Timestamp;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity audit hold create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Entries by this actor
    #[arg(long, value_name = "TEXT")]
    actor: Option<String>,
    /// Entries about this target
    #[arg(long, value_name = "TEXT")]
    target: Option<String>,
    /// Entries by or about this user, its keys and agents: name, id or e-mail address
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Entries recorded or of what happened then or later: 2026-11-21T08:30:00Z, 2026-11-21, or 7d ago
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    from: Option<Timestamp>,
    /// Entries recorded or of what happened before then
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    to: Option<Timestamp>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// An id of your own: the same id with the same content is the same hold
    #[arg(long)]
    id: Option<Uuid>,
}

impl Verb for CreateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = match &self.user {
            Some(user) => Some(work.user(user).await?.row.id),
            None => None,
        };
        let command = CreateHold {
            id: self.id,
            actor: self.actor,
            target: self.target,
            user,
            since: self.from,
            until: self.to,
            reason: self.reason,
        };
        printout(&work.submit(command).await?)
    }
}
