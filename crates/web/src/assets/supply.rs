//! `GET /v1/assets/{id}/supply`

use views::{Asset, SupplyView};

use crate::call::{Answer, Call, json};
use crate::nouns;
use crate::openapi::{Doc, Reply, kept};

const SAYS: Doc = Doc {
    id: "show_supply",
    tag: "custody",
    summary: "What there is of an asset",
    description: "Summed over all balances as they are at one moment: what users hold, what each house account \
                  holds, what is held by pending operations, and `sum`, over everything including the world outside: \
                  zero, or something is wrong.",
    replies: &[Reply::shown::<SupplyView>("200", "The sums.")],
    ..Doc::EMPTY
};

pub(crate) const DOC: fn() -> Doc = || Doc {
    parameters: kept(vec![nouns::path::<Asset>()]),
    problems: nouns::unnamed::<Asset>(),
    ..SAYS
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.documented()?;
    let name = nouns::named::<Asset>(&mut call).await?;
    let asset = call.app.engine.asset_meant(&name).await?;
    let asset = asset.ok_or_else(|| nouns::missing::<Asset>(&name))?;
    let supply = call.app.engine.supply(&asset).await?;
    json(&SupplyView::of(&supply))
}
