//! `POST /v1/approvals/{id}/withdraw`

use engine::custody::ApprovalView;

use crate::change::prelude::*;
use domain::approval::WithdrawApproval;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Withdraw {}

impl Change for Withdraw {
    type Of = ApprovalView;
    type Act = WithdrawApproval;

    const SAYS: Says = Says {
        id: "withdraw_approval",
        summary: "Take back an approval that one asked for",
        description: "While it is pending, or granted and not used. Taking it back again is no error.",
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(WithdrawApproval { approval: asked.id }.into())
    }
}
