//! What came of each operation of a list.

use domain::decision::OperationState;
use domain::{Refusal, code};

use crate::error::Error;
use crate::writer::Answer;

/// An operation that was made, or found made.
pub type Made = OperationState;

/// What came of one operation of a list.
pub type StepOutcome = Result<Made, Error>;

/// The refusal of a linked operation, named by its place in the chain.
pub(super) fn within(error: Error, position: usize) -> Error {
    match error {
        Error::Refused { mut refusal, entry } => {
            refusal.position = u16::try_from(position).ok();
            Error::Refused { refusal, entry }
        }
        other => other,
    }
}

/// Gives every operation of a chain its own answer: the one that was refused its refusal, the others that they fell
/// with it.
pub(super) fn spread(
    answer: Result<Answer, Error>,
    length: usize,
    outcomes: &mut Vec<StepOutcome>,
) -> Result<(), Error> {
    match answer {
        Ok(answer) => outcomes.extend(answer.typed::<Vec<Made>>()?.reply.into_iter().map(Ok)),
        Err(error) if length == 1 => outcomes.push(Err(error)),
        Err(Error::Refused { refusal, entry }) => {
            let culprit = refusal.position.map_or(0, usize::from);
            for position in 0..length {
                let refusal = if position == culprit {
                    // Its answer stands at its own place: the field needs no position.
                    let prefix = format!("[{culprit}].");
                    let field = refusal
                        .field
                        .as_deref()
                        .filter(|field| *field != &prefix[..prefix.len() - 1]);
                    Refusal {
                        field: field.map(|field| field.strip_prefix(&prefix).unwrap_or(field).to_owned()),
                        ..refusal.clone()
                    }
                } else {
                    let message = format!(
                        "the operation is linked with another one, which was refused: {}",
                        refusal.message
                    );
                    code::LINKED_FAILED.because(message)
                };
                outcomes.push(Err(Error::Refused { refusal, entry }));
            }
        }
        Err(other) => return Err(other),
    }
    Ok(())
}
