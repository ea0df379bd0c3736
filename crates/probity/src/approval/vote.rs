//! `probity approval vote`: by a person.

use clap::{ArgGroup, Args};
use evidence::json::{StrictObject, canonical};
use serde_json::Value;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::person;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity approval vote`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("choice").args(["approve", "reject"]).required(true))]
pub struct VoteArgs {
    /// Id of the approval
    approval: Uuid,
    /// For it
    #[arg(long)]
    approve: bool,
    /// Against it
    #[arg(long, requires = "reason")]
    reject: bool,
    /// Why; needed against it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Against it: what to ask for instead, a JSON object; nothing is granted by it
    #[arg(long, value_name = "JSON", value_parser = parse::object, conflicts_with = "approve")]
    suggest: Option<StrictObject>,
    /// Who votes: a user, whose password is asked for
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
}

impl Verb for VoteArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = person::needed(self.user.as_deref())?;
        let suggested = self
            .suggest
            .map(|arguments| canonical(&Value::Object(arguments.0)));
        let vote = work
            .engine
            .prepare_vote(self.approval, self.approve, self.reason.clone(), suggested);
        printout(work, work.act(Some(user), vote.await?).await?).await
    }
}
