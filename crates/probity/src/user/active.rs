//! `probity user disable` and `probity user enable`.

use domain::identity::user::{DisableUser, EnableUser};

use super::{Who, printout};
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Disables a user.
pub struct Disable(pub Who);

/// Enables a user.
pub struct Enable(pub Who);

impl Verb for Disable {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = self.0.found(work).await?.row.id;
        let answer = work.submit(DisableUser { user }).await?;
        printout(&answer, |name| match answer.entry {
            Some(_) => format!("User {name} is disabled: its sessions ended, its keys are refused."),
            None => format!("User {name} was disabled already."),
        })
    }
}

impl Verb for Enable {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = self.0.found(work).await?.row.id;
        let answer = work.submit(EnableUser { user }).await?;
        printout(&answer, |name| match answer.entry {
            Some(_) => format!("User {name} is enabled."),
            None => format!("User {name} was enabled already."),
        })
    }
}
