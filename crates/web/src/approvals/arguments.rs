//! What an approval is asked for: the arguments of Probity's own verbs are read as those verbs read them.

use domain::action;
use domain::code;
use domain::custody::operation::{Step, Transaction, steps};
use engine::custody::{NewStep, Proposal, StepKind};
use evidence::json::StrictObject;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::body;
use crate::call::Call;
use crate::custody::{absent, reads_all};
use crate::id::Id;
use crate::operations::Input;
use crate::problem::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    operation: Id,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolve {
    operation: Id,
    outcome: String,
    evidence: String,
}

/// Reads the arguments into their type, and names the one that does not fit.
fn typed<T: DeserializeOwned>(arguments: StrictObject) -> Result<T, Problem> {
    body::object(Value::Object(arguments.0).to_string().as_bytes()).map_err(|problem| Problem {
        // Line and column would be of another text than the caller's.
        place: None,
        ..within(problem)
    })
}

/// A problem of the arguments, whose fields are members of them.
fn within(mut problem: Problem) -> Problem {
    problem.field = Some(match problem.field.take() {
        Some(field) if field.starts_with("arguments") => field,
        Some(field) => format!("arguments.{field}"),
        None => "arguments".to_owned(),
    });
    problem
}

/// A step of an operation, which the caller must be allowed to see.
async fn step(call: &Call, operation: Uuid, step: Step) -> Result<Proposal, Problem> {
    let found = call.app.engine.operation(operation).await?;
    let own = Some(call.identity()?.user.id);
    let all = reads_all(call)?;
    if !found.is_some_and(|view| all || view.debit.user() == own || view.credit.user() == own) {
        let what = format_args!("operation {operation}");
        return Err(absent(&code::UNKNOWN_OPERATION, "arguments.operation", what));
    }
    Ok(Proposal::Step(NewStep {
        operation,
        version: None,
        kind: StepKind::Other(step),
    }))
}

/// What an approval of this verb with these arguments is asked for.
pub(super) async fn proposal(
    call: &Call,
    action: String,
    arguments: StrictObject,
) -> Result<Proposal, Problem> {
    if action == action::OPERATION_CREATE.name {
        for name in ["id", "approval", "linked"] {
            if arguments.0.contains_key(name) {
                let message = "is no part of what is approved: give it with the operation itself";
                return Err(Problem::field(format!("arguments.{name}"), message));
            }
        }
        let input: Input = typed(arguments)?;
        return Ok(Proposal::Operation(Box::new(input.asked(call)?)));
    }
    let transaction = Transaction::default();
    if action == action::OPERATION_START.name {
        let Start {
            operation: Id(operation),
        } = typed(arguments)?;
        let approval = None;
        return step(
            call,
            operation,
            Step::Start(steps::Start {
                transaction,
                approval,
            }),
        )
        .await;
    }
    if action == action::OPERATION_RESOLVE.name {
        let input: Resolve = typed(arguments)?;
        let completed = match input.outcome.as_str() {
            "completed" => true,
            "failed" => false,
            _ => return Err(Problem::field("arguments.outcome", "must be completed or failed")),
        };
        let resolve = Step::Resolve(steps::Resolve {
            completed,
            evidence: input.evidence,
            transaction,
            approval: None,
        });
        return step(call, input.operation.0, resolve).await;
    }
    Ok(Proposal::Other {
        action,
        arguments: Value::Object(arguments.0),
    })
}

/// What is wrong with what an approval is asked for.
pub(super) fn problem(error: engine::Error) -> Problem {
    match error {
        engine::Error::Refused { .. } => within(error.into()),
        error => error.into(),
    }
}
