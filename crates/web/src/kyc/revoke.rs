//! `POST /v1/kyc/{id}/revoke`

use domain::custody::kyc::{self, REASON_LEN_MAX};
use engine::custody::KycView;

use super::decide;
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    #[schemars(length(min = 1, max = REASON_LEN_MAX))]
    reason: String,
}

impl Change for Revoke {
    type Of = KycView;
    type Act = kyc::RevokeKyc;

    const SAYS: Says = Says {
        id: "revoke_kyc",
        summary: "Revoke the approval of a KYC record",
        description: "By a person, never by the one who submitted it, nor by the one whom it is about. The user is back at tier 0 at once; what is \
                      pending and needs a higher tier is on hold.",
        examples: &[(
            "with a reason",
            r#"{"reason":"the passport was reported stolen"}"#,
        )],
        if_match: IfMatch::May,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let reason = self.reason;
        decide(asked, kyc::Revoke { reason }).await
    }
}
