//! `POST /v1/users/{id}/disable`, `POST /v1/users/{id}/enable`

use domain::identity::user::{DisableUser, EnableUser, User};

use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Disable {}

impl Change for Disable {
    type Of = (User, u64);
    type Act = DisableUser;

    const SAYS: Says = Says {
        id: "disable_user",
        summary: "Disable a user",
        description: "The user's sessions end, and the user's API keys are refused, until it is enabled again. What \
                      the user did stays.",
        tries: false,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(DisableUser { user: asked.id }.into())
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Enable {}

impl Change for Enable {
    type Of = (User, u64);
    type Act = EnableUser;

    const SAYS: Says = Says {
        id: "enable_user",
        summary: "Enable a user again",
        description: "The user's API keys are good again; sessions that ended stay ended.",
        tries: false,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(EnableUser { user: asked.id }.into())
    }
}
