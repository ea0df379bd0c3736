//! What a change will do, in numbers, before somebody does it.

use domain::approval::ApprovalStatus;
use domain::governance::Agent;
use domain::identity::Permission;
use domain::identity::api_key::ApiKey;
use domain::workflow::execution::{Execution, ExecutionStatus};
use engine::custody::approval_in_status;
use engine::list::Condition;
use engine::workflow::execution_stands;
use evidence::Timestamp;
use uuid::Uuid;
use views::{Approval, count};

use crate::call::Call;
use crate::problem::Problem;

/// Most of each that are counted, and most entries; beyond, it is so many or more.
const COUNTED_MAX: u32 = 1_000;
const ENTRIES_MAX: u32 = 10_000;

/// What somebody has that a change of them ends or stops.
pub(crate) struct Counts {
    /// Sessions in use.
    pub sessions: u64,
    /// API keys that work.
    pub keys: u64,
    /// Agents that may act.
    pub agents: u64,
}

/// What a user has.
pub(crate) async fn of_user(call: &Call, user: Uuid) -> Result<Counts, Problem> {
    let engine = &call.app.engine;
    let own = || Condition::Is("user_id", user.into());
    let active = [own(), Condition::Is("active", true.into())];
    let (agents, _) = engine.select::<Agent>(&active, None, Some(COUNTED_MAX)).await?;
    Ok(Counts {
        sessions: engine.user_state(user).await?.sessions,
        keys: keys(call, own()).await?,
        agents: agents.len() as u64,
    })
}

/// How many keys work that fulfil this.
async fn keys(call: &Call, which: Condition) -> Result<u64, Problem> {
    let engine = &call.app.engine;
    let usable = [which, Condition::Has("revoked_at", false)];
    let (found, _) = engine.select::<ApiKey>(&usable, None, Some(COUNTED_MAX)).await?;
    let now = engine.now();
    let works = |expires: Option<Timestamp>| expires.is_none_or(|at| at > now);
    Ok(found.iter().filter(|key| works(key.row.expires_at)).count() as u64)
}

/// A number of things, in words: `1 session ends`, `3 sessions end`; nothing where there is none.
fn words(number: u64, one: &str, several: &str) -> Option<String> {
    let full = [COUNTED_MAX, ENTRIES_MAX].map(u64::from).contains(&number);
    let more = if full { " or more" } else { "" };
    match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{}{more} {several}", count(number))),
    }
}

/// What a change of this thing will do. Who may not read what it is about is told what the change itself says, and no more.
pub(crate) async fn of(call: &Call, api: &str, name: &str) -> Result<Vec<String>, Problem> {
    let holds = |permission| call.identity().is_ok_and(|one| one.principal.holds(permission));
    let (list, verb) = (
        api.split('/').nth(2).unwrap_or_default(),
        api.rsplit('/').next().unwrap_or_default(),
    );
    Ok(match (list, verb) {
        ("users", "disable" | "erase" | "reset-password") if holds(Permission::UsersRead) => {
            about_user(call, verb, name).await?
        }
        ("agents", "disable") => about_agent(call, name).await?,
        ("api-keys", _) if api.matches('{').count() == 1 => about_key(call, verb, name).await?,
        _ => Vec::new(),
    })
}

async fn about_user(call: &Call, verb: &str, name: &str) -> Result<Vec<String>, Problem> {
    let engine = &call.app.engine;
    let Some(user) = engine.user_meant(name).await? else {
        return Ok(Vec::new());
    };
    let user = user.row.id;
    let counts = of_user(call, user).await?;
    let mut said = vec![words(counts.sessions, "session ends", "sessions end")];
    if verb != "reset-password" {
        said.push(words(counts.keys, "API key stops", "API keys stop"));
        said.push(words(
            counts.agents,
            "agent can act no more",
            "agents can act no more",
        ));
    }
    if verb == "erase" {
        let would = engine.would_erase(user, ENTRIES_MAX as usize).await?;
        said.push(words(
            would.entries as u64,
            "entry loses its payload",
            "entries lose their payload",
        ));
        let held = "a legal hold keeps some of these entries: the erasure will be refused";
        said.push(would.held.then(|| held.to_owned()));
    }
    Ok(said.into_iter().flatten().collect())
}

async fn about_agent(call: &Call, name: &str) -> Result<Vec<String>, Problem> {
    let engine = &call.app.engine;
    let Some(agent) = engine.agent_meant(name).await? else {
        return Ok(Vec::new());
    };
    let identity = call.identity()?;
    let own = agent.row.user_id == identity.user.id;
    if !own && !identity.principal.holds(Permission::AgentsRead) {
        return Ok(Vec::new());
    }
    let (id, now) = (agent.row.id, engine.now());
    let of_agent = || Condition::Is("agent_id", id.into());
    let mut open = 0;
    for status in [ApprovalStatus::Pending, ApprovalStatus::Granted] {
        let open_of_agent = [of_agent(), approval_in_status(status, now)];
        let (found, _) = engine
            .select::<Approval>(&open_of_agent, None, Some(COUNTED_MAX))
            .await?;
        open += found.len() as u64;
    }
    let running = [of_agent(), execution_stands(ExecutionStatus::Running, now)];
    let (running, _) = engine
        .select::<Execution>(&running, None, Some(COUNTED_MAX))
        .await?;
    let said = [
        words(keys(call, of_agent()).await?, "API key stops", "API keys stop"),
        words(open, "approval is withdrawn", "approvals are withdrawn"),
        words(
            running.len() as u64,
            "execution is cancelled",
            "executions are cancelled",
        ),
    ];
    Ok(said.into_iter().flatten().collect())
}

async fn about_key(call: &Call, verb: &str, name: &str) -> Result<Vec<String>, Problem> {
    let engine = &call.app.engine;
    let Ok(id) = Uuid::try_parse(name) else {
        return Ok(Vec::new());
    };
    let Some(key) = engine.row::<ApiKey>(id).await? else {
        return Ok(Vec::new());
    };
    let identity = call.identity()?;
    let own = key.row.user_id == identity.user.id;
    if !own && !identity.principal.holds(Permission::ApiKeysRead) {
        return Ok(Vec::new());
    }
    let used = engine.api_key_use(id).await?;
    let stops = if verb == "rotate" {
        "the key works on for the overlap, and then stops"
    } else {
        "the key stops at once"
    };
    let last = used.last_used_at.map_or_else(
        || "it was never used".to_owned(),
        |at| format!("it was last used {}", views::moment(at)),
    );
    let stays = words(
        used.entries,
        "entry that it wrote stays",
        "entries that it wrote stay",
    );
    Ok([Some(stops.to_owned()), Some(last), stays]
        .into_iter()
        .flatten()
        .collect())
}
