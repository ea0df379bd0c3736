//! `POST /v1/audit/holds/{id}/release`

use domain::audit::hold::{LegalHold, REASON_LEN_MAX, ReleaseHold};

use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    #[schemars(length(min = 1, max = REASON_LEN_MAX))]
    reason: String,
}

impl Change for Release {
    type Of = (LegalHold, u64);
    type Act = ReleaseHold;

    const SAYS: Says = Says {
        id: "release_hold",
        summary: "Release a legal hold",
        description: "By a person with a session, never by the one who set it, nor by the one whom it names. What it covered \
                      may be erased and pruned again, unless another hold covers it too.",
        examples: &[("with a reason", r#"{"reason":"case 93 is closed"}"#)],
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let (hold, reason) = (asked.id, self.reason);
        Ok(ReleaseHold { hold, reason }.into())
    }
}
