//! `POST /v1/kyc/{id}/reject`

use domain::custody::kyc::KycDecision;
use serde::Deserialize;

use super::{
    ANSWER, IF_MATCH, IF_MATCH_MALFORMED, MISMATCH, OWN_RECORD, OWN_SUBMISSION, PATH, SESSION_NEEDED,
    UNKNOWN, WRONG_STATUS, decide, in_path,
};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};

pub(crate) const DOC: Doc = Doc {
    id: "reject_kyc",
    tag: "kyc",
    summary: "Reject a KYC record",
    description: "By a person, never by who submitted it or whom it is about. Its user may submit another.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    body: Some(Content::json(
        r#"{"type":"object","required":["reason"],"additionalProperties":false,"properties":{"reason":{"type":"string","minLength":1,"maxLength":1000}}}"#,
        &[(
            "with a reason",
            r#"{"reason":"the address is of another person"}"#,
        )],
    )),
    replies: &[ANSWER],
    problems: &[
        UNKNOWN,
        SESSION_NEEDED,
        OWN_SUBMISSION,
        OWN_RECORD,
        WRONG_STATUS,
        MISMATCH,
        IF_MATCH_MALFORMED,
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    reason: String,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let id = in_path(&mut call).await?;
    let Input { reason } = call.input().await?;
    decide(&call, id, KycDecision::Reject { reason }, dry_run).await
}
