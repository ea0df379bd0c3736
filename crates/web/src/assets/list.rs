//! `GET /v1/assets`

use serde::Serialize;

use super::{AssetBody, example};
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};
use views::cursor;

pub(crate) const DOC: Doc = Doc {
    id: "list_assets",
    tag: "custody",
    summary: "Assets, oldest first",
    description: "What can be held, a page at a time.",
    parameters: &[page::PARAMETERS],
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page.",
            &[Content::new(
                "application/json",
                r##"{"type":"object","required":["assets","next"],"properties":{"assets":{"type":"array","items":{"$ref":"#/components/schemas/Asset"}},"next":{"type":["string","null"],"description":"Cursor of the next page."}}}"##,
                concat!(r#"{"assets":["#, example!(), r#"],"next":null}"#),
            )],
        )
    }],
    problems: &[crate::custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    assets: Vec<AssetBody<'a>>,
    next: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let (after, limit) = page::of_ids(&query)?;
    let mut assets = call.app.engine.assets(after, limit + 1).await?;
    let more = assets.len() > limit as usize;
    assets.truncate(limit as usize);
    let next = assets
        .last()
        .filter(|_| more)
        .map(|asset| cursor::encode_id(asset.id));
    let mut response = json(&Output {
        assets: assets.iter().map(|asset| AssetBody::of(asset)).collect(),
        next: next.clone(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
