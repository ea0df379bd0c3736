//! `PATCH /v1/agents/{id}`

use domain::governance::Agent;
use domain::governance::agent::{DESCRIPTION_LEN_MAX, RELEASE_LEN_MAX, UpdateAgent};

use crate::body::given_member;
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "left out, null and a text are three things")]
pub(crate) struct Update {
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(min = 1, max = DESCRIPTION_LEN_MAX))]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(min = 1, max = RELEASE_LEN_MAX))]
    release: Option<Option<String>>,
}

impl Change for Update {
    type Of = (Agent, u64);
    type Act = UpdateAgent;

    const SAYS: Says = Says {
        id: "update_agent",
        summary: "Change what is said of an agent",
        description: "What is left out stays as it is; `null` removes the description or the release. Name and owner \
                      never change: what the agent did stays done by it, on behalf of its owner.",
        examples: &[("another release", r#"{"release":"2.2.0"}"#)],
        if_match: IfMatch::Must,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(UpdateAgent {
            agent: asked.id,
            version: asked.version,
            description: self.description,
            release: self.release,
        }
        .into())
    }
}
