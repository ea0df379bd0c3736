//! Beginning conversations.

use super::{Conversation, ConversationStatus, KEEP, THREAD_LEN_MAX, check_context, check_title, reply};
use crate::custody::whose::{authorise_for, check_user};
use crate::prelude::*;

/// Begins a conversation. The same thread of the same user again is the same conversation, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateConversation {
    /// The caller's own id for it.
    pub id: Option<Uuid>,
    /// Whose.
    pub user: Uuid,
    /// Its name where it is held: 1 to 256 printable characters.
    pub thread: String,
    /// What people call it: 1 to 200 printable characters.
    pub title: Option<String>,
    /// What the application keeps with it, as canonical JSON of at most 64 KiB: an object.
    pub context: Option<String>,
}

impl CreateConversation {
    /// The conversation of this thread.
    fn known<'a>(&self, facts: &'a Facts) -> Option<&'a Sealed<Conversation>> {
        let mut all = facts.conversations.values();
        all.find(|known| known.row.user_id == self.user && known.row.thread.as_deref() == Some(&self.thread))
    }
}

impl Act for CreateConversation {
    act! {
        action: CONVERSATION_CREATE, changes_access: false, target: none,
        refusals: INVALID_FIELD, ID_CONFLICT, UNKNOWN_USER, USER_ERASED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER_RELIED_ON, self.user);
        needs.rows(&looks::CONVERSATION, self.id);
        needs.row(&looks::CONVERSATIONS_OF_THREAD, self.thread.as_str());
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let authority = authorise_for(self.user, by.who, KEEP.0, KEEP.1)?;
        own_id::check("id", self.id)?;
        check_text("thread_id", &self.thread, THREAD_LEN_MAX)?;
        check_title(self.title.as_deref())?;
        check_context(self.context.as_deref())?;
        if let Some(known) = self.known(facts) {
            return Ok(Decision::nothing(reply(known.row.clone(), known.version)));
        }
        if let Some(known) = self.id.and_then(|id| facts.conversations.get(&id)) {
            let own = by.who.user_id == Some(known.row.user_id);
            let may_read = own || by.who.holds(KEEP.0) || by.who.holds(Permission::WorkflowsRead);
            let field = if known.row.user_id == self.user {
                "thread_id"
            } else {
                "user"
            };
            return Err(own_id::conflict_seen(
                may_read,
                "conversation",
                known.row.id,
                field,
            ));
        }
        check_user(facts, self.user)?;
        let conversation = Conversation {
            id: self.id.unwrap_or_else(|| ctx.id(1)),
            user_id: self.user,
            thread: Some(self.thread.clone()),
            title: self.title.clone(),
            context: self.context.clone(),
            status: ConversationStatus::Active,
            created_by: by.who.user_id,
            created_at: ctx.now,
            updated_at: ctx.now,
            ended_at: None,
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.insert(conversation.clone());
        let draft = change.draft(Self::ACTION.name, "conversation", conversation.id);
        Ok(Decision::one(reply(conversation, 1), draft))
    }

    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        Unmade::about(facts, Some(self.user))
    }
}
