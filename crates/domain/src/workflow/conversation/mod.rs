//! Conversations: what a user and agents say to each other goes by the id of a thread.

mod create;
mod end;
mod row;
#[cfg(test)]
pub(crate) mod tests;
mod update;

pub use create::CreateConversation;
pub use end::EndConversation;
pub use row::{CONTEXT_LEN_MAX, Conversation, ConversationStatus, THREAD_LEN_MAX, TITLE_LEN_MAX};
pub use update::UpdateConversation;

use uuid::Uuid;

use crate::code;
use crate::custody::whose::find_for;
use crate::decision::Reply;
use crate::identity::{Authority, Permission, Principal};
use crate::record::Sealed;
use crate::refusal::{FieldError, Refusal, check_object, check_text};
use crate::tables::Facts;

/// The permissions to keep what belongs to everybody, and what is one's own.
pub(crate) const KEEP: (Permission, Permission) = (Permission::WorkflowsWrite, Permission::WorkflowsOwn);

fn check_title(title: Option<&str>) -> Result<(), FieldError> {
    title.map_or(Ok(()), |title| check_text("title", title, TITLE_LEN_MAX))
}

fn check_context(context: Option<&str>) -> Result<(), FieldError> {
    context.map_or(Ok(()), |context| {
        check_object("context", context, CONTEXT_LEN_MAX)
    })
}

/// A conversation that the caller may change, with what allows it.
fn find<'a>(
    facts: &'a Facts,
    id: Uuid,
    who: &Principal,
) -> Result<(&'a Sealed<Conversation>, Authority), Refusal> {
    let unknown = || code::UNKNOWN_CONVERSATION.absent(format_args!("conversation {id}"), "id");
    find_for(&facts.conversations, id, |row| row.user_id, who, KEEP, unknown)
}

/// Refuses what has ended.
pub(crate) fn check_active(conversation: &Conversation) -> Result<(), Refusal> {
    match conversation.ended_at {
        Some(at) => Err(code::CONVERSATION_ENDED.because(format!(
            "the conversation ended at {at}: begin another under another thread id"
        ))),
        None => Ok(()),
    }
}

fn reply(conversation: Conversation, version: u64) -> Reply {
    Reply::Conversation {
        conversation,
        version,
    }
}
