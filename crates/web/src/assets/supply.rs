//! `GET /v1/assets/{id}/supply`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use views::Asset;

use crate::call::{Answer, Call, json};
use crate::custody::Units;
use crate::nouns;
use crate::openapi::{Content, Doc, Reply, kept};

const SAYS: Doc = Doc {
    id: "show_supply",
    tag: "custody",
    summary: "What there is of an asset",
    description: "Summed over all balances as they are at one moment: what users hold, what each house account \
                  holds, what is held by pending operations, and `sum`, over everything including the world outside: \
                  zero, or something is wrong.",
    replies: &[Reply::new(
        "200",
        "The sums.",
        &[Content::typed::<Output>(
            r#"{"asset":"BTC","supply":"2.50000000","users":"2.40000000","houses":{"omnibus":"0.00000000","fees":"0.10000000","suspense":"0.00000000","external":"-2.50000000"},"held":"0.50000000","balances":6,"sum":"0.00000000","size":4711}"#,
        )],
    )],
    ..Doc::EMPTY
};

pub(crate) const DOC: fn() -> Doc = || Doc {
    parameters: kept(vec![nouns::path::<Asset>()]),
    problems: nouns::unnamed::<Asset>(),
    ..SAYS
};

#[derive(Serialize, JsonSchema)]
struct Output<'a> {
    /// Code of the asset.
    asset: &'a str,
    supply: Units,
    users: Units,
    houses: BTreeMap<&'static str, Units>,
    held: Units,
    /// How many balances.
    balances: u64,
    sum: Units,
    /// Size of the log at that moment.
    size: u64,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.documented()?;
    let name = nouns::named::<Asset>(&mut call).await?;
    let asset = call.app.engine.asset_meant(&name).await?;
    let asset = asset.ok_or_else(|| nouns::missing::<Asset>(&name))?;
    let supply = call.app.engine.supply(&asset).await?;
    let units = |amount| Units::of(amount, &asset);
    json(&Output {
        asset: &asset.code,
        supply: units(supply.supply),
        users: units(supply.users),
        houses: supply
            .houses
            .iter()
            .map(|(house, amount)| (house.as_str(), units(*amount)))
            .collect(),
        held: units(supply.held),
        balances: supply.balances,
        sum: units(supply.sum),
        size: supply.size,
    })
}
