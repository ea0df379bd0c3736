//! `probity conversation`: a file per verb.

mod create;
mod end;
mod update;

use domain::workflow::conversation::Conversation as Row;
use engine::Answer;
use views::{Conversation, ConversationView};

use crate::failure::Failure;
use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::{Printout, json, verbs, would_be};

verbs! {
    /// What can be done about conversations.
    ConversationCommand {
        /// Begin a conversation; the same thread of the same user again is the same one
        #[command(after_help = "Example:\n  probity conversation create ann thread-4711 --title 'Logins from abroad'")]
        Create(create::CreateArgs),
        /// List conversations, newest first
        #[command(after_help = "Example:\n  probity conversation list --user ann --thread thread-4711")]
        List(ListArgs<Conversation>) => nouns::list,
        /// Show a conversation and what it holds
        #[command(after_help = "Example:\n  probity conversation show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<Conversation>) => nouns::show,
        /// Change what a conversation holds
        #[command(after_help = "Example:\n  probity conversation update 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --title Done")]
        Update(update::UpdateArgs),
        /// End a conversation: it takes no new execution
        #[command(after_help = "Example:\n  probity conversation end 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        End(end::EndArgs),
    }
}

/// How a conversation stands now.
fn printout(answer: &Answer<(Row, u64)>, dry: bool) -> Result<Printout, Failure> {
    let view = ConversationView::of(answer.reply.0.clone());
    let (thread, status) = (
        view.thread_id.as_deref().unwrap_or("that was erased"),
        view.status.as_str(),
    );
    if dry {
        let sentence = format!("The conversation of thread {thread} would be {status}.");
        return Ok(Printout::noted(false, would_be(&view)?, &sentence));
    }
    let sentence = format!("The conversation of thread {thread} is {status}.");
    let printout = Printout::sentence(answer, json(&view)?, &sentence);
    Ok(printout.with(&[("Id", view.id.to_string())]))
}
