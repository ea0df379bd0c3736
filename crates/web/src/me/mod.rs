//! `GET /v1/me`

use domain::identity::Permission;
use domain::{Caller, Needs, RefusalKind};
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "who_am_i",
    tag: "service",
    summary: "Who you are, and what you may do",
    description: "The API key that the request came with, and what its owner's role and its scopes leave.",
    replies: &[Reply::new(
        "200",
        "The key.",
        &[Content::new(
            "application/json",
            r#"{"type":"object","required":["key","owner","role","scopes","permissions"],"properties":{"key":{"type":"object","required":["id","name","expires_at"],"properties":{"id":{"type":"string","format":"uuid"},"name":{"type":"string"},"expires_at":{"type":["string","null"],"format":"date-time"}}},"owner":{"type":"object","required":["id","username"],"properties":{"id":{"type":"string","format":"uuid"},"username":{"type":"string"}}},"role":{"type":"string"},"scopes":{"type":"array","items":{"type":"string"}},"permissions":{"type":"array","items":{"type":"string"}}}}"#,
            r#"{"key":{"id":"01970000-0000-7000-8000-0000000000aa","name":"shop","expires_at":null},"owner":{"id":"01970000-0000-7000-8000-0000000000ab","username":"shop"},"role":"developer","scopes":["read","write"],"permissions":["audit:read","audit:write"]}"#,
        )],
    )],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Body<'a> {
    key: Key<'a>,
    owner: Owner<'a>,
    role: &'static str,
    scopes: Vec<&'static str>,
    permissions: Vec<&'static str>,
}

#[derive(Serialize)]
struct Key<'a> {
    id: Uuid,
    name: &'a str,
    expires_at: Option<evidence::Timestamp>,
}

#[derive(Serialize)]
struct Owner<'a> {
    id: Uuid,
    username: &'a str,
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let caller = call.caller()?;
    // A key that is no longer good is told so by the first of these.
    let permissions = permissions(&call.app, caller).await?;
    let Caller::ApiKey(id) = caller else {
        return Err(Problem::internal(&"a caller without an API key"));
    };
    let needs = Needs {
        callers: [*id].into(),
        ..Needs::default()
    };
    let facts = {
        let mut conn = call.app.engine.db().reader().await.map_err(engine::Error::from)?;
        store::facts::load_unlocked(&mut conn, &needs)
            .await
            .map_err(engine::Error::from)?
    };
    let key = facts.api_keys.get(id).map(|sealed| &sealed.row);
    let owner = key
        .and_then(|key| facts.users.get(&key.user_id))
        .map(|sealed| &sealed.row);
    let (Some(key), Some(owner)) = (key, owner) else {
        return Err(Problem::internal(&format_args!(
            "API key {id} or its owner is not there"
        )));
    };
    json(&Body {
        key: Key {
            id: key.id,
            name: &key.name,
            expires_at: key.expires_at,
        },
        owner: Owner {
            id: owner.id,
            username: &owner.username,
        },
        role: owner.role.as_str(),
        scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
        permissions,
    })
}

async fn permissions(app: &App, caller: &Caller) -> Result<Vec<&'static str>, Problem> {
    let mut held = Vec::new();
    for permission in Permission::ALL {
        match app.engine.authorise(caller, permission).await {
            Ok(_) => held.push(permission.as_str()),
            Err(engine::Error::Refused { refusal, .. }) if refusal.kind == RefusalKind::Forbidden => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(held)
}
