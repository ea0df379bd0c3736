//! `POST /v1/approvals/{id}/use`

use domain::approval::{ACTION_LEN_MAX, UseApproval};
use engine::custody::ApprovalView;
use evidence::json::{StrictObject, canonical};
use serde_json::Value;

use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Use {
    #[schemars(length(min = 1, max = ACTION_LEN_MAX))]
    action: String,
    arguments: StrictObject,
}

impl Change for Use {
    type Of = ApprovalView;
    type Act = UseApproval;

    const SAYS: Says = Says {
        id: "use_approval",
        summary: "Use an approval",
        description: "For an action of one's own, just before it is carried out: the answer is the permission to do \
                      it, once. Action and arguments must be those that were approved. An approval for one of \
                      Probity's own actions is used by giving its id as `approval` to that command.",
        examples: &[(
            "what was approved",
            r#"{"action":"model.deploy","arguments":{"model":"m-7"}}"#,
        )],
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(UseApproval {
            approval: asked.id,
            action: self.action,
            arguments: canonical(&Value::Object(self.arguments.0)),
        }
        .into())
    }
}
