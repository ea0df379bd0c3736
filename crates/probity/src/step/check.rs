//! `probity step check`.

use clap::{ArgGroup, Args};
use domain::code;
use domain::workflow::step::{Content, ExecutionStep};
use evidence::json::Strict;
use serde_json::json;
use uuid::Uuid;

use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity step check`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("content").required(true).multiple(true)))]
pub struct CheckArgs {
    /// Id of the step
    step: Uuid,
    /// What is said to have gone in: any JSON
    #[arg(long = "in", value_name = "JSON", value_parser = content, group = "content")]
    went_in: Option<Content>,
    /// What is said to have come out: any JSON
    #[arg(long = "out", value_name = "JSON", value_parser = content, group = "content")]
    came_out: Option<Content>,
}

fn content(text: &str) -> Result<Content, String> {
    let value: Strict = serde_json::from_str(text).map_err(|error| format!("must be JSON: {error}"))?;
    Ok(Content::of(&value.0))
}

impl Verb for CheckArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let id = self.step;
        let absent = || engine::Error::from(code::UNKNOWN_STEP.absent(format_args!("step {id}"), "id"));
        let step = work
            .engine
            .row::<ExecutionStep>(id)
            .await?
            .ok_or_else(absent)?
            .row;
        let holds = |commitment: &Option<Vec<u8>>, given: &Option<Content>| {
            step.holds(commitment.as_deref(), given.as_ref()?.as_str())
        };
        let input = holds(&step.input_commitment, &self.went_in);
        let output = holds(&step.output_commitment, &self.came_out);
        let said = |what: &str, given: bool, holds: Option<bool>| {
            let verdict = match holds {
                Some(true) => "is what the entry commits to",
                Some(false) => "is not what the entry commits to",
                None => "can no longer be checked, or never could",
            };
            given.then(|| format!("The {what} {verdict}."))
        };
        let sentences = [
            said("input", self.went_in.is_some(), input),
            said("output", self.came_out.is_some(), output),
        ];
        let sentences: Vec<_> = sentences.into_iter().flatten().collect();
        let shown = json!({"input": input, "output": output});
        // What can no longer be checked is not confirmed either.
        let confirmed = |given: &Option<Content>, holds| given.is_none() || holds == Some(true);
        let denies = !(confirmed(&self.went_in, input) && confirmed(&self.came_out, output));
        Ok(Printout::noted(false, shown, &sentences.join("\n")).denying(denies))
    }
}
