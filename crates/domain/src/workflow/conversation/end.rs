//! Ending conversations.

use super::{Conversation, ConversationStatus, find, reply};
use crate::prelude::*;

/// Ends a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndConversation {
    /// Which.
    pub conversation: Uuid,
}

impl Act for EndConversation {
    act! {
        action: CONVERSATION_END, changes_access: false, target: "conversation" = conversation,
        refusals: UNKNOWN_CONVERSATION
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::CONVERSATION, self.conversation);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (before, authority) = find(facts, self.conversation, by.who)?;
        if before.row.status == ConversationStatus::Ended {
            return Ok(Decision::nothing(reply(before.row.clone(), before.version)));
        }
        let after = Conversation {
            status: ConversationStatus::Ended,
            updated_at: ctx.now,
            ended_at: Some(ctx.now),
            ..before.row.clone()
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.alter(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "conversation", after.id);
        Ok(Decision::one(reply(after, before.version + 1), draft))
    }
}
