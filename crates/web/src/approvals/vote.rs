//! `POST /v1/approvals/{id}/vote`

use domain::approval::{CastVote, REASON_LEN_MAX};
use engine::custody::ApprovalView;
use evidence::json::{StrictObject, canonical};
use serde_json::Value;

use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vote {
    approve: bool,
    /// Needed for a vote against it.
    #[schemars(length(min = 1, max = REASON_LEN_MAX))]
    reason: Option<String>,
    /// With a vote against it: what to ask for instead, at most 256 KiB of canonical JSON. Nothing is granted by it.
    suggested_arguments: Option<StrictObject>,
}

impl Change for Vote {
    type Of = ApprovalView;
    type Act = CastVote;

    const SAYS: Says = Says {
        id: "vote_on_approval",
        summary: "Vote on an approval",
        description: "By a person, never on what they asked for themselves, nor on what they are paid by: where their \
                      balance is credited, or what is theirs leaves for the world outside. One vote against it \
                      rejects it; as many as its quorum for it grant it. A vote may be changed while the approval is \
                      pending. The vote says in which session it was cast, and whether that has a second factor.",
        examples: &[
            ("for it", r#"{"approve":true}"#),
            (
                "against it",
                r#"{"approve":false,"reason":"the evaluation is too old","suggested_arguments":{"model":"m-8"}}"#,
            ),
        ],
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let engine = &asked.call.app.engine;
        let suggested = self.suggested_arguments;
        let suggested = suggested.map(|arguments| canonical(&Value::Object(arguments.0)));
        Ok(engine
            .prepare_vote(asked.id, self.approve, self.reason, suggested)
            .await?)
    }
}
