//! `POST /v1/users/{id}/role`

use domain::identity::permission::ROLE_LEN_MAX;
use domain::identity::user::{SetRole, User};

use super::role_named;
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiveRole {
    #[schemars(length(max = ROLE_LEN_MAX))]
    role: String,
}

impl Change for GiveRole {
    type Of = (User, u64);
    type Act = SetRole;

    const SAYS: Says = Says {
        id: "set_role",
        summary: "Give a user another role",
        description: "Effective at once for every session and API key of the user, in other processes within a \
                      second. Nobody can give, or change, a role that may do more than they may.",
        examples: &[("auditor", r#"{"role":"auditor"}"#)],
        tries: false,
        if_match: IfMatch::Must,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(SetRole {
            user: asked.id,
            version: asked.version,
            role: role_named(asked.call, &self.role)?,
        }
        .into())
    }
}
