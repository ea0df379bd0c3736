//! `POST /v1/operations/{id}/mark-unknown`

use domain::custody::operation::steps;

use super::{CHANGES, REMARK_LEN_MAX, Stepped, step};
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkUnknown {
    #[schemars(length(min = 1, max = REMARK_LEN_MAX))]
    error: String,
}

impl Change for MarkUnknown {
    type Of = Stepped;
    type Act = steps::MarkOperationUnknown;
    const SAYS: Says = Says {
        id: "mark_operation_unknown",
        summary: "It was sent, and its fate is not known",
        description: "From `processing` to `unknown`: its amount stays held, and nothing sends it again. `resolve` \
                      ends it.",
        examples: &[("why", r#"{"error":"the node did not answer"}"#)],
        ..CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let error = self.error;
        step(asked, steps::MarkUnknown { error }).await
    }
}
