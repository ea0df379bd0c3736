//! `POST /v1/operations/{id}/resolve`

use domain::custody::operation::steps;

use super::{CHANGES, REMARK_LEN_MAX, Stepped, step, with_transaction};
use crate::change::prelude::*;

/// How it ended.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum End {
    Completed,
    Failed,
}

with_transaction! {
    struct Resolve {
        outcome: End,
        #[schemars(length(min = 1, max = REMARK_LEN_MAX))]
        evidence: String,
        /// The approval to use, where one is needed.
        approval: Option<Id>,
    }
}

impl Change for Resolve {
    type Of = Stepped;
    type Act = steps::ResolveOperation;
    const SAYS: Says = Says {
        id: "resolve_operation",
        summary: "Say how one of unknown fate ended",
        description: "From `unknown` to `completed` or `failed`, with what shows it, and with the approval of \
                      somebody else.",
        examples: &[(
            "it happened",
            r#"{"outcome":"completed","evidence":"block 870000 has it","approval":"01970000-0000-7000-8000-0000000000be"}"#,
        )],
        ..CHANGES
    };

    async fn command(mut self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let resolve = steps::Resolve {
            completed: matches!(self.outcome, End::Completed),
            transaction: self.transaction(),
            evidence: self.evidence,
            approval: self.approval.map(|id| id.0),
        };
        step(asked, resolve).await
    }
}
