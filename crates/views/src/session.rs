//! Login sessions.

use domain::identity::Permission;
use domain::identity::session::Session;
use domain::record::Sealed;
use engine::identity::session_in_use;
use engine::list::Condition;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Columns, Elide, column};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Kind};
use crate::noun::{About, Noun, Reads, Shown};
use crate::rows::{Rows, rows};
use crate::viewer::Viewer;

/// A session.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub struct SessionView {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user: Uuid,
    /// Whether a second factor was used.
    pub second_factor: bool,
    /// Network address of the login.
    pub ip: Option<String>,
    /// Program of the login.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
}

impl SessionView {
    /// Shows a session.
    pub fn of(row: Session) -> SessionView {
        SessionView {
            id: row.id,
            user: row.user_id,
            second_factor: row.second_factor,
            ip: row.ip,
            user_agent: row.user_agent,
            created_at: row.created_at,
            expires_at: row.expires_at,
            idle_expires_at: row.idle_expires_at,
        }
    }
}

impl Shown for SessionView {
    fn example() -> SessionView {
        SessionView {
            id: id(0xcc),
            user: ANN,
            second_factor: false,
            ip: Some("192.0.2.7".to_owned()),
            user_agent: Some("curl/8.14.1".to_owned()),
            created_at: at(21, 8),
            expires_at: at(21, 20),
            idle_expires_at: at(21, 9),
        }
    }
}

/// A session in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct SessionListed {
    /// The session.
    #[serde(flatten)]
    pub session: SessionView,
    /// User name of whose it is.
    pub username: String,
    /// A few seconds late.
    pub last_used_at: Option<Timestamp>,
    /// Whether it is the one that calls.
    pub current: bool,
}

impl Shown for SessionListed {
    fn example() -> SessionListed {
        SessionListed {
            session: SessionView::example(),
            username: "ann".to_owned(),
            last_used_at: Some(at(21, 8)),
            current: true,
        }
    }
}

impl Noun for Session {
    type View = SessionListed;
    rows!();

    const NAMES: (&'static str, &'static str) = ("session", "sessions");
    const KEY: &'static str = "sessions";
    const TAG: &'static str = "account";
    const COMMAND: &'static str = "session";
    const LIST: About = About {
        id: "list_sessions",
        summary: "Sessions that can be used, oldest first",
        description: "One's own; with `user` those of somebody else, which needs the permission `sessions:read`.",
    };
    const FILTERS: &'static [Filter] = &[Filter::new("user", "of this user", Kind::User("user_id"))];
    const READ: Reads = Reads::OwnOrNamed(Permission::SessionsRead, "user_id");
    const SHOWS_NAMES: bool = true;
    const COLUMNS: Columns<SessionListed> = &[
        (column("id", Elide::Never), |view| view.session.id.into()),
        (column("user", Elide::End), |view| (&view.username).into()),
        (column("address", Elide::End), |view| {
            view.session.ip.as_ref().into()
        }),
        (column("last used (UTC)", Elide::Never), |view| {
            view.last_used_at.unwrap_or(view.session.created_at).into()
        }),
    ];

    fn leads(view: &SessionListed) -> Option<(&'static str, String)> {
        Some((Self::KEY, view.session.id.to_string()))
    }
}

impl Rows for Session {
    fn always(now: Timestamp) -> Option<Condition> {
        Some(session_in_use(now))
    }

    async fn views(
        engine: &Engine,
        viewer: Viewer<'_>,
        rows: Vec<Sealed<Session>>,
    ) -> Result<Vec<SessionListed>, Error> {
        let names = engine
            .usernames(rows.iter().map(|sealed| sealed.row.user_id))
            .await?;
        let seen = engine
            .sessions_seen(rows.iter().map(|sealed| sealed.row.id))
            .await?;
        let view = |Sealed { row, .. }: Sealed<Session>| SessionListed {
            username: names.get(&row.user_id).cloned().unwrap_or_default(),
            last_used_at: seen.get(&row.id).copied(),
            current: viewer.session() == Some(row.id),
            session: SessionView::of(row),
        };
        Ok(rows.into_iter().map(view).collect())
    }
}
