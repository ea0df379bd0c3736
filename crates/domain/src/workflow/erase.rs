//! What goes with a user: rows stay, with who did what when; what they hold goes.

use uuid::Uuid;

use super::conversation::{Conversation, ConversationStatus};
use super::execution::{Execution, Renewed};
use crate::approval;
use crate::change::Change;
use crate::code;
use crate::context::Context;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// Erases what these hold, which are all of the user.
pub(crate) fn erase(
    change: &mut Change<'_>,
    facts: &Facts,
    user: Uuid,
    content: &[(Uuid, Renewed)],
    ctx: &Context,
) -> Result<(), Refusal> {
    for (id, number) in content.iter().map(|(id, _)| id).zip(0_u32..) {
        if approval::erase(change, facts, user, *id, (number, ctx)) {
            continue;
        }
        if let Some(before) = facts.executions.get(id).filter(|found| found.row.user_id == user) {
            change.overwrite(before, without_content(&before.row));
            continue;
        }
        if let Some(before) = facts.steps.get(id).filter(|found| found.row.user_id == user) {
            change.overwrite(before, before.row.erased());
            continue;
        }
        let of_others = || {
            let message = format!("{id} is no conversation, execution, step, approval or vote of this user");
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
                updated_at: ctx.now,
                ended_at: before.row.ended_at.or(Some(ctx.now)),
                ..before.row.clone()
            },
        );
    }
    Ok(())
}

/// An execution without what it was given and what it gave.
fn without_content(before: &Execution) -> Execution {
    Execution {
        actor: None,
        input: None,
        mission: None,
        result: None,
        error: None,
        told: None,
        ..before.clone()
    }
}
