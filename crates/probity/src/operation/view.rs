//! Operations as they are shown.

use domain::Command;
use domain::custody::OperationStatus;
use engine::custody::{Made, Named};
use views::{OperationView, Viewer};

use crate::account::People;
use crate::failure::Failure;
use crate::output;
use crate::verb::{Printout, Work, json};

/// Carries out a command about an operation, or tries it, and says what became of the operation, or would. `named` has the
/// balances of a new one, which may not be open.
pub async fn printout(
    work: &Work<'_>,
    command: impl Into<Command>,
    named: Option<Named>,
    dry: bool,
) -> Result<Printout, Failure> {
    // A list is for other commands: this is about one operation, or a capture, which answers with itself.
    let mut made = work.submit_or_try::<Vec<Made>>(command, dry).await?.reply;
    let unanswered = || engine::Error::problem("an operation was answered with none", "report this as a bug");
    let made = made.pop().ok_or_else(unanswered)?;
    let replayed = made.replayed;
    let read = match named {
        Some(named) => work.engine.view_made(made, &named).await?,
        None => work.engine.view_stepped(made).await?,
    };
    let operation = &read.operation;
    let mut people = People::default();
    let sentence = format!(
        "{} of {} from {} to {} {} {}.",
        output::capital(operation.kind.as_str()),
        read.asset.words(operation.amount),
        people.account(work.engine, read.debit).await?,
        people.account(work.engine, read.credit).await?,
        if dry { "would be" } else { "is" },
        operation.status.as_str()
    );
    let mut pairs = Vec::new();
    if operation.held.is_positive() {
        pairs.push(("Holds", read.asset.words(operation.held)));
        let until = operation
            .expires_at
            .filter(|_| operation.status == OperationStatus::Pending);
        pairs.extend(until.map(|until| ("Until", output::moment(until))));
    }
    pairs.push(if dry {
        ("Id", "none: nothing is written".to_owned())
    } else {
        ("Id", operation.id.to_string())
    });
    let mut view = OperationView::of(read, Viewer::OPERATOR);
    if dry {
        view.leave_out_ids();
    }
    let mut json = json(&view)?;
    json["replayed"] = replayed.into();
    if dry {
        json["dry_run"] = true.into();
    }
    Ok(Printout::noted(replayed, json, &sentence).with(&pairs))
}
