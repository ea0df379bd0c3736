//! What a change will do, in numbers, before somebody does it.

use domain::approval::ApprovalStatus;
use domain::governance::Agent;
use domain::identity::Permission;
use domain::identity::api_key::ApiKey;
use domain::record::Record;
use domain::workflow::execution::{Execution, ExecutionStatus};
use engine::custody::approval_in_status;
use engine::list::Condition;
use engine::workflow::execution_stands;
use uuid::Uuid;
use views::{Approval, count};

use crate::call::Call;
use crate::problem::Problem;

/// Most of each that are looked at, and most entries; beyond, it is so many or more.
const COUNTED_MAX: u32 = 1_000;
const ENTRIES_MAX: usize = 10_000;

/// So many of a thing, or more.
#[derive(Clone, Copy, Default)]
pub(crate) struct Many {
    number: u64,
    more: bool,
}

impl Many {
    fn exactly(number: u64) -> Many {
        Many { number, more: false }
    }

    /// The number as people read it.
    pub(crate) fn shown(self) -> String {
        let more = if self.more { " or more" } else { "" };
        format!("{}{more}", count(self.number))
    }

    /// In words: `1 session ends`, `3 sessions end`; nothing where there is none.
    fn words(self, one: &str, several: &str) -> Option<String> {
        match (self.number, self.more) {
            (0, false) => None,
            (1, false) => Some(format!("1 {one}")),
            _ => Some(format!("{} {several}", self.shown())),
        }
    }

    fn and(self, other: Many) -> Many {
        Many {
            number: self.number + other.number,
            more: self.more || other.more,
        }
    }
}

/// How many rows fulfil every condition, of those that `counts` holds for.
async fn many<T: Record>(
    call: &Call,
    conditions: &[Condition],
    counts: impl Fn(&T) -> bool,
) -> Result<Many, Problem> {
    let engine = &call.app.engine;
    let (found, more) = engine.select::<T>(conditions, None, Some(COUNTED_MAX)).await?;
    let number = found.iter().filter(|one| counts(&one.row)).count() as u64;
    Ok(Many { number, more })
}

/// What somebody has that a change of them ends or stops.
pub(crate) struct Counts {
    /// Sessions in use.
    pub sessions: Many,
    /// API keys that work.
    pub keys: Many,
    /// Agents that may act.
    pub agents: Many,
}

/// What a user has.
pub(crate) async fn of_user(call: &Call, user: Uuid) -> Result<Counts, Problem> {
    let own = || Condition::Is("user_id", user.into());
    let active = [own(), Condition::Is("active", true.into())];
    Ok(Counts {
        sessions: Many::exactly(call.app.engine.user_state(user).await?.sessions),
        keys: keys(call, own()).await?,
        agents: many::<Agent>(call, &active, |_| true).await?,
    })
}

/// How many keys work that fulfil this.
async fn keys(call: &Call, which: Condition) -> Result<Many, Problem> {
    let usable = [which, Condition::Has("revoked_at", false)];
    let now = call.app.engine.now();
    let works = |key: &ApiKey| key.expires_at.is_none_or(|at| at > now);
    many(call, &usable, works).await
}

/// What a change of this thing will do. Who may not read what it is about is told what the change itself says, and no more.
/// Without a name, it is a change of what is the reader's own.
pub(crate) async fn of(call: &Call, api: &str, name: Option<&str>) -> Result<Vec<String>, Problem> {
    let Some(name) = name else {
        return match api {
            "/v1/sessions/end" => own_sessions(call).await,
            _ => Ok(Vec::new()),
        };
    };
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

/// Sessions of the reader's own that end, the one that asks aside.
async fn own_sessions(call: &Call) -> Result<Vec<String>, Problem> {
    let own = call
        .app
        .engine
        .user_state(call.identity()?.user.id)
        .await?
        .sessions;
    let others = Many::exactly(own.saturating_sub(1));
    let said = others.words("other session of your own ends", "other sessions of your own end");
    Ok(said.into_iter().collect())
}

async fn about_user(call: &Call, verb: &str, name: &str) -> Result<Vec<String>, Problem> {
    let engine = &call.app.engine;
    let Some(user) = engine.user_meant(name).await? else {
        return Ok(Vec::new());
    };
    let user = user.row.id;
    let counts = of_user(call, user).await?;
    let mut said = vec![counts.sessions.words("session ends", "sessions end")];
    if verb != "reset-password" {
        said.push(counts.keys.words("API key stops", "API keys stop"));
        let agents = counts.agents;
        said.push(agents.words("agent can act no more", "agents can act no more"));
    }
    if verb == "erase" {
        let would = engine.would_erase(user, ENTRIES_MAX + 1).await?;
        let entries = Many {
            number: would.entries.min(ENTRIES_MAX) as u64,
            more: would.entries > ENTRIES_MAX,
        };
        said.push(entries.words("entry loses its payload", "entries lose their payload"));
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
    let mut open = Many::default();
    for status in [ApprovalStatus::Pending, ApprovalStatus::Granted] {
        let open_of_agent = [of_agent(), approval_in_status(status, now)];
        open = open.and(many::<Approval>(call, &open_of_agent, |_| true).await?);
    }
    let running = [of_agent(), execution_stands(ExecutionStatus::Running, now)];
    let running = many::<Execution>(call, &running, |_| true).await?;
    let said = [
        keys(call, of_agent())
            .await?
            .words("API key stops", "API keys stop"),
        open.words("approval is withdrawn", "approvals are withdrawn"),
        running.words("execution is cancelled", "executions are cancelled"),
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
    let entries = Many::exactly(used.entries);
    let stays = entries.words("entry that it wrote stays", "entries that it wrote stay");
    Ok([Some(stops.to_owned()), Some(last), stays]
        .into_iter()
        .flatten()
        .collect())
}
