//! Changing what a conversation holds.

use super::{Conversation, check_active, check_context, check_title, find, reply};
use crate::prelude::*;

/// Changes what a conversation holds; what is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateConversation {
    /// Which.
    pub conversation: Uuid,
    /// The version that the change depends on.
    pub version: Option<u64>,
    /// What people call it.
    pub title: Option<Option<String>>,
    /// What the application keeps with it, as canonical JSON.
    pub context: Option<Option<String>>,
}

impl Act for UpdateConversation {
    act! {
        action: CONVERSATION_UPDATE, changes_access: false, target: "conversation" = conversation,
        refusals: INVALID_FIELD, UNKNOWN_CONVERSATION, VERSION_MISMATCH, CONVERSATION_ENDED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::CONVERSATION, self.conversation);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (before, authority) = find(facts, self.conversation, by.who)?;
        check_title(self.title.iter().flatten().next().map(String::as_str))?;
        check_context(self.context.iter().flatten().next().map(String::as_str))?;
        code::check_version("conversation", before.version, self.version)?;
        check_active(&before.row)?;
        let after = Conversation {
            title: self.title.clone().unwrap_or_else(|| before.row.title.clone()),
            context: self.context.clone().unwrap_or_else(|| before.row.context.clone()),
            ..before.row.clone()
        };
        if after == before.row {
            return Ok(Decision::nothing(reply(after, before.version)));
        }
        let after = Conversation {
            updated_at: ctx.now,
            ..after
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.alter(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "conversation", after.id);
        Ok(Decision::one(reply(after, before.version + 1), draft))
    }
}
