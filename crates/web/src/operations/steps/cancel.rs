//! `POST /v1/operations/{id}/cancel`

use domain::custody::operation::steps;

use super::{CHANGES, REMARK_LEN_MAX, Stepped, step};
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    #[schemars(length(min = 1, max = REMARK_LEN_MAX))]
    reason: Option<String>,
}

impl Change for Cancel {
    type Of = Stepped;
    type Act = steps::CancelOperation;
    const SAYS: Says = Says {
        id: "cancel_operation",
        summary: "Give it up before it is begun",
        description: "From `pending` to `cancelled`: what was held is free again. A pending transfer is released \
                      instead. With `custody:own` one cancels what one asked for oneself, of one's own balance.",
        examples: &[("why", r#"{"reason":"ordered twice"}"#)],
        ..CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let reason = self.reason;
        step(asked, steps::Cancel { reason }).await
    }
}
