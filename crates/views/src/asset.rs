//! Assets.

use domain::code::{self, Code};
use domain::custody::Asset;
use domain::record::Sealed;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Columns, Elide, Titled, column, number};
use crate::example::{at, id};
use crate::filter::Filter;
use crate::noun::{About, Found, Named, Noun, Reads, Show, Shown};
use crate::rows::{Rows, leads, rows};
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
    rows!();

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

    leads!();
}

impl Rows for Asset {
    async fn views(_: &Engine, _: Viewer<'_>, rows: Vec<Sealed<Asset>>) -> Result<Vec<AssetView>, Error> {
        Ok(rows.iter().map(|sealed| AssetView::of(&sealed.row)).collect())
    }
}

impl Show for Asset {
    type Whole = AssetView;

    const SHOW: About = About {
        id: "show_asset",
        summary: "One asset",
        description: "By code or by id.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_ASSET;
    const TAGGED: bool = false;
    const NAMED: Option<Named> = Some(Named {
        doc: "Code, in any case, or id.",
        word: "CODE",
        pattern: "^[A-Za-z0-9._-]{1,36}$",
        examples: &["BTC"],
        must: "",
        good: |_| true,
    });

    async fn find(engine: &Engine, _: Viewer<'_>, name: &str) -> Result<Found<Asset>, Error> {
        let found = engine.asset_meant(name).await?;
        // It never changes.
        Ok(found.map(|asset| (AssetView::of(&asset), 1)))
    }

    fn details(view: &AssetView) -> Vec<Titled> {
        vec![
            ("Id", view.id.into()),
            ("Code", (&view.code).into()),
            ("Name", (&view.name).into()),
            ("Scale", view.scale.into()),
            ("Chain", view.chain.as_ref().into()),
            ("Made", view.created_at.into()),
        ]
    }
}
