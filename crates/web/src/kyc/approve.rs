//! `POST /v1/kyc/{id}/approve`

use domain::custody::kyc::KycDecision;
use evidence::Timestamp;
use serde::Deserialize;

use super::{
    ANSWER, IF_MATCH, IF_MATCH_MALFORMED, MISMATCH, OWN_RECORD, OWN_SUBMISSION, PATH, SESSION_NEEDED,
    UNKNOWN, WRONG_STATUS, decide, in_path,
};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};

pub(crate) const DOC: Doc = Doc {
    id: "approve_kyc",
    tag: "kyc",
    summary: "Approve a KYC record",
    description: "By a person, never by who submitted it or whom it is about. The user has its tier from now on, until \
                  it expires or another record is approved in its place. A tier above 0 needs one document at least, \
                  and all of them verified.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    body: Some(Content::json(
        r##"{"type":"object","additionalProperties":false,"properties":{"expires_at":{"$ref":"#/components/schemas/Time","description":"From when it is no longer good: at most 10 years from now; as long as the installation says unless given."}}}"##,
        &[
            ("for as long as usual", r"{}"),
            ("for a while", r#"{"expires_at":"2033-01-01T00:00:00Z"}"#),
        ],
    )),
    replies: &[ANSWER],
    problems: &[
        UNKNOWN,
        SESSION_NEEDED,
        OWN_SUBMISSION,
        OWN_RECORD,
        WRONG_STATUS,
        (
            "409",
            "documents_unverified",
            "it has no documents, or not all of them are verified",
        ),
        MISMATCH,
        IF_MATCH_MALFORMED,
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    expires_at: Option<Timestamp>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let id = in_path(&mut call).await?;
    let Input { expires_at } = call.input().await?;
    decide(&call, id, KycDecision::Approve { expires_at }, dry_run).await
}
