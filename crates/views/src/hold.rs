//! Legal holds.

use domain::audit::hold::{HoldStatus, LegalHold};
use domain::code::{self, Code};
use domain::identity::Permission;
use domain::record::Sealed;
use engine::list::Condition;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, minute, state};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Flag, Kind};
use crate::noun::{About, Noun, Reads, Show, Shown};
use crate::rows::{Rows, leads, rows, whole_is_view};
use crate::viewer::Viewer;

/// A legal hold. It covers the entries for which everything that it names is true.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "LegalHold")]
pub struct HoldView {
    /// Its id.
    pub id: Uuid,
    /// Entries by this actor.
    pub actor: Option<String>,
    /// Entries about this target.
    pub target: Option<String>,
    /// Entries by or about this user, its API keys and agents.
    pub user: Option<Uuid>,
    /// Entries that were recorded, or tell of what happened, at this time or later.
    pub from: Option<Timestamp>,
    /// Entries that were recorded, or tell of what happened, before this time.
    pub to: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// `active`, or `released`.
    pub status: HoldStatus,
    /// Who set it; null for someone on the server's own machine.
    pub created_by: Option<Uuid>,
    /// When it was set.
    pub created_at: Timestamp,
    /// Who released it.
    pub released_by: Option<Uuid>,
    /// When it was released.
    pub released_at: Option<Timestamp>,
    /// Why it was released.
    pub release_reason: Option<String>,
    /// Counts the changes; the same as in `ETag`.
    pub version: u64,
}

impl HoldView {
    /// Shows a hold.
    pub fn of(row: LegalHold, version: u64) -> HoldView {
        HoldView {
            id: row.id,
            actor: row.actor,
            target: row.target,
            user: row.user_id,
            from: row.since,
            to: row.until,
            reason: row.reason,
            status: row.status,
            created_by: row.created_by,
            created_at: row.created_at,
            released_by: row.released_by,
            released_at: row.released_at,
            release_reason: row.release_reason,
            version,
        }
    }

    /// The times that it covers.
    fn times(&self) -> String {
        match (self.from, self.to) {
            (None, None) => String::new(),
            (Some(from), None) => format!("from {}", minute(from)),
            (None, Some(to)) => format!("to {}", minute(to)),
            (Some(from), Some(to)) => format!("{} to {}", minute(from), minute(to)),
        }
    }
}

impl Shown for HoldView {
    fn example() -> HoldView {
        HoldView {
            id: id(0xf1),
            actor: None,
            target: None,
            user: Some(ANN),
            from: Some(at(1, 0)),
            to: None,
            reason: "case 93".to_owned(),
            status: HoldStatus::Active,
            created_by: Some(ANN),
            created_at: at(20, 8),
            released_by: None,
            released_at: None,
            release_reason: None,
            version: 1,
        }
    }
}

impl Noun for LegalHold {
    type View = HoldView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("legal hold", "legal holds");
    const KEY: &'static str = "holds";
    const TAG: &'static str = "audit";
    const COMMAND: &'static str = "audit hold";
    const LIST: About = About {
        id: "list_holds",
        summary: "Legal holds",
        description: "In the order of their ids: oldest first, but for those with an id of the caller's own.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new("user", "of this user", Kind::User("user_id")),
        Filter::new(
            "released",
            "released ones too",
            Kind::Flag(Flag {
                usual: Some(false),
                condition: |released| {
                    let active = Condition::Is("status", HoldStatus::Active.as_str().into());
                    (!released).then_some(active)
                },
                no: None,
            }),
        ),
    ];
    const READ: Reads = Reads::Holders(Permission::AuditRead);
    const COLUMNS: Columns<HoldView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("actor", Elide::Start), |view| view.actor.as_ref().into()),
        (column("target", Elide::Start), |view| view.target.as_ref().into()),
        (column("user", Elide::End), |view| {
            view.user.map_or(Cell::Empty, Cell::User)
        }),
        (column("times", Elide::End), |view| view.times().into()),
        (column("status", Elide::Never), |view| state(view.status.as_str())),
        (column("reason", Elide::End), |view| (&view.reason).into()),
    ];

    leads!();
}

impl Rows for LegalHold {
    async fn views(_: &Engine, _: Viewer<'_>, rows: Vec<Sealed<LegalHold>>) -> Result<Vec<HoldView>, Error> {
        let view = |sealed: Sealed<LegalHold>| HoldView::of(sealed.row, sealed.version);
        Ok(rows.into_iter().map(view).collect())
    }
}

impl Show for LegalHold {
    whole_is_view!();

    const SHOW: About = About {
        id: "show_hold",
        summary: "One legal hold",
        description: "What it covers, who set it and why; one that was released is still shown.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_HOLD;

    fn details(view: &HoldView) -> Vec<Titled> {
        let released = |cell: Cell| {
            if view.released_at.is_some() {
                cell
            } else {
                Cell::Empty
            }
        };
        vec![
            ("Id", view.id.into()),
            ("Actor", view.actor.as_ref().into()),
            ("Target", view.target.as_ref().into()),
            ("User", view.user.map_or(Cell::Empty, Cell::User)),
            ("From", view.from.into()),
            ("To", view.to.into()),
            ("Reason", (&view.reason).into()),
            ("Status", state(view.status.as_str())),
            ("Set", view.created_at.into()),
            ("By", Cell::By(view.created_by)),
            ("Released", view.released_at.into()),
            ("Released by", released(Cell::By(view.released_by))),
            ("Because", view.release_reason.as_ref().into()),
            ("Version", view.version.into()),
        ]
    }

    fn hinders(view: &HoldView, viewer: Viewer<'_>, verb: &str) -> Option<String> {
        if verb != "release" {
            return None;
        }
        let own = |user: Option<Uuid>| user.is_some() && user == viewer.own();
        let why = if view.status == HoldStatus::Released {
            "the legal hold was released"
        } else if own(view.created_by) {
            "you set this legal hold: someone else releases it"
        } else if own(view.user) {
            "this legal hold is about yourself: someone else releases it"
        } else {
            return None;
        };
        Some(why.to_owned())
    }
}
