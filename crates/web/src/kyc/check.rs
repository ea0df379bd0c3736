//! `POST /v1/kyc/{id}/documents/{document}/check`

use axum::extract::{FromRequestParts, Path};
use domain::Command;
use domain::custody::kyc::CheckDocument;
use serde::Deserialize;
use uuid::Uuid;

use super::{ANSWER, OWN_RECORD, OWN_SUBMISSION, UNKNOWN, WRONG_STATUS, changed};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc, Parameter};
use crate::problem::Problem;

const PATH: &[Parameter] = &[
    Parameter::path(
        "id",
        "The record's id.",
        r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000c1"]}"#,
    ),
    Parameter::path(
        "document",
        "The document's id.",
        r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000d1"]}"#,
    ),
];

pub(crate) const DOC: Doc = Doc {
    id: "check_kyc_document",
    tag: "kyc",
    summary: "Check a document of a KYC record",
    description: "Says that it is good, or why not; while the record is pending it may be said anew.",
    parameters: &[PATH, idempotency::DRY_RUN],
    body: Some(Content::json(
        r#"{"type":"object","required":["verified"],"additionalProperties":false,"properties":{"verified":{"type":"boolean"},"reason":{"type":"string","minLength":1,"maxLength":1000,"description":"Why it is not good: needed then, and only then."}}}"#,
        &[
            ("good", r#"{"verified":true}"#),
            (
                "not good",
                r#"{"verified":false,"reason":"the picture cannot be read"}"#,
            ),
        ],
    )),
    replies: &[ANSWER],
    problems: &[
        UNKNOWN,
        ("404", "unknown_document", "the record has no such document"),
        OWN_SUBMISSION,
        OWN_RECORD,
        WRONG_STATUS,
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    verified: bool,
    reason: Option<String>,
}

/// The ids in the path.
async fn in_path(call: &mut Call) -> Result<(Uuid, Uuid), Problem> {
    let path = Path::<(String, String)>::from_request_parts(&mut call.parts, &()).await;
    let Path((record, document)) = path.map_err(|_| Problem::unknown_path())?;
    let read = |field, text: &str| {
        domain::own_id::parse(text).ok_or_else(|| {
            let message = "must be a UUID such as 01970000-0000-7000-8000-0000000000ab";
            Problem::field(field, message)
        })
    };
    Ok((read("id", &record)?, read("document", &document)?))
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let (record, document) = in_path(&mut call).await?;
    let input: Input = call.input().await?;
    let command = CheckDocument {
        record,
        document,
        verified: input.verified,
        reason: input.reason,
    };
    changed(&call, Command::CheckDocument(command), dry_run).await
}
