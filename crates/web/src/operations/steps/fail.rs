//! `POST /v1/operations/{id}/fail`

use domain::custody::operation::steps;

use super::{CHANGES, REMARK_LEN_MAX, Stepped, step};
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fail {
    #[schemars(length(min = 1, max = REMARK_LEN_MAX))]
    error: String,
}

impl Change for Fail {
    type Of = Stepped;
    type Act = steps::FailOperation;
    const SAYS: Says = Says {
        id: "fail_operation",
        summary: "It did not happen",
        description: "From `pending` or `processing` to `failed`: what was held is free again.",
        examples: &[("why", r#"{"error":"the node did not answer"}"#)],
        ..CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let error = self.error;
        step(asked, steps::Fail { error }).await
    }
}
