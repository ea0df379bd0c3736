//! `probity audit hold release`: by a person.

use clap::Args;
use domain::audit::hold::ReleaseHold;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::person;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity audit hold release`.
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// Id of the legal hold
    hold: Uuid,
    /// Who releases it: a user, whose password is asked for
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Verb for ReleaseArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = person::needed(self.user.as_deref())?;
        let (hold, reason) = (self.hold, self.reason);
        let command = ReleaseHold { hold, reason };
        printout(&work.act(Some(user), command).await?)
    }
}
