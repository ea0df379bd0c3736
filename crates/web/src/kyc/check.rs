//! `POST /v1/kyc/{id}/documents/{document}/check`

use domain::custody::kyc::{CheckDocument, REASON_LEN_MAX};
use engine::custody::KycView;

use crate::change::prelude::*;
use crate::openapi::Parameter;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    verified: bool,
    /// Why it is not good: needed then, and only then.
    #[schemars(length(min = 1, max = REASON_LEN_MAX))]
    reason: Option<String>,
}

impl Change for Check {
    type Of = KycView;
    type Act = CheckDocument;

    const SAYS: Says = Says {
        id: "check_kyc_document",
        summary: "Check a document of a KYC record",
        description: "Says that it is good, or why not; while the record is pending it may be said anew.",
        examples: &[
            ("good", r#"{"verified":true}"#),
            (
                "not good",
                r#"{"verified":false,"reason":"the picture cannot be read"}"#,
            ),
        ],
        ..Says::CHANGES
    };
    const PATH: &'static [Parameter] = &[Parameter::path(
        "document",
        "The document's id.",
        r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000d1"]}"#,
    )];

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(CheckDocument {
            record: asked.id,
            document: asked.in_path("document")?,
            verified: self.verified,
            reason: self.reason,
        }
        .into())
    }
}
