//! Agents: programs that act by themselves, each on behalf of the user who owns it. A key that is made for one acts as
//! the agent.

mod active;
mod create;
mod row;
#[cfg(test)]
pub(crate) mod tests;
mod update;

pub use active::{DisableAgent, EnableAgent};
pub use create::CreateAgent;
pub use row::{Agent, DESCRIPTION_LEN_MAX, NAME_LEN_MAX, RELEASE_LEN_MAX, SCOPES};
pub use update::UpdateAgent;

use uuid::Uuid;

use crate::code;
use crate::custody::whose::authorise_for;
use crate::decision::Reply;
use crate::identity::{Authority, Permission, Principal};
use crate::record::Sealed;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// An agent, and what allows to change it: one's own by one permission, all by another.
fn to_change<'a>(
    facts: &'a Facts,
    id: Uuid,
    who: &Principal,
) -> Result<(&'a Sealed<Agent>, Authority), Refusal> {
    let agent = facts.agents.get(&id);
    let owner = agent.map_or(Uuid::nil(), |agent| agent.row.user_id);
    let authority = authorise_for(owner, who, Permission::AgentsWrite, Permission::AgentsOwn)?;
    Ok((agent.ok_or_else(|| unknown(id))?, authority))
}

/// The refusal of an agent that is not there.
pub(crate) fn unknown(id: Uuid) -> Refusal {
    code::UNKNOWN_AGENT.absent(format_args!("agent {id}"), "id")
}

/// An agent as an answer.
fn reply(sealed: &Sealed<Agent>) -> Reply {
    Reply::Agent(sealed.row.clone(), sealed.version)
}
