//! `GET /v1/kyc`

use domain::custody::kyc::KycStatus;
use domain::identity::Permission;
use serde::Serialize;

use super::KycBody;
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::{custody, person};
use views::cursor;

pub(crate) const DOC: Doc = Doc {
    id: "list_kyc",
    tag: "kyc",
    summary: "KYC records",
    description: "In the order of their ids: oldest first, but for those with an id of the caller's own. Of all users \
                  for who holds `kyc:read`, one's own for others. What has expired is so by the clock.",
    parameters: &[
        &[
            Parameter::query(
                "user",
                "Only records about this user: `me`, an id, or a name for who may read users.",
                person::SCHEMA,
            ),
            Parameter::query(
                "status",
                "Only records of this status.",
                r##"{"$ref":"#/components/schemas/KycStatus"}"##,
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
                r##"{"type":"object","required":["kyc_records","next"],"properties":{"kyc_records":{"type":"array","items":{"$ref":"#/components/schemas/KycRecord"}},"next":{"type":["string","null"],"description":"Cursor of the next page."}}}"##,
                concat!(r#"{"kyc_records":["#, super::example!(), r#"],"next":null}"#),
            )],
        )
    }],
    problems: &[custody::UNKNOWN_USER, custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    kyc_records: Vec<KycBody<'a>>,
    next: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let (after, limit) = page::of_ids(&query)?;
    let status = query.get("status");
    let status = status.map(|word| KycStatus::read("status", word)).transpose()?;
    let identity = call.identity()?;
    let user = match query.text("user", custody::NAME_LEN_MAX)? {
        Some(text) => Some(person::readable(&call, "user", &text, Permission::KycRead).await?),
        None if identity.principal.holds(Permission::KycRead) => None,
        None => Some(identity.user.id),
    };
    let engine = &call.app.engine;
    let mut views = engine.kyc_records(user, status, after, limit + 1).await?;
    let more = views.len() > limit as usize;
    views.truncate(limit as usize);
    let last = views.last().filter(|_| more);
    let next = last.map(|view| cursor::encode_id(view.record.id));
    let mut response = json(&Output {
        kyc_records: views.iter().map(KycBody::of_view).collect(),
        next: next.clone(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
