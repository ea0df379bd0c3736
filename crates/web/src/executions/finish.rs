//! `POST /v1/executions/{id}/complete`, `…/fail`, `…/cancel`

use domain::workflow::execution::{
    self, CancelExecution, CompleteExecution, ERROR_LEN_MAX, ERROR_TYPE_LEN_MAX, Execution, FailExecution,
    FinishExecution,
};
use evidence::json::StrictObject;

use crate::change::prelude::*;
use crate::conversations::kept;

/// The command that ends the execution in the path.
async fn finish<F>(asked: &Asked<'_>, finish: F) -> Result<Command, Problem>
where
    Command: From<FinishExecution<F>>,
{
    let renewed = asked.call.app.engine.renewed(asked.id).await?;
    let command = FinishExecution {
        execution: asked.id,
        renewed,
        finish,
    };
    Ok(command.into())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CompleteExecution")]
pub(crate) struct Complete {
    /// What it gave: at most 256 KiB of canonical JSON. It is in no entry of the log: it goes with the user.
    result: Option<StrictObject>,
}

impl Change for Complete {
    type Of = (Execution, u64);
    type Act = CompleteExecution;

    const SAYS: Says = Says {
        id: "complete_execution",
        summary: "Complete an execution",
        description: "It did what it was for. The end is final; the same end again is answered as the first time.",
        examples: &[("result", r#"{"result":{"logins":3}}"#)],
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let result = self.result.map(kept);
        finish(asked, execution::Complete { result }).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FailExecution")]
pub(crate) struct Fail {
    /// What sort of error.
    #[schemars(length(min = 1, max = ERROR_TYPE_LEN_MAX))]
    error_type: Option<String>,
    /// The error in words. They are in no entry of the log: they go with the user.
    #[schemars(length(min = 1, max = ERROR_LEN_MAX))]
    error: Option<String>,
}

impl Change for Fail {
    type Of = (Execution, u64);
    type Act = FailExecution;

    const SAYS: Says = Says {
        id: "fail_execution",
        summary: "Fail an execution",
        description: "It did not do what it was for. The end is final; the same end again is answered as the first \
                      time.",
        examples: &[(
            "error",
            r#"{"error_type":"timeout","error":"the model did not answer"}"#,
        )],
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let (error_type, error) = (self.error_type, self.error);
        finish(asked, execution::Fail { error_type, error }).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CancelExecution")]
pub(crate) struct Cancel {
    /// Why. It is in no entry of the log: it goes with the user.
    #[schemars(length(min = 1, max = ERROR_LEN_MAX))]
    reason: Option<String>,
}

impl Change for Cancel {
    type Of = (Execution, u64);
    type Act = CancelExecution;

    const SAYS: Says = Says {
        id: "cancel_execution",
        summary: "Cancel an execution",
        description: "Somebody stops it. The end is final; the same end again is answered as the first time.",
        examples: &[("reason", r#"{"reason":"asked for by the user"}"#)],
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let reason = self.reason;
        finish(asked, execution::Cancel { reason }).await
    }
}
