//! `POST /v1/approvals/{id}/outcome`

use domain::approval::{ApprovalOutcome, ReportOutcome};
use engine::custody::ApprovalView;
use evidence::json::{StrictObject, canonical};
use serde_json::Value;

use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    #[schemars(with = "ApprovalOutcome")]
    outcome: String,
    /// What came of it: at most 256 KiB of canonical JSON.
    result: Option<StrictObject>,
}

impl Change for Outcome {
    type Of = ApprovalView;
    type Act = ReportOutcome;

    const SAYS: Says = Says {
        id: "report_outcome_of_approval",
        summary: "Say what came of what an approval was used for",
        description: "Once, after it was used, by who used it; the same again is no error. Where nothing is said within \
                      24 hours, the approval is `unreported`. What came of one of Probity's own actions is in its \
                      operation.",
        examples: &[
            (
                "it was done",
                r#"{"outcome":"succeeded","result":{"release":"m-7.1"}}"#,
            ),
            (
                "it was not",
                r#"{"outcome":"failed","result":{"error":"no such model"}}"#,
            ),
        ],
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let outcome = ApprovalOutcome::read("outcome", &self.outcome);
        Ok(ReportOutcome {
            approval: asked.id,
            outcome: outcome.map_err(|error| Problem::field(error.field, error.message))?,
            result: self.result.map(|result| canonical(&Value::Object(result.0))),
        }
        .into())
    }
}
