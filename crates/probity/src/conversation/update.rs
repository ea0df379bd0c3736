//! `probity conversation update`.

use clap::{ArgGroup, Args};
use domain::workflow::conversation::UpdateConversation;
use evidence::json::{StrictObject, canonical};
use serde_json::Value;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity conversation update`.
#[derive(Debug, Args)]
#[command(override_usage = "probity conversation update [OPTIONS] <CONVERSATION>")]
#[command(group = ArgGroup::new("change").args(["title", "no_title", "context", "no_context"]).required(true).multiple(true))]
pub struct UpdateArgs {
    /// Id of the conversation
    conversation: Uuid,
    /// What people call it
    #[arg(long, value_name = "TEXT", conflicts_with = "no_title")]
    title: Option<String>,
    /// No title any more
    #[arg(long)]
    no_title: bool,
    /// What the application keeps with it, in the place of the former: a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse::object, conflicts_with = "no_context")]
    context: Option<StrictObject>,
    /// No context any more
    #[arg(long)]
    no_context: bool,
    /// Say what would come of it, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Verb for UpdateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let context = self.context.map(|context| canonical(&Value::Object(context.0)));
        let command = UpdateConversation {
            conversation: self.conversation,
            version: None,
            title: (self.no_title || self.title.is_some()).then_some(self.title),
            context: (self.no_context || context.is_some()).then_some(context),
        };
        printout(&work.submit_or_try(command, self.dry_run).await?, self.dry_run)
    }
}
