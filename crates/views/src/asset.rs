//! Assets.

use domain::custody::Asset;
use domain::record::Sealed;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Columns, Elide, column, number};
use crate::example::{at, id};
use crate::filter::Filter;
use crate::noun::{About, Noun, Reads, Shown};
use crate::viewer::Viewer;

/// An asset.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Asset")]
pub struct AssetView {
    /// Its id.
    pub id: Uuid,
    /// Its code, which is taken in any case.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Digits after the point.
    pub scale: u64,
    /// The chain that it is on.
    pub chain: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl AssetView {
    /// Shows an asset.
    pub fn of(asset: &Asset) -> AssetView {
        AssetView {
            id: asset.id,
            code: asset.code.clone(),
            name: asset.name.clone(),
            scale: asset.scale,
            chain: asset.chain.clone(),
            created_at: asset.created_at,
        }
    }
}

impl Shown for AssetView {
    fn example() -> AssetView {
        AssetView {
            id: id(0xba),
            code: "BTC".to_owned(),
            name: "Bitcoin".to_owned(),
            scale: 8,
            chain: Some("bitcoin".to_owned()),
            created_at: at(20, 8),
        }
    }
}

impl Noun for Asset {
    type View = AssetView;

    const NAMES: (&'static str, &'static str) = ("asset", "assets");
    const KEY: &'static str = "assets";
    const TAG: &'static str = "custody";
    const COMMAND: &'static str = "asset";
    const LIST: About = About {
        id: "list_assets",
        summary: "Assets, oldest first",
        description: "What can be held, a page at a time.",
    };
    const FILTERS: &'static [Filter] = &[];
    const READ: Reads = Reads::Everyone;
    const COLUMNS: Columns<AssetView> = &[
        (column("code", Elide::Never), |view| (&view.code).into()),
        (column("name", Elide::End), |view| (&view.name).into()),
        (number("scale"), |view| view.scale.into()),
        (column("chain", Elide::End), |view| view.chain.as_ref().into()),
        (column("made (UTC)", Elide::Never), |view| view.created_at.into()),
    ];

    async fn views(_: &Engine, _: Viewer<'_>, rows: Vec<Sealed<Asset>>) -> Result<Vec<AssetView>, Error> {
        Ok(rows.iter().map(|sealed| AssetView::of(&sealed.row)).collect())
    }
}
