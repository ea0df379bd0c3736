//! What is remembered of callers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::governance::Agent;
use domain::identity::Principal;
use domain::identity::api_key::ApiKey;
use domain::identity::principal::unknown;
use domain::identity::session::Session;
use domain::identity::user::User;
use domain::{Caller, Facts, Refusal, code};
use evidence::Timestamp;
use uuid::Uuid;

/// How long what is known of a caller may be used for reads.
const FRESH: Duration = Duration::from_millis(800);

/// Most credentials remembered; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 100_000;

/// A caller with a row of its own, as it was read a moment ago.
#[derive(Clone, Debug)]
pub struct Identity {
    /// What it may do.
    pub principal: Principal,
    /// The user behind the credential.
    pub user: User,
    /// The user's version.
    pub version: u64,
    /// The API key, if it is one.
    pub api_key: Option<ApiKey>,
    /// The agent that it is for, if it is for one.
    pub agent: Option<Agent>,
    /// The session, if it is one.
    pub session: Option<Session>,
    /// Until when the clock changes nothing about it.
    good_until: Option<Timestamp>,
    read: Instant,
}

impl Identity {
    /// The caller that these facts show.
    pub(super) fn of(
        caller: &Caller,
        mut facts: Facts,
        now: Timestamp,
        read: Instant,
    ) -> Result<Identity, Refusal> {
        let principal = Principal::of(caller, &facts, now)?;
        let user = principal.user_id.and_then(|id| facts.users.remove(&id));
        let user = user.ok_or_else(|| unknown(&code::UNKNOWN_CALLING_KEY, "credential"))?;
        let (api_key, session) = match caller {
            Caller::ApiKey(id) | Caller::AgentKey { key: id, .. } => {
                (facts.api_keys.remove(id).map(|key| key.row), None)
            }
            Caller::Session(id) => (None, facts.sessions.remove(id).map(|session| session.row)),
            Caller::Operator { .. } | Caller::System { .. } => (None, None),
        };
        let ends = session
            .iter()
            .flat_map(|one| [one.expires_at, one.idle_expires_at]);
        let ends = ends.chain(api_key.iter().filter_map(|key| key.expires_at));
        let agent = principal.agent_id().and_then(|id| facts.agents.remove(&id));
        Ok(Identity {
            agent: agent.map(|agent| agent.row),
            good_until: ends.filter(|end| *end > now).min(),
            principal,
            version: user.version,
            user: user.row,
            api_key,
            session,
            read,
        })
    }

    /// Whether it may still be used for reads.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.read.elapsed() < FRESH && self.good_until.is_none_or(|end| now < end)
    }
}

/// What is remembered of callers.
#[derive(Default)]
pub(crate) struct Remembered {
    /// Whose a secret's hash is: that never changes.
    pub callers: RwLock<HashMap<[u8; 32], Caller>>,
    pub identities: RwLock<HashMap<Uuid, Arc<Identity>>>,
    /// Counts what may have changed: what was read before is not remembered after.
    pub generation: AtomicU64,
}

impl Remembered {
    /// Forgets what may have changed.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.identities
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Forgets everything: the database is another one.
    pub fn forget_all(&self) {
        self.forget();
        self.callers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Remembers a caller, unless something may have changed since it was read.
    pub fn remember(&self, id: Uuid, identity: &Arc<Identity>, generation: u64) {
        let mut identities = self.identities.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::SeqCst) == generation {
            insert_bounded(&mut identities, id, Arc::clone(identity));
        }
    }
}

/// Remembers one more.
pub(super) fn insert_bounded<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= REMEMBERED_MAX {
        map.clear();
    }
    map.insert(key, value);
}
