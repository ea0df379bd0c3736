//! `GET /v1/destinations`

use domain::identity::Permission;
use serde::Serialize;

use super::{DestinationBody, shown};
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::{cursor, custody, person};

pub(crate) const DOC: Doc = Doc {
    id: "list_destinations",
    tag: "destinations",
    summary: "Destinations",
    description: "In the order of their ids: oldest first, but for those with an id of the caller's own. Of all users \
                  for who holds `custody:read`, one's own for others.",
    parameters: &[
        &[
            Parameter::query(
                "user",
                "Only destinations of this user: `me`, an id, or a name for who may read users.",
                person::SCHEMA,
            ),
            Parameter::query(
                "removed",
                "`true`: removed ones too.",
                r#"{"enum":["true","false"],"default":"false"}"#,
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
                r##"{"type":"object","required":["destinations","next"],"properties":{"destinations":{"type":"array","items":{"$ref":"#/components/schemas/Destination"}},"next":{"type":["string","null"],"description":"Cursor of the next page."}}}"##,
                concat!(r#"{"destinations":["#, super::example!(), r#"],"next":null}"#),
            )],
        )
    }],
    problems: &[custody::UNKNOWN_USER, custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output {
    destinations: Vec<DestinationBody>,
    next: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let (after, limit) = page::of_ids(&query)?;
    let removed = query.read("removed", "true or false", |text| text.parse().ok())?;
    let identity = call.identity()?;
    let user = match query.text("user", custody::NAME_LEN_MAX)? {
        Some(text) => Some(person::readable(&call, "user", &text, Permission::CustodyRead).await?),
        None if identity.principal.holds(Permission::CustodyRead) => None,
        None => Some(identity.user.id),
    };
    let engine = &call.app.engine;
    let mut rows = engine
        .destinations(user, removed.unwrap_or(false), after, limit + 1)
        .await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| cursor::encode_id(row.id));
    let mut destinations = Vec::with_capacity(rows.len());
    for row in rows {
        destinations.push(shown(&call, row).await?);
    }
    let mut response = json(&Output {
        destinations,
        next: next.clone(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
