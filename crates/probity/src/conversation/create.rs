//! `probity conversation create`.

use clap::Args;
use domain::workflow::conversation::CreateConversation;
use evidence::json::{StrictObject, canonical};
use serde_json::Value;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity conversation create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Whose: user name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
    /// Its name where it is held: 1 to 256 characters
    thread: String,
    /// What people call it
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What the application keeps with it: a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    context: Option<StrictObject>,
    /// An id of your own for it
    #[arg(long)]
    id: Option<Uuid>,
    /// Say what would come of it, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Verb for CreateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let command = CreateConversation {
            id: self.id,
            user: work.user(&self.user).await?.row.id,
            thread: self.thread,
            title: self.title,
            context: self.context.map(|context| canonical(&Value::Object(context.0))),
        };
        printout(&work.submit_or_try(command, self.dry_run).await?, self.dry_run)
    }
}
