//! `POST /v1/agents`

use domain::code;
use domain::governance::Agent;
use domain::governance::agent::{CreateAgent, DESCRIPTION_LEN_MAX, NAME_LEN_MAX, RELEASE_LEN_MAX};

use crate::change::prelude::*;
use crate::{custody, person};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    /// Your own id: sending it again with the same content answers as the first time.
    id: Option<Id>,
    /// Unique, and it never changes. Not `.`, `..` nor like a UUID.
    #[schemars(length(min = 1, max = NAME_LEN_MAX), regex(pattern = "^[a-z0-9._-]+$"))]
    name: String,
    /// What it is for.
    #[schemars(length(min = 1, max = DESCRIPTION_LEN_MAX))]
    description: Option<String>,
    /// Which release of it acts.
    #[schemars(length(min = 1, max = RELEASE_LEN_MAX))]
    release: Option<String>,
    /// Its owner, on whose behalf it acts: `me`, an id, or a name for callers who may read users.
    #[schemars(length(min = 1, max = custody::NAME_LEN_MAX), extend("default" = "me"))]
    user: Option<String>,
}

impl Change for Create {
    type Of = (Agent, u64);
    type Act = CreateAgent;

    const SAYS: Says = Says {
        id: "create_agent",
        summary: "Make an agent",
        description: "A program that acts by itself, on behalf of its owner. Make it a key with `POST /v1/api-keys` and \
                      `agent`: what is done with it is recorded as done by the agent, on behalf of the owner.",
        examples: &[(
            "of one's own",
            r#"{"name":"triage","description":"Sorts tickets","release":"2.1.0"}"#,
        )],
        problems: &[&code::UNKNOWN_USER],
        checked_first: true,
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(CreateAgent {
            id: asked.own_id(self.id)?,
            name: self.name,
            description: self.description,
            release: self.release,
            user: person::named(asked.call, "user", self.user.as_deref()).await?,
        }
        .into())
    }
}
