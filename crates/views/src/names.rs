//! Names of users and agents, looked up for all cells at once.

use std::collections::HashMap;

use domain::custody::Owner;
use domain::governance::Agent;
use domain::identity::Permission;
use engine::{Engine, Error};
use uuid::Uuid;

use crate::cell::Cell;
use crate::viewer::Viewer;

/// The names that it takes to show some cells.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<Uuid, String>);

impl Names {
    /// Those of these cells, as this viewer may know them: whoever may not read users sees the ids of others.
    pub async fn of<'a>(
        engine: &Engine,
        viewer: Viewer<'_>,
        cells: impl Iterator<Item = &'a Cell> + Clone,
    ) -> Result<Names, Error> {
        let reads_users = viewer.holds(Permission::UsersRead);
        let users = cells.clone().filter_map(Cell::user);
        let mut names = engine
            .usernames(users.filter(|id| reads_users || viewer.own() == Some(*id)))
            .await?;
        let agents = engine.rows::<Agent>(cells.filter_map(Cell::agent)).await?;
        names.extend(agents.into_iter().map(|(id, agent)| (id, agent.name)));
        Ok(Names(names))
    }

    /// The name of a user or an agent; the id where it is not known.
    pub fn name(&self, id: &Uuid) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// A cell as people read it; `time` writes a time.
    pub fn text(&self, cell: &Cell, time: impl Fn(&Cell, evidence::Timestamp) -> String) -> String {
        match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) | Cell::State(text) | Cell::Command(text) | Cell::One(_, text) => text.clone(),
            Cell::Time(at) | Cell::Second(at) => time(cell, *at),
            Cell::User(id) | Cell::Agent(id) => self.name(id),
            Cell::UserAnd(id, more) => self.name(id) + more,
            Cell::By(id) => id.as_ref().map_or("operator".to_owned(), |id| self.name(id)),
            Cell::Account(account) => match account.owner {
                Owner::User(id) => format!("user:{}", self.name(&id)),
                Owner::House(house) => format!("house:{}", house.as_str()),
            },
        }
    }
}
