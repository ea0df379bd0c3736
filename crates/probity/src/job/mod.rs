//! `probity job`: a file per verb.

mod list;
mod run;

use engine::Engine;
use jobs::Jobs;

use crate::context::Context;
use crate::verb::{NoArgs, verbs};

verbs! {
    /// What can be done about jobs.
    JobCommand {
        /// List jobs: when each is due, and how it went last
        #[command(after_help = "Example:\n  probity job list")]
        List(NoArgs) => list::run,
        /// Run a job here and now, whichever process leads
        #[command(after_help = "Exit codes: 0 it did what it is for, 1 it did not, 2 it could not run.\n\n\
            Example:\n  probity job run backup")]
        Run(run::RunArgs) => run::run,
    }
}

/// The jobs of the settings.
pub fn of(context: &Context, engine: &Engine) -> Jobs {
    Jobs::new(engine.clone(), context.settings.config.job_settings())
}
