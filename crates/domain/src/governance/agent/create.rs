//! Making agents.

use super::row::{Agent, check_name, check_words};
use crate::custody::whose::{authorise_for, check_user};
use crate::prelude::*;

/// Makes an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAgent {
    /// The caller's own id for it: the same id with the same content is the same agent.
    pub id: Option<Uuid>,
    /// Its name: 1 to 100 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub name: String,
    /// What it is for: 1 to 1,000 characters.
    pub description: Option<String>,
    /// Which release of it acts: 1 to 100 characters.
    pub release: Option<String>,
    /// Its owner.
    pub user: Uuid,
}

/// The field in which an agent is not what a command asks for.
fn difference(agent: &Agent, command: &CreateAgent) -> Option<&'static str> {
    let fields = [
        ("name", agent.name == command.name),
        ("description", agent.description == command.description),
        ("release", agent.release == command.release),
        ("user", agent.user_id == command.user),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

impl Act for CreateAgent {
    act! {
        action: AGENT_CREATE, changes_access: false, target: none,
        refusals: INVALID_FIELD, ID_CONFLICT, UNKNOWN_USER, USER_ERASED, AGENT_EXISTS
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER_RELIED_ON, self.user);
        needs.rows(&looks::AGENT, self.id);
        needs.row(&looks::AGENT_NAMED, self.name.as_str());
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (all, own) = (Permission::AgentsWrite, Permission::AgentsOwn);
        let authority = authorise_for(self.user, by.who, all, own)?;
        own_id::check("id", self.id)?;
        check_name(&self.name)?;
        check_words(self.description.as_deref(), self.release.as_deref())?;
        if let Some(known) = self.id.and_then(|id| facts.agents.get(&id)) {
            return match difference(&known.row, self) {
                None => Ok(Decision::nothing(super::reply(known))),
                Some(field) => {
                    let own = by.who.actor_id == Some(known.row.user_id);
                    let may_read = own || by.who.holds(all) || by.who.holds(Permission::AgentsRead);
                    Err(own_id::conflict_seen(may_read, "agent", known.row.id, field))
                }
            };
        }
        check_user(facts, self.user)?;
        if facts.agents.values().any(|agent| agent.row.name == self.name) {
            let message = format!("there is an agent {:?} already", self.name);
            return Err(code::AGENT_EXISTS.because(message).field("name"));
        }
        let agent = Agent {
            id: self.id.unwrap_or_else(|| ctx.id(1)),
            name: self.name.clone(),
            description: self.description.clone(),
            release: self.release.clone(),
            user_id: self.user,
            active: true,
            created_by: by.who.user_id,
            created_at: ctx.now,
            updated_at: ctx.now,
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.insert(agent.clone());
        let draft = change.draft(Self::ACTION.name, "agent", agent.id);
        Ok(Decision::one(Reply::Agent(agent, 1), draft))
    }

    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        Unmade::about(facts, Some(self.user))
    }
}
