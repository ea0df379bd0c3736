//! `POST /v1/users/{id}/reset-second-factor`

use domain::identity::second_factor;

use crate::change::prelude::*;
use domain::identity::user::User;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ResetSecondFactor {}

impl Change for ResetSecondFactor {
    type Of = (User, u64);
    type Act = second_factor::ResetSecondFactor;

    const SAYS: Says = Says {
        id: "reset_second_factor",
        summary: "Remove a user's second factor",
        description: "For one who lost it. Where the role demands one, the user must enrol another at next login.",
        tries: false,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(second_factor::ResetSecondFactor { user: asked.id }.into())
    }
}
