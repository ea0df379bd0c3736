//! Agents.

use domain::code::{self, Code};
use domain::governance::Agent;
use domain::identity::Permission;
use domain::record::Sealed;
use engine::list::Condition;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, state};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Kind};
use crate::noun::{About, Found, Named, Noun, Reads, Show, Shown};
use crate::rows::{self, Rows, leads, rows};
use crate::viewer::Viewer;

/// An agent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Agent")]
pub struct AgentView {
    /// Its id.
    pub id: Uuid,
    /// Its name; unique, and it never changes.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which release of it acts.
    pub release: Option<String>,
    /// Its owner, on whose behalf it acts.
    pub user: Uuid,
    /// Whether it may act. Otherwise its keys are refused.
    pub active: bool,
    /// Who made it; null for someone on the server's own machine.
    pub created_by: Option<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes; the same as in `ETag`.
    pub version: u64,
}

impl AgentView {
    /// Shows an agent.
    pub fn of(row: Agent, version: u64) -> AgentView {
        AgentView {
            id: row.id,
            name: row.name,
            description: row.description,
            release: row.release,
            user: row.user_id,
            active: row.active,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version,
        }
    }

    /// Whether it may act, in a word.
    fn state(&self) -> &'static str {
        if self.active { "active" } else { "disabled" }
    }
}

impl Shown for AgentView {
    fn example() -> AgentView {
        AgentView {
            id: id(0xc1),
            name: "triage".to_owned(),
            description: Some("Sorts tickets".to_owned()),
            release: Some("2.1.0".to_owned()),
            user: ANN,
            active: true,
            created_by: Some(ANN),
            created_at: at(20, 8),
            updated_at: at(20, 8),
            version: 1,
        }
    }
}

impl Noun for Agent {
    type View = AgentView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("agent", "agents");
    const KEY: &'static str = "agents";
    const TAG: &'static str = "governance";
    const COMMAND: &'static str = "agent";
    const LIST: About = About {
        id: "list_agents",
        summary: "Agents",
        description: "In the order of their ids: oldest first, but for those with an id of the caller's own. All for \
                      callers who hold `agents:read`, one's own for others.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new("user", "of this owner", Kind::User("user_id")),
        Filter::new(
            "status",
            "of this status",
            Kind::Word(&["active", "disabled"], |word, _| {
                Ok(Condition::Is("active", (word == "active").into()))
            }),
        ),
    ];
    const READ: Reads = Reads::OwnOr(Permission::AgentsOwn, Permission::AgentsRead, "user_id");
    const COLUMNS: Columns<AgentView> = &[
        (column("name", Elide::Never), |view| (&view.name).into()),
        (column("owner", Elide::End), |view| Cell::User(view.user)),
        (column("release", Elide::End), |view| view.release.as_ref().into()),
        (column("status", Elide::Never), |view| state(view.state())),
        (column("description", Elide::End), |view| {
            view.description.as_ref().into()
        }),
    ];

    leads!();
}

impl Rows for Agent {
    async fn views(_: &Engine, _: Viewer<'_>, rows: Vec<Sealed<Agent>>) -> Result<Vec<AgentView>, Error> {
        let view = |sealed: Sealed<Agent>| AgentView::of(sealed.row, sealed.version);
        Ok(rows.into_iter().map(view).collect())
    }
}

impl Show for Agent {
    type Whole = AgentView;

    const SHOW: About = About {
        id: "show_agent",
        summary: "One agent",
        description: "By name or by id.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_AGENT;
    const NAMED: Option<Named> = Some(Named {
        doc: "Name or id.",
        word: "NAME",
        pattern: "^[a-z0-9._-]{1,100}$",
        examples: &["triage"],
        must: "",
        good: |_| true,
    });

    async fn find(engine: &Engine, viewer: Viewer<'_>, name: &str) -> Result<Found<Agent>, Error> {
        let Some(agent) = engine.agent_meant(name).await? else {
            return Ok(None);
        };
        let seen = rows::seen(viewer, agent);
        Ok(seen.map(|sealed| (AgentView::of(sealed.row, sealed.version), sealed.version)))
    }

    fn details(view: &AgentView) -> Vec<Titled> {
        vec![
            ("Id", view.id.into()),
            ("Name", (&view.name).into()),
            ("Description", view.description.as_ref().into()),
            ("Release", view.release.as_ref().into()),
            ("Owner", Cell::User(view.user)),
            ("Status", state(view.state())),
            ("Made", view.created_at.into()),
            ("By", Cell::By(view.created_by)),
            ("Changed", view.updated_at.into()),
            ("Version", view.version.into()),
        ]
    }

    fn hinders(view: &AgentView, _: Viewer<'_>, verb: &str) -> Option<String> {
        match verb {
            "disable" if !view.active => Some("the agent is disabled already".to_owned()),
            "enable" if view.active => Some("the agent is not disabled".to_owned()),
            _ => None,
        }
    }
}
