//! `GET /v1/api-keys/{id}`

use domain::identity::Permission;
use evidence::Timestamp;
use serde::Serialize;

use super::{KeyBody, PATH, UNKNOWN, visible};
use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "show_api_key",
    tag: "api_keys",
    summary: "One API key",
    description: "With what it may do, and what it did: `GET /v1/audit/entries?recorded_by=ID` lists the entries.",
    parameters: &[PATH],
    replies: &[Reply {
        headers: &[("ETag", "The key's version.")],
        ..Reply::new(
            "200",
            "The key.",
            &[Content::new(
                "application/json",
                r##"{"allOf":[{"$ref":"#/components/schemas/ApiKey"},{"type":"object","required":["permissions","last_used_at","entries"],"properties":{"permissions":{"type":"array","items":{"type":"string"},"description":"What its owner's role and its scopes leave, while it is good."},"last_used_at":{"type":["string","null"],"format":"date-time","description":"A few seconds late."},"entries":{"type":"integer","description":"How many entries it wrote."}}}]}"##,
                r#"{"id":"01970000-0000-7000-8000-0000000000aa","name":"shop","owner":"ann","user_id":"01970000-0000-7000-8000-0000000000ab","shown":"prb_4fGh2k","scopes":["read","write"],"requests_per_minute":600,"created_at":"2026-11-20T08:00:00.000000Z","expires_at":"2027-02-18T08:00:00.000000Z","revoked_at":null,"successor":null,"version":1,"permissions":["audit:read","audit:write"],"last_used_at":"2026-11-21T08:30:00.000000Z","entries":4711}"#,
            )],
        )
    }],
    problems: &[UNKNOWN],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    key: KeyBody<'a>,
    permissions: Vec<&'static str>,
    last_used_at: Option<Timestamp>,
    entries: u64,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id("key").await?;
    let read = visible(&call, id).await?;
    let engine = &call.app.engine;
    let used = engine.api_key_use(id).await?;
    let owner = engine.user(read.key.user_id).await?;
    let of_role = owner.map(|owner| engine.rules().permissions(&owner.row.role).to_vec());
    let held = |permission: &Permission| {
        read.key
            .scopes
            .iter()
            .any(|scope| scope.permissions().contains(permission))
    };
    let permissions = of_role.unwrap_or_default().into_iter().filter(held);
    let response = json(&Output {
        key: KeyBody::of(&read),
        permissions: permissions.map(Permission::as_str).collect(),
        last_used_at: used.last_used_at,
        entries: used.entries,
    })?;
    Ok(tagged(response, read.version))
}
