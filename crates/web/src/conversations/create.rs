//! `POST /v1/conversations`

use domain::code;
use domain::workflow::conversation::{Conversation, CreateConversation, THREAD_LEN_MAX, TITLE_LEN_MAX};
use evidence::json::StrictObject;

use super::kept;
use crate::change::prelude::*;
use crate::{custody, person};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    /// Your own id for it.
    id: Option<Id>,
    /// Whose: `me`, an id, or a name for callers who may read users.
    #[schemars(length(min = 1, max = custody::NAME_LEN_MAX), extend("default" = "me"))]
    user: Option<String>,
    /// Its name where it is held, one of the user's.
    #[schemars(length(min = 1, max = THREAD_LEN_MAX))]
    thread_id: String,
    #[schemars(length(min = 1, max = TITLE_LEN_MAX))]
    title: Option<String>,
    /// At most 64 KiB of canonical JSON.
    context: Option<StrictObject>,
}

impl Change for Create {
    type Of = (Conversation, u64);
    type Act = CreateConversation;

    const SAYS: Says = Says {
        id: "create_conversation",
        summary: "Begin a conversation",
        description: "The same thread of the same user again is the same conversation, and is answered as it is now. \
                      What it holds is in no entry of the log: it goes with the user.",
        examples: &[
            (
                "of one's own",
                r#"{"thread_id":"thread-4711","title":"Logins from abroad"}"#,
            ),
            (
                "of somebody else",
                r#"{"user":"ann","thread_id":"thread-4712","context":{"case":7}}"#,
            ),
        ],
        problems: &[&code::UNKNOWN_USER],
        checked_first: true,
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(CreateConversation {
            id: asked.own_id(self.id)?,
            user: person::named(asked.call, "user", self.user.as_deref()).await?,
            thread: self.thread_id,
            title: self.title,
            context: self.context.map(kept),
        }
        .into())
    }
}
