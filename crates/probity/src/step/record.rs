//! `probity step record`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use domain::FieldError;
use domain::workflow::step::{RecordSteps, RecordedStep, StepKind};
use evidence::Outcome;
use serde_json::json;
use uuid::Uuid;
use views::StepBody;

use super::json_text;
use crate::audit::{outcome, read};
use crate::failure::Failure;
use crate::output::counted;
use crate::verb::{Printout, Verb, Work};

const HINT: &str = r#"a step has at least: {"kind":"tool","name":"search"}"#;

/// Arguments of `probity step record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Id of the execution
    execution: Uuid,
    /// What sort of step it is
    #[arg(long, value_name = "WORD", value_parser = PossibleValuesParser::new(StepKind::WORDS), required_unless_present = "json")]
    kind: Option<String>,
    /// What was called: a model, a tool, an agent
    #[arg(long, value_name = "TEXT", required_unless_present = "json")]
    name: Option<String>,
    /// What went in: any JSON
    #[arg(long = "in", value_name = "JSON", value_parser = json_text)]
    went_in: Option<String>,
    /// What came out: any JSON
    #[arg(long = "out", value_name = "JSON", value_parser = json_text)]
    came_out: Option<String>,
    /// success, refused or failed
    #[arg(long, value_parser = outcome, default_value = "success")]
    outcome: Outcome,
    /// Read the step with all that it can have, or a list of up to 1,000, as JSON from a file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "name", "went_in", "came_out"])]
    json: Option<PathBuf>,
    /// Say what would come of it, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl RecordArgs {
    /// What is to be recorded, and whether it came as a list.
    fn bodies(&self) -> Result<(Vec<StepBody>, bool), Failure> {
        if let Some(path) = &self.json {
            return read(path, HINT);
        }
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        // Numbers are read as they are written, which a value in between would not allow.
        let body = format!(
            r#"{{"kind":{},"name":{},"outcome":{},"input":{},"output":{}}}"#,
            json!(self.kind),
            json!(self.name),
            json!(self.outcome),
            text(&self.went_in),
            text(&self.came_out)
        );
        let body = serde_json::from_str(&body);
        let body = body.map_err(|error| Failure::no("malformed_json", error.to_string(), HINT))?;
        Ok((vec![body], false))
    }
}

impl Verb for RecordArgs {
    fn reads_file(&self) -> bool {
        self.json.is_some()
    }

    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let (bodies, list) = self.bodies()?;
        let done = self.record(work, bodies).await;
        done.map_err(|failure| if list { failure } else { without_place(failure) })
    }
}

/// A failure about the only step, which came in no list.
fn without_place(failure: Failure) -> Failure {
    let text = |text: String| text.replace("steps[0].", "");
    Failure {
        field: failure.field.map(text),
        message: text(failure.message),
        ..failure
    }
}

impl RecordArgs {
    async fn record(self, work: &Work<'_>, bodies: Vec<StepBody>) -> Result<Printout, Failure> {
        let asked = bodies.into_iter().zip(0..).map(|(body, place)| {
            let at = format!("steps[{place}]");
            body.asked()
                .map_err(|error: FieldError| engine::Error::from(error.within(&at)))
        });
        let steps = asked.collect::<Result<Vec<_>, _>>()?;
        let (execution, renewed) = (self.execution, work.engine.renewed(self.execution).await?);
        let command = RecordSteps {
            execution,
            renewed,
            steps,
            next: None,
        };
        let answer = work
            .submit_or_try::<(Uuid, u64, Vec<RecordedStep>)>(command, self.dry_run)
            .await?;
        let steps = &answer.reply.2;
        let count = counted(steps.len() as u64, "step", "steps");
        let shown = steps.iter().map(|step| {
            let mut shown = json!({"number": step.number});
            if !self.dry_run {
                shown["id"] = step.id.to_string().into();
            }
            if step.replayed {
                shown["replayed"] = true.into();
            }
            shown
        });
        let mut shown = json!({"execution": execution, "steps": shown.collect::<Vec<_>>()});
        if self.dry_run {
            shown["dry_run"] = true.into();
            let sentence = format!("{count} would be recorded.");
            return Ok(Printout::noted(false, shown, &sentence));
        }
        let first = steps.first().map(|step| step.id.to_string()).unwrap_or_default();
        let sentence = format!("Recorded {count} of execution {execution}.");
        Ok(Printout::sentence(&answer, shown, &sentence).with(&[("First", first)]))
    }
}
