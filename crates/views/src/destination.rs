//! Destinations of withdrawals.

use domain::code::{self, Code};
use domain::custody::destination::Destination;
use domain::identity::Permission;
use domain::record::Sealed;
use engine::list::Condition;
use engine::{Engine, Error};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, state};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Flag, Kind};
use crate::noun::{About, Noun, Reads, Show, Shown};
use crate::rows::{Rows, leads, rows, whole_is_view};
use crate::viewer::Viewer;
use evidence::Timestamp;

/// A destination of withdrawals.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Destination")]
pub struct DestinationView {
    /// Its id.
    pub id: Uuid,
    /// Whose withdrawals may go there.
    pub user: Uuid,
    /// Code of the asset.
    pub asset: String,
    /// As the asset's chain writes it.
    pub address: String,
    /// What its user calls it.
    pub label: Option<String>,
    /// Whether it can be withdrawn to now.
    pub usable: bool,
    /// From when it can be withdrawn to, unless it is removed.
    pub usable_at: Timestamp,
    /// Who added it; null for someone on the server's own machine.
    pub created_by: Option<Uuid>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
}

impl DestinationView {
    /// Shows a destination.
    pub async fn of(engine: &Engine, row: Destination) -> Result<DestinationView, Error> {
        Ok(DestinationView {
            id: row.id,
            user: row.user_id,
            asset: engine.asset_of(row.asset_id).await?.code.clone(),
            usable: row.removed_at.is_none() && row.usable_at <= engine.now(),
            usable_at: row.usable_at,
            address: row.address,
            label: row.label,
            created_by: row.created_by,
            created_at: row.created_at,
            removed_at: row.removed_at,
        })
    }

    /// Whether it can be used, in a word.
    fn state(&self) -> &'static str {
        match self {
            view if view.removed_at.is_some() => "removed",
            view if view.usable => "usable",
            _ => "cooling",
        }
    }
}

impl Shown for DestinationView {
    fn example() -> DestinationView {
        DestinationView {
            id: id(0xe1),
            user: ANN,
            asset: "BTC".to_owned(),
            address: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq".to_owned(),
            label: Some("cold wallet".to_owned()),
            usable: false,
            usable_at: at(21, 8),
            created_by: Some(ANN),
            created_at: at(20, 8),
            removed_at: None,
        }
    }
}

impl Noun for Destination {
    type View = DestinationView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("destination", "destinations");
    const KEY: &'static str = "destinations";
    const TAG: &'static str = "destinations";
    const COMMAND: &'static str = "destination";
    const LIST: About = About {
        id: "list_destinations",
        summary: "Destinations",
        description: "In the order of their ids: oldest first, but for those with an id of the caller's own. Of all \
                      users for callers who hold `custody:read`, one's own for others.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new("user", "of this user", Kind::User("user_id")),
        Filter::new(
            "removed",
            "removed ones too",
            Kind::Flag(Flag {
                usual: Some(false),
                condition: |removed| (!removed).then_some(Condition::Has("removed_at", false)),
                no: None,
            }),
        ),
    ];
    const READ: Reads = Reads::OwnOr(Permission::CustodyOwn, Permission::CustodyRead, "user_id");
    const COLUMNS: Columns<DestinationView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("user", Elide::End), |view| Cell::User(view.user)),
        (column("asset", Elide::Never), |view| (&view.asset).into()),
        (column("address", Elide::Start), |view| (&view.address).into()),
        (column("state", Elide::Never), |view| state(view.state())),
    ];

    leads!();
}

impl Rows for Destination {
    async fn views(
        engine: &Engine,
        _: Viewer<'_>,
        rows: Vec<Sealed<Destination>>,
    ) -> Result<Vec<DestinationView>, Error> {
        let mut views = Vec::with_capacity(rows.len());
        for sealed in rows {
            views.push(DestinationView::of(engine, sealed.row).await?);
        }
        Ok(views)
    }
}

impl Show for Destination {
    whole_is_view!();

    const SHOW: About = About {
        id: "show_destination",
        summary: "One destination",
        description: "Whether it can be used, by the clock, and from when; one that was removed is still shown.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_DESTINATION;
    const TAGGED: bool = false;

    fn details(view: &DestinationView) -> Vec<Titled> {
        vec![
            ("Id", view.id.into()),
            ("User", Cell::User(view.user)),
            ("Asset", (&view.asset).into()),
            ("Address", (&view.address).into()),
            ("Label", view.label.as_ref().into()),
            ("State", state(view.state())),
            ("Usable from", view.usable_at.into()),
            ("Added", view.created_at.into()),
            ("By", Cell::By(view.created_by)),
            ("Removed", view.removed_at.into()),
        ]
    }

    fn hinders(view: &DestinationView, _: Viewer<'_>, verb: &str) -> Option<String> {
        let removed = verb == "remove" && view.removed_at.is_some();
        removed.then(|| "the destination was removed".to_owned())
    }
}
