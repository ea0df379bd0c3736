//! Conversations: a file per verb, and what they share.

mod create;
mod end;
mod update;

use domain::Reply as CommandReply;
use domain::code::{self, Code};
use domain::workflow::conversation::Conversation;
use evidence::json::{StrictObject, canonical};
use serde_json::Value;
use uuid::Uuid;
use views::ConversationView;

use crate::call::Call;
use crate::change::Subject;
use crate::openapi::Content;
use crate::problem::Problem;

pub(crate) use create::Create;
pub(crate) use end::End;
pub(crate) use update::Update;

impl Subject for (Conversation, u64) {
    type View<'a> = ConversationView;

    const NAME: &'static str = "conversation";
    const TAG: &'static str = "workflows";
    const LIST: &'static str = "/v1/conversations";
    const UNKNOWN: &'static Code = &code::UNKNOWN_CONVERSATION;
    const SHOWN: Content = Content::shown::<ConversationView>();

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<Self>, Problem> {
        Ok(reply.try_into().ok())
    }

    fn version(&self) -> (Uuid, u64) {
        (self.0.id, self.1)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<ConversationView, Problem> {
        Ok(ConversationView::of(self.0.clone()))
    }
}

/// An object as it is kept.
pub(crate) fn kept(object: StrictObject) -> String {
    canonical(&Value::Object(object.0))
}
