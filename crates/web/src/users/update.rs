//! `PATCH /v1/users/{id}`

use domain::identity::user::{EMAIL_LEN_MAX, FULL_NAME_LEN_MAX, USERNAME_LEN_MAX, UpdateUser, User};

use super::USERNAME;
use crate::body::given_member;
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "left out, null and a text are three things")]
pub(crate) struct Update {
    #[schemars(length(min = 1, max = USERNAME_LEN_MAX), regex(pattern = USERNAME))]
    username: Option<String>,
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(max = EMAIL_LEN_MAX))]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(min = 1, max = FULL_NAME_LEN_MAX))]
    full_name: Option<Option<String>>,
}

impl Change for Update {
    type Of = (User, u64);
    type Act = UpdateUser;

    const SAYS: Says = Says {
        id: "update_user",
        summary: "Change what a user is called",
        description: "What is left out stays as it is; `null` removes the e-mail address or the full name.",
        examples: &[("e-mail", r#"{"email":"ann@example.com"}"#)],
        tries: false,
        if_match: IfMatch::Must,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(UpdateUser {
            user: asked.id,
            version: asked.version,
            username: self.username,
            email: self.email,
            full_name: self.full_name,
        }
        .into())
    }
}
