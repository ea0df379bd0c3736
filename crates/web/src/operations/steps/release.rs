//! `POST /v1/operations/{id}/release`

use domain::custody::operation::steps;

use super::{CHANGES, REMARK_LEN_MAX, Stepped, step};
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    #[schemars(length(min = 1, max = REMARK_LEN_MAX))]
    reason: Option<String>,
}

impl Change for Release {
    type Of = Stepped;
    type Act = steps::ReleaseOperation;
    const SAYS: Says = Says {
        id: "release_operation",
        summary: "End a pending transfer",
        description: "What it still holds is free again: `completed` where some of it was captured, `cancelled` \
                      otherwise. With `custody:own` one ends what one asked for oneself, of one's own balance.",
        examples: &[("why", r#"{"reason":"sold out"}"#)],
        ..CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let reason = self.reason;
        step(asked, steps::Release { reason }).await
    }
}
