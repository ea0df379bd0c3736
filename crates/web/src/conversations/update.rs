//! `PATCH /v1/conversations/{id}`

use domain::workflow::conversation::{Conversation, TITLE_LEN_MAX, UpdateConversation};
use evidence::json::StrictObject;

use super::kept;
use crate::body::given_member;
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "left out, null and a value are three things")]
pub(crate) struct Update {
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(min = 1, max = TITLE_LEN_MAX))]
    title: Option<Option<String>>,
    /// In the place of the former one; at most 64 KiB of canonical JSON.
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<StrictObject>")]
    context: Option<Option<StrictObject>>,
}

impl Change for Update {
    type Of = (Conversation, u64);
    type Act = UpdateConversation;

    const SAYS: Says = Says {
        id: "update_conversation",
        summary: "Change what a conversation holds",
        description: "What is left out stays as it is; `null` removes it. One that has ended stays as it is.",
        examples: &[("context", r#"{"context":{"case":7,"steps":3}}"#)],
        if_match: IfMatch::Must,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(UpdateConversation {
            conversation: asked.id,
            version: asked.version,
            title: self.title,
            context: self.context.map(|context| context.map(kept)),
        }
        .into())
    }
}
