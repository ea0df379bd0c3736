//! KYC records: a file per verb, and what they share.

mod approve;
mod check;
pub(crate) mod list;
mod reject;
mod revoke;
pub(crate) mod show;
mod submit;
pub(crate) mod tier;

pub(crate) use approve::Approve;
pub(crate) use check::Check;
pub(crate) use reject::Reject;
pub(crate) use revoke::Revoke;
pub(crate) use submit::Submit;

use domain::custody::kyc::{DecideKyc, KycDocument, KycRecord};
use domain::{Command, Reply as CommandReply};
use engine::custody::KycView;
use evidence::{Timestamp, json as canonical};
use serde::Serialize;
use uuid::Uuid;

use crate::call::Call;
use crate::change::{Asked, Subject};
use crate::custody::not_found;
use crate::openapi::{Content, Listed, Parameter};
use crate::problem::Problem;

/// The record in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The record's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000c1"]}"#,
)];

const UNKNOWN: Listed = (
    "404",
    "unknown_kyc_record",
    "there is no such record, or you may not see it",
);

/// The problems of reviewing a record.
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
const SESSION_NEEDED: Listed = (
    "403",
    "session_needed",
    "a person decides: log in, and use the session",
);
const DECISION: &[Listed] = &[SESSION_NEEDED, OWN_SUBMISSION, OWN_RECORD, WRONG_STATUS];

/// An example of a record, pending.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-7000-8000-0000000000c1","user":"01970000-0000-7000-8000-0000000000ab","tier":1,"status":"pending","submitted_by":"01970000-0000-7000-8000-0000000000ab","submitted_at":"2026-11-20T08:00:00.000000Z","decided_by":null,"decided_at":null,"reason":null,"expires_at":null,"ended_at":null,"documents":[{"id":"01970000-0000-7000-8000-0000000000d1","kind":"passport","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","state":"pending","checked_by":null,"checked_at":null,"reason":null,"added_at":"2026-11-20T08:00:00.000000Z"}],"version":1}"#
    };
}
pub(crate) use example;

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

impl Subject for KycView {
    type View<'a> = KycBody<'a>;

    const NAME: &'static str = "KYC record";
    const TAG: &'static str = "kyc";
    const LIST: &'static str = "/v1/kyc";
    const UNKNOWN: &'static str = UNKNOWN.1;
    const SHOWN: Content = Content::new(
        "application/json",
        r##"{"$ref":"#/components/schemas/KycRecord"}"##,
        example!(),
    );

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<KycView>, Problem> {
        Ok(match reply {
            CommandReply::Kyc {
                record,
                version,
                documents,
            } => Some(KycView {
                record: record.as_of(engine::now()),
                version,
                documents,
            }),
            _ => None,
        })
    }

    fn version(&self) -> (Uuid, u64) {
        (self.record.id, self.version)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<KycBody<'a>, Problem> {
        Ok(KycBody::of_view(self))
    }

    fn unmade(view: &mut KycBody<'_>) {
        view.documents.iter_mut().for_each(|document| document.id = None);
    }

    /// The refusal without the user that the caller did not name.
    fn redacted(_: &Call, mut problem: Problem) -> Problem {
        if problem.code == UNKNOWN.1 {
            "there is no such KYC record".clone_into(&mut problem.detail);
        }
        problem
    }
}

/// Decides on the record in the path.
async fn decide<D>(asked: &Asked<'_>, decision: D) -> Result<Command, Problem>
where
    Command: From<DecideKyc<D>>,
{
    // Where there is no such record, the command says so, to those who may decide.
    let found = asked.call.app.engine.kyc_record(asked.id).await?;
    let command = DecideKyc {
        record: asked.id,
        user: found.map_or(Uuid::nil(), |view| view.record.user_id),
        version: asked.version,
        decision,
    };
    Ok(command.into())
}

fn unknown(id: Uuid) -> Problem {
    not_found(UNKNOWN.1, "id", format!("there is no KYC record {id}"))
}
