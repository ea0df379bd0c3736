//! Approvals: a file per verb, and what they share.

mod arguments;
pub(crate) mod list;
mod request;
pub(crate) mod show;
mod use_once;
mod vote;
mod withdraw;

pub(crate) use request::Request;
pub(crate) use use_once::Use;
pub(crate) use vote::Vote;
pub(crate) use withdraw::Withdraw;

use domain::Reply as CommandReply;
use domain::identity::Permission;
use engine::custody::{ApprovalView, Viewer};
use evidence::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::call::Call;
use crate::change::Subject;
use crate::custody::not_found;
use crate::openapi::{Content, Listed, Parameter};
use crate::problem::Problem;

/// The approval in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The approval's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000f1"]}"#,
)];

const UNKNOWN: Listed = (
    "404",
    "unknown_approval",
    "there is no such approval, or you may not see it",
);
const EXPIRED: Listed = ("409", "approval_expired", "its time has passed");
const DECIDED: Listed = (
    "409",
    "approval_decided",
    "it was granted, rejected, used or withdrawn already",
);

/// An example of an approval.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-7000-8000-0000000000f1","action":"model.deploy","arguments":{"model":"m-7"},"shown":null,"reason":"passed its evaluation","status":"pending","requested_by":"01970000-0000-7000-8000-0000000000ab","requested_at":"2026-11-20T08:00:00.000000Z","expires_at":"2026-11-21T08:00:00.000000Z","decided_at":null,"used_at":null,"quorum":2,"votes_for":1,"votes":[{"user":"01970000-0000-7000-8000-0000000000ac","approve":true,"reason":null,"voted_at":"2026-11-20T09:00:00.000000Z"}],"version":1}"#
    };
}
pub(crate) use example;

#[derive(Serialize)]
struct VoteBody<'a> {
    user: Uuid,
    approve: bool,
    reason: Option<&'a str>,
    voted_at: Timestamp,
}

/// An approval as answers show it.
#[derive(Serialize)]
pub(crate) struct ApprovalBody<'a> {
    id: Uuid,
    action: &'a str,
    arguments: Value,
    shown: Option<Value>,
    reason: Option<&'a str>,
    status: &'static str,
    requested_by: Option<Uuid>,
    requested_at: Timestamp,
    expires_at: Timestamp,
    decided_at: Option<Timestamp>,
    used_at: Option<Timestamp>,
    quorum: u64,
    votes_for: usize,
    votes: Vec<VoteBody<'a>>,
    version: u64,
}

/// Who looks at what an approval is about. Who votes on payments sees whom they pay, and where to.
fn viewer(call: &Call) -> Result<Viewer, Problem> {
    let identity = call.identity()?;
    let holds = |permission| identity.principal.holds(permission);
    let votes = holds(Permission::CustodyApprove) || holds(Permission::CustodyWrite);
    Ok(Viewer {
        all: votes || holds(Permission::CustodyRead),
        names: votes || holds(Permission::UsersRead),
        own: Some(identity.user.id),
    })
}

/// Approvals as the caller may see them.
async fn bodies<'a>(call: &Call, views: &'a [ApprovalView]) -> Result<Vec<ApprovalBody<'a>>, Problem> {
    let approvals = views.iter().map(|view| &view.approval);
    let subjects = call.app.engine.approval_subjects(approvals).await?;
    let viewer = viewer(call)?;
    let body = |view: &'a ApprovalView| {
        let subject = subjects.get(&view.approval.id);
        ApprovalBody::of(view, subject.and_then(|subject| subject.as_json(&viewer)))
    };
    views.iter().map(body).collect()
}

/// An approval as the caller may see it.
async fn body<'a>(call: &Call, view: &'a ApprovalView) -> Result<ApprovalBody<'a>, Problem> {
    let subject = call.app.engine.approval_subject(&view.approval).await?;
    let viewer = viewer(call)?;
    ApprovalBody::of(view, subject.and_then(|subject| subject.as_json(&viewer)))
}

impl ApprovalBody<'_> {
    fn of(view: &ApprovalView, shown: Option<Value>) -> Result<ApprovalBody<'_>, Problem> {
        let row = &view.approval;
        Ok(ApprovalBody {
            id: row.id,
            action: &row.action,
            arguments: serde_json::from_str(&row.arguments).map_err(|error| Problem::internal(&error))?,
            shown,
            reason: row.reason.as_deref(),
            status: row.status.as_str(),
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            expires_at: row.expires_at,
            decided_at: row.decided_at,
            used_at: row.used_at,
            quorum: row.quorum,
            votes_for: view.votes.iter().filter(|vote| vote.approve).count(),
            votes: view
                .votes
                .iter()
                .map(|vote| VoteBody {
                    user: vote.user_id,
                    approve: vote.approve,
                    reason: vote.reason.as_deref(),
                    voted_at: vote.voted_at,
                })
                .collect(),
            version: view.version,
        })
    }
}

impl Subject for ApprovalView {
    type View<'a> = ApprovalBody<'a>;

    const NAME: &'static str = "approval";
    const TAG: &'static str = "approvals";
    const LIST: &'static str = "/v1/approvals";
    const UNKNOWN: &'static str = UNKNOWN.1;
    const SHOWN: Content = Content::new(
        "application/json",
        r##"{"$ref":"#/components/schemas/Approval"}"##,
        example!(),
    );

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<ApprovalView>, Problem> {
        Ok(match reply {
            CommandReply::Approval {
                approval,
                version,
                votes,
            } => Some(ApprovalView {
                approval: approval.as_of(engine::now()),
                version,
                votes,
            }),
            _ => None,
        })
    }

    fn version(&self) -> (Uuid, u64) {
        (self.approval.id, self.version)
    }

    async fn view<'a>(&'a self, call: &'a Call) -> Result<ApprovalBody<'a>, Problem> {
        body(call, self).await
    }
}

fn unknown(id: Uuid) -> Problem {
    not_found(UNKNOWN.1, "id", format!("there is no approval {id}"))
}
