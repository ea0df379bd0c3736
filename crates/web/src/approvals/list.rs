//! `GET /v1/approvals`

use domain::approval::ApprovalStatus;
use domain::identity::Permission;
use serde::Serialize;

use super::{ApprovalBody, bodies};
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::{custody, person};
use views::cursor;

pub(crate) const DOC: Doc = Doc {
    id: "list_approvals",
    tag: "approvals",
    summary: "Approvals",
    description: "In the order of their ids: oldest first, but for those with an id of the caller's own. All for who \
                  holds `approvals:read`; for others, those that they asked for. What has expired is so by the clock.",
    parameters: &[
        &[
            Parameter::query(
                "status",
                "Only approvals of this status.",
                r##"{"$ref":"#/components/schemas/ApprovalStatus"}"##,
            ),
            Parameter::query(
                "requested_by",
                "Only approvals that this user asked for: `me`, an id, or a name for who may read users.",
                person::SCHEMA,
            ),
        ],
        page::PARAMETERS,
    ],
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page.",
            &[Content::new(
                "application/json",
                r##"{"type":"object","required":["approvals","next"],"properties":{"approvals":{"type":"array","items":{"$ref":"#/components/schemas/Approval"}},"next":{"type":["string","null"],"description":"Cursor of the next page."}}}"##,
                concat!(r#"{"approvals":["#, super::example!(), r#"],"next":null}"#),
            )],
        )
    }],
    problems: &[custody::UNKNOWN_USER, custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    approvals: Vec<ApprovalBody<'a>>,
    next: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let (after, limit) = page::of_ids(&query)?;
    let status = query.get("status");
    let status = status
        .map(|word| ApprovalStatus::read("status", word))
        .transpose()?;
    let identity = call.identity()?;
    let user = match query.text("requested_by", custody::NAME_LEN_MAX)? {
        Some(text) => {
            let all = Permission::ApprovalsRead;
            Some(person::readable(&call, "requested_by", &text, all).await?)
        }
        None if identity.principal.holds(Permission::ApprovalsRead) => None,
        None => Some(identity.user.id),
    };
    let engine = &call.app.engine;
    let mut views = engine.approvals(status, user, after, limit + 1).await?;
    let more = views.len() > limit as usize;
    views.truncate(limit as usize);
    let last = views.last().filter(|_| more);
    let next = last.map(|view| cursor::encode_id(view.approval.id));
    let mut response = json(&Output {
        approvals: bodies(&call, &views).await?,
        next: next.clone(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
