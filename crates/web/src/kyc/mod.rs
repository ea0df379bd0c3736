//! KYC records: a file per verb, and what they share.

pub(crate) mod approve;
pub(crate) mod check;
pub(crate) mod list;
pub(crate) mod reject;
pub(crate) mod revoke;
pub(crate) mod show;
pub(crate) mod submit;
pub(crate) mod tier;

use domain::custody::kyc::{DecideKyc, KycDecision, KycDocument, KycRecord};
use domain::{Command, Reply as CommandReply};
use engine::custody::KycView;
use evidence::{Timestamp, json as canonical};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::call::{Answer, Call, if_match_given, json, tagged};
use crate::custody::not_found;
use crate::idempotency;
use crate::openapi::{Content, Parameter, Reply};
use crate::problem::Problem;

/// The record in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The record's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000c1"]}"#,
)];

/// The version that the caller has seen.
const IF_MATCH: &[Parameter] = &[Parameter::header(
    "If-Match",
    "The `ETag` that you read: somebody else's decision meanwhile is then not overlooked.",
    r#"{"type":"string","examples":["\"1\""]}"#,
)];

type Listed = (&'static str, &'static str, &'static str);

const UNKNOWN: Listed = (
    "404",
    "unknown_kyc_record",
    "there is no such record, or you may not see it",
);
const SESSION_NEEDED: Listed = (
    "403",
    "session_needed",
    "a person decides: log in, and use the session",
);
const OWN_SUBMISSION: Listed = (
    "403",
    "own_submission",
    "you submitted it: someone else reviews it",
);
const OWN_RECORD: Listed = (
    "403",
    "own_record",
    "it is about yourself: someone else reviews it",
);
const WRONG_STATUS: Listed = ("409", "wrong_status", "the record's status does not allow it");
const MISMATCH: Listed = ("412", "version_mismatch", "somebody changed the record meanwhile");
const IF_MATCH_MALFORMED: Listed = (
    "400",
    "malformed_if_match",
    "`If-Match` is neither one entity tag nor `*`",
);

/// An example of a record, pending.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-7000-8000-0000000000c1","user":"01970000-0000-7000-8000-0000000000ab","tier":1,"status":"pending","submitted_by":"01970000-0000-7000-8000-0000000000ab","submitted_at":"2026-11-20T08:00:00.000000Z","decided_by":null,"decided_at":null,"reason":null,"expires_at":null,"ended_at":null,"documents":[{"id":"01970000-0000-7000-8000-0000000000d1","kind":"passport","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","state":"pending","checked_by":null,"checked_at":null,"reason":null,"added_at":"2026-11-20T08:00:00.000000Z"}],"version":1}"#
    };
}
pub(crate) use example;

/// A record as the answer to a change, or what it would be.
const ANSWER: Reply = Reply {
    headers: &[("ETag", "The record's version.")],
    ..Reply::new(
        "200",
        "The record as it is now; with `dry_run`, as it would be, without its id.",
        &[Content::new(
            "application/json",
            r##"{"anyOf":[{"$ref":"#/components/schemas/KycRecord"},{"$ref":"#/components/schemas/DryRun"}]}"##,
            example!(),
        )],
    )
};

#[derive(Serialize)]
struct DocumentBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    kind: &'static str,
    sha256: String,
    state: &'static str,
    checked_by: Option<Uuid>,
    checked_at: Option<Timestamp>,
    reason: Option<&'a str>,
    added_at: Timestamp,
}

/// A record as answers show it.
#[derive(Serialize)]
pub(crate) struct KycBody<'a> {
    id: Uuid,
    user: Uuid,
    tier: u64,
    status: &'static str,
    submitted_by: Option<Uuid>,
    submitted_at: Timestamp,
    decided_by: Option<Uuid>,
    decided_at: Option<Timestamp>,
    reason: Option<&'a str>,
    expires_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    documents: Vec<DocumentBody<'a>>,
    version: u64,
}

impl KycBody<'_> {
    fn of<'a>(record: &'a KycRecord, version: u64, documents: &'a [KycDocument]) -> KycBody<'a> {
        let document = |document: &'a KycDocument| DocumentBody {
            id: Some(document.id),
            kind: document.kind.as_str(),
            sha256: canonical::hex(&document.sha256),
            state: document.state.as_str(),
            checked_by: document.checked_by,
            checked_at: document.checked_at,
            reason: document.reason.as_deref(),
            added_at: document.added_at,
        };
        KycBody {
            id: record.id,
            user: record.user_id,
            tier: record.tier,
            status: record.status.as_str(),
            submitted_by: record.submitted_by,
            submitted_at: record.submitted_at,
            decided_by: record.decided_by,
            decided_at: record.decided_at,
            reason: record.reason.as_deref(),
            expires_at: record.expires_at,
            ended_at: record.ended_at,
            documents: documents.iter().map(document).collect(),
            version,
        }
    }

    /// Shows a record.
    pub fn of_view(view: &KycView) -> KycBody<'_> {
        KycBody::of(&view.record, view.version, &view.documents)
    }
}

/// The record that a command answered with.
fn record(reply: CommandReply) -> Result<KycView, Problem> {
    match reply {
        CommandReply::Kyc {
            record,
            version,
            documents,
        } => Ok(KycView {
            record: record.as_of(engine::now()),
            version,
            documents,
        }),
        other => Err(Problem::internal(&format_args!("answered with {other:?}"))),
    }
}

/// Carries out a command about a record that is there, or says what would come of it.
async fn changed(call: &Call, command: Command, dry_run: bool) -> Answer {
    if dry_run {
        let view = record(idempotency::try_one(call, command, None).await?)?;
        return idempotency::dry(&KycBody::of_view(&view));
    }
    let engine = &call.app.engine;
    let answer = engine.submit(call.caller()?, call.origin(), command).await?;
    let view = record(answer.reply)?;
    Ok(tagged(json(&KycBody::of_view(&view))?, view.version))
}

/// Decides on the record of this id.
async fn decide(call: &Call, id: Uuid, decision: KycDecision, dry_run: bool) -> Answer {
    let version = if_match_given(&call.parts)?;
    // Where there is no such record, the command says so, to those who may decide.
    let found = call.app.engine.kyc_record(id).await?;
    let command = DecideKyc {
        record: id,
        user: found.map_or(Uuid::nil(), |view| view.record.user_id),
        version,
        decision,
    };
    changed(call, Command::DecideKyc(command), dry_run)
        .await
        .map_err(nameless)
}

/// The refusal without the user that the caller did not name.
fn nameless(mut problem: Problem) -> Problem {
    if problem.code == UNKNOWN.1 {
        "there is no such KYC record".clone_into(&mut problem.detail);
    }
    problem
}

fn unknown(id: Uuid) -> Problem {
    not_found(UNKNOWN.1, "id", format!("there is no KYC record {id}"))
}

/// The answer to a submission: where the record is.
fn located(mut response: Response<axum::body::Body>, id: Uuid) -> Response<axum::body::Body> {
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(value) = HeaderValue::try_from(format!("/v1/kyc/{id}")) {
        response.headers_mut().insert(http::header::LOCATION, value);
    }
    response
}

/// The id of the record in the path.
async fn in_path(call: &mut Call) -> Result<Uuid, Problem> {
    call.id("KYC record").await
}
