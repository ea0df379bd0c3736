//! `GET /v1/assets/{id}`

use views::AssetView;

use super::{PATH, of_path};
use crate::call::{Answer, Call, json};
use crate::custody::UNKNOWN_ASSET;
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "show_asset",
    tag: "custody",
    summary: "One asset",
    description: "By code or by id.",
    parameters: &[PATH],
    replies: &[Reply::new("200", "The asset.", &[Content::shown::<AssetView>()])],
    problems: &[UNKNOWN_ASSET],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let asset = of_path(&mut call).await?;
    json(&AssetView::of(&asset))
}
