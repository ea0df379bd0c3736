//! What goes with a user: rows stay, with who did what when; what they hold goes.

use evidence::time::Timestamp;
use uuid::Uuid;

use super::conversation::{Conversation, ConversationStatus};
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
        let of_others = || {
            let message = format!("{id} is no conversation of this user");
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
