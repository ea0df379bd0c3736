//! What goes with a user: rows stay, with who did what when; what they hold goes.

use evidence::time::Timestamp;
use uuid::Uuid;

use super::conversation::{Conversation, ConversationStatus};
use super::execution::{Execution, ExecutionStatus};
use crate::change::Change;
use crate::code;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// Erases what these hold, which are all of the user.
pub(crate) fn erase(
    change: &mut Change<'_>,
    facts: &Facts,
    user: Uuid,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<(), Refusal> {
    for id in ids {
        if let Some(before) = facts.executions.get(id).filter(|found| found.row.user_id == user) {
            change.overwrite(before, without_content(&before.row, now));
            continue;
        }
        if let Some(before) = facts.steps.get(id).filter(|found| found.row.user_id == user) {
            change.overwrite(before, before.row.erased());
            continue;
        }
        let of_others = || {
            let message = format!("{id} is no conversation, execution or step of this user");
            code::CONTENT_OF_OTHERS.because(message).field("content")
        };
        let conversation = facts.conversations.get(id);
        let conversation = conversation.filter(|found| found.row.user_id == user);
        let before = conversation.ok_or_else(of_others)?;
        // Their former contents are what is to be forgotten: no image before.
        change.overwrite(
            before,
            Conversation {
                thread: None,
                title: None,
                context: None,
                status: ConversationStatus::Ended,
                updated_at: now,
                ended_at: before.row.ended_at.or(Some(now)),
                ..before.row.clone()
            },
        );
    }
    Ok(())
}

/// An execution without what it was given and what it gave; one that goes on is cancelled, so that it gives nothing any
/// more.
fn without_content(before: &Execution, now: Timestamp) -> Execution {
    let running = before.status == ExecutionStatus::Running;
    Execution {
        actor: None,
        input: None,
        mission: None,
        result: None,
        error: None,
        status: if running {
            ExecutionStatus::Cancelled
        } else {
            before.status
        },
        finished_at: before.finished_at.or(Some(now)),
        ..before.clone()
    }
}
