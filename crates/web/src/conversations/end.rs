//! `POST /v1/conversations/{id}/end`

use domain::workflow::conversation::{Conversation, EndConversation};

use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {}

impl Change for End {
    type Of = (Conversation, u64);
    type Act = EndConversation;

    const SAYS: Says = Says {
        id: "end_conversation",
        summary: "End a conversation",
        description: "It takes no new execution, and stays as it is. Ending it again is no error.",
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let conversation = asked.id;
        Ok(EndConversation { conversation }.into())
    }
}
