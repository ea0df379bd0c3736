//! Approvals: a file per verb, and what they share.

mod arguments;
pub(crate) mod list;
pub(crate) mod request;
pub(crate) mod show;
pub(crate) mod use_once;
pub(crate) mod vote;
pub(crate) mod withdraw;

use domain::identity::Permission;
use domain::{Command, Reply as CommandReply};
use engine::custody::{ApprovalView, Viewer};
use evidence::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::call::{Answer, Call, json, tagged};
use crate::custody::not_found;
use crate::idempotency;
use crate::openapi::{Content, Parameter, Reply};
use crate::problem::Problem;

/// The approval in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The approval's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000f1"]}"#,
)];

type Listed = (&'static str, &'static str, &'static str);

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

/// An approval as the answer to a change, or what it would be.
const ANSWER: Reply = Reply {
    headers: &[("ETag", "The approval's version.")],
    ..Reply::new(
        "200",
        "The approval as it is now; with `dry_run`, as it would be, without its id.",
        &[Content::new(
            "application/json",
            r##"{"anyOf":[{"$ref":"#/components/schemas/Approval"},{"$ref":"#/components/schemas/DryRun"}]}"##,
            example!(),
        )],
    )
};

#[derive(Serialize)]
struct VoteBody<'a> {
    user: Uuid,
    approve: bool,
    reason: Option<&'a str>,
    voted_at: Timestamp,
}

/// An approval as answers show it.
#[derive(Serialize)]
struct ApprovalBody<'a> {
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

/// The approval that a command answered with.
fn approval(reply: CommandReply) -> Result<ApprovalView, Problem> {
    match reply {
        CommandReply::Approval {
            approval,
            version,
            votes,
        } => Ok(ApprovalView {
            approval: approval.as_of(engine::now()),
            version,
            votes,
        }),
        other => Err(Problem::internal(&format_args!("answered with {other:?}"))),
    }
}

/// Carries out a command about an approval that is there, or says what would come of it.
async fn changed(call: &Call, command: Command, dry_run: bool) -> Answer {
    if dry_run {
        let view = approval(idempotency::try_one(call, command, None).await?)?;
        return idempotency::dry(&body(call, &view).await?);
    }
    let engine = &call.app.engine;
    let answer = engine.submit(call.caller()?, call.origin(), command).await?;
    let view = approval(answer.reply)?;
    Ok(tagged(json(&body(call, &view).await?)?, view.version))
}

fn unknown(id: Uuid) -> Problem {
    not_found(UNKNOWN.1, "id", format!("there is no approval {id}"))
}

/// The id of the approval in the path.
async fn in_path(call: &mut Call) -> Result<Uuid, Problem> {
    call.id("approval").await
}
