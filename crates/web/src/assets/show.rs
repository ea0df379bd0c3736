//! `GET /v1/assets/{id}`

use super::{AssetBody, PATH, example, of_path};
use crate::call::{Answer, Call, json};
use crate::custody::UNKNOWN_ASSET;
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "show_asset",
    tag: "custody",
    summary: "One asset",
    description: "By code or by id.",
    parameters: &[PATH],
    replies: &[Reply::new(
        "200",
        "The asset.",
        &[Content::new(
            "application/json",
            r##"{"$ref":"#/components/schemas/Asset"}"##,
            example!(),
        )],
    )],
    problems: &[UNKNOWN_ASSET],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let asset = of_path(&mut call).await?;
    json(&AssetBody::of(&asset))
}
