//! `POST /v1/kyc/{id}/reject`

use domain::custody::kyc::{self, REASON_LEN_MAX};
use engine::custody::KycView;

use super::decide;
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reject {
    #[schemars(length(min = 1, max = REASON_LEN_MAX))]
    reason: String,
}

impl Change for Reject {
    type Of = KycView;
    type Act = kyc::RejectKyc;

    const SAYS: Says = Says {
        id: "reject_kyc",
        summary: "Reject a KYC record",
        description: "By a person, never by the one who submitted it, nor by the one whom it is about. Its user may submit another.",
        examples: &[(
            "with a reason",
            r#"{"reason":"the address is of another person"}"#,
        )],
        if_match: IfMatch::May,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let reason = self.reason;
        decide(asked, kyc::Reject { reason }).await
    }
}
