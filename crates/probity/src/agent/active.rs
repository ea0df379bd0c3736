//! `probity agent disable` and `probity agent enable`.

use domain::governance::agent::{DisableAgent, EnableAgent};

use super::{Which, printout};
use crate::failure::Failure;
use crate::output::counted;
use crate::verb::{Printout, Verb, Work};

/// Disables an agent.
pub struct Disable(pub Which);

/// Enables an agent.
pub struct Enable(pub Which);

impl Verb for Disable {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let agent = self.0.found(work).await?;
        let (running, _) = work.engine.running_of(Some(agent)).await?;
        let mut ended = running.len() as u64;
        let disable = DisableAgent { agent, running };
        let answer = work.submit_or_try(disable, self.0.dry_run).await?;
        if !self.0.dry_run {
            ended += work.engine.stop_disabled().await?;
        }
        printout(&answer, |name| match answer.entry {
            Some(_) => {
                let runs = counted(ended, "run", "runs");
                let what = format!("its keys are refused, its approvals withdrawn, {runs} of it cancelled");
                format!("Agent {name} is disabled: {what}.")
            }
            None if self.0.dry_run => format!("Agent {name} could be disabled. Nothing was written."),
            None => format!("Agent {name} was disabled already."),
        })
    }
}

impl Verb for Enable {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let agent = self.0.found(work).await?;
        // What it has running since before it was disabled is not to go on.
        if !self.0.dry_run {
            work.engine.stop_disabled().await?;
        }
        let answer = work.submit_or_try(EnableAgent { agent }, self.0.dry_run).await?;
        printout(&answer, |name| match answer.entry {
            Some(_) => format!("Agent {name} is enabled."),
            None if self.0.dry_run => format!("Agent {name} could be enabled. Nothing was written."),
            None => format!("Agent {name} was enabled already."),
        })
    }
}
