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
        cells: impl Iterator<Item = &'a Cell>,
    ) -> Result<Names, Error> {
        let reads_users = viewer.holds(Permission::UsersRead);
        let (mut users, mut agents) = (Vec::new(), Vec::new());
        for cell in cells {
            users.extend(cell.user());
            agents.extend(cell.agent());
            for (_, id) in cell.ids() {
                users.push(id);
                agents.push(id);
            }
        }
        users.retain(|id| reads_users || viewer.own() == Some(*id));
        let mut names = engine.usernames(users).await?;
        let agents = engine.rows_that_read::<Agent>(agents).await?;
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
            Cell::Sentence(text) => {
                let known = cell.ids().filter_map(|(word, id)| Some((word, self.0.get(&id)?)));
                known.fold(text.clone(), |text, (word, name)| text.replace(word, name))
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_whom_it_knows() {
        let [ann, other] = [1, 2].map(Uuid::from_u128);
        let names = Names(HashMap::from([(ann, "ann".to_owned())]));
        let said = |text: String| names.text(&Cell::Sentence(text), |_, _| String::new());
        assert_eq!(
            said(format!(
                "{ann} did user.disable on user {other}, not (user:{ann})"
            )),
            format!("ann did user.disable on user {other}, not (user:ann)")
        );
        assert_eq!(said(format!("x{ann}{ann}")), format!("x{ann}{ann}"));
        let quoted = Cell::Text(ann.to_string());
        assert_eq!(quoted.ids().count(), 0);
    }
}
