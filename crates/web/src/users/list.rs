//! `GET /v1/users`

use engine::list::UserFilter;
use serde::Serialize;

use super::{UserBody, role_named};
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply};
use views::cursor;

const FILTER: &[Parameter] = &[
    Parameter::query(
        "text",
        "Only users with this text in the user name, e-mail address or full name, in any case.",
        r#"{"type":"string","maxLength":254}"#,
    ),
    Parameter::query("role", "Only users of this role.", r#"{"type":"string"}"#),
    Parameter::query(
        "active",
        "Only users that are active, or only those that are not.",
        r#"{"enum":["true","false"]}"#,
    ),
];

pub(crate) const DOC: Doc = Doc {
    id: "list_users",
    tag: "users",
    summary: "Users, oldest first",
    description: "Users that fulfil every condition given, a page at a time.",
    parameters: &[FILTER, page::PARAMETERS],
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page.",
            &[Content::new(
                "application/json",
                r##"{"type":"object","required":["users","next"],"properties":{"users":{"type":"array","items":{"$ref":"#/components/schemas/User"}},"next":{"type":["string","null"],"description":"Cursor of the next page."}}}"##,
                concat!(r#"{"users":["#, super::example!(), r#"],"next":null}"#),
            )],
        )
    }],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    users: Vec<UserBody<'a>>,
    next: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let role = query
        .get("role")
        .map(|text| role_named(&call, text))
        .transpose()?;
    let filter = UserFilter {
        text: query.text("text", 254)?,
        role,
        active: query.read("active", "true or false", |text| text.parse().ok())?,
    };
    let (after, limit) = page::of_ids(&query)?;
    let mut users = call.app.engine.users(&filter, after, limit + 1).await?;
    let more = users.len() > limit as usize;
    users.truncate(limit as usize);
    let next = users
        .last()
        .filter(|_| more)
        .map(|user| cursor::encode_id(user.row.id));
    let mut response = json(&Output {
        users: users
            .iter()
            .map(|user| UserBody::of(&user.row, user.version))
            .collect(),
        next: next.clone(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
