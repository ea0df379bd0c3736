//! `POST /v1/kyc/{id}/approve`

use domain::custody::kyc;
use engine::custody::KycView;
use evidence::Timestamp;

use super::decide;
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approve {
    /// From when it is no longer good: at most 10 years from now; as long as the installation says unless given.
    expires_at: Option<Timestamp>,
}

impl Change for Approve {
    type Of = KycView;
    type Act = kyc::ApproveKyc;

    const SAYS: Says = Says {
        id: "approve_kyc",
        summary: "Approve a KYC record",
        description: "By a person, never by the one who submitted it, nor by the one whom it is about. The user has its tier from now on, \
                      until it expires or another record is approved in its place. A tier above 0 needs one document \
                      at least, and all of them verified.",
        examples: &[
            ("for as long as usual", "{}"),
            ("for a while", r#"{"expires_at":"2033-01-01T00:00:00Z"}"#),
        ],
        if_match: IfMatch::May,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let expires_at = self.expires_at;
        decide(asked, kyc::Approve { expires_at }).await
    }
}
