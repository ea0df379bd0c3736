//! Authentication of tokens, and authorisation of reads.
//!
//! A write is authorised inside its transaction, from facts read there. What is remembered here only saves look-ups
//! for reads, for some 800 ms; a command of this process that may change what a credential is good for makes
//! it forgotten at once.

mod remembered;

use domain::{Caller, Command, Facts, Needs, Origin, code};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use domain::identity::api_key::ApiKey;
use domain::identity::principal::unknown;
use domain::identity::session::{RenewSession, Session};
use domain::identity::token::{Token, TokenKind};
use domain::identity::{Authority, Permission, Principal};
use domain::record::{Kind, Record};
use evidence::Timestamp;

use crate::engine::Engine;
use crate::error::Error;
use crate::limits::SeenKind;
use crate::random;
use remembered::insert_bounded;

pub use remembered::Identity;
pub(crate) use remembered::Remembered;

fn malformed() -> Error {
    let message = "this is not a well-formed API key (prb_…) or session token (prs_…)";
    code::MALFORMED_TOKEN.because(message).into()
}

impl Engine {
    /// The caller behind the text of an API key or a session token. A typo is refused before any look-up.
    pub async fn authenticate(&self, text: &str) -> Result<Caller, Error> {
        let token = Token::parse(text).ok_or_else(malformed)?;
        let hash = token.hash();
        let remembered = &self.remembered().callers;
        if let Some(caller) = remembered
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&hash)
        {
            return Ok(caller.clone());
        }
        let caller = match token.kind() {
            TokenKind::ApiKey => {
                let key = self.by_hash::<ApiKey>(&hash).await?;
                let key = key.ok_or_else(|| unknown(&code::UNKNOWN_CALLING_KEY, "API key"))?;
                match key.agent_id {
                    Some(agent) => Caller::AgentKey { key: key.id, agent },
                    None => Caller::ApiKey(key.id),
                }
            }
            TokenKind::Session => {
                let session = self.by_hash::<Session>(&hash).await?;
                let session = session.ok_or_else(|| unknown(&code::UNKNOWN_CALLING_SESSION, "session"))?;
                Caller::Session(session.id)
            }
            TokenKind::Invitation => return Err(malformed()),
        };
        let mut callers = remembered.write().unwrap_or_else(PoisonError::into_inner);
        insert_bounded(&mut callers, hash, caller.clone());
        Ok(caller)
    }

    /// The row whose secret has this hash.
    async fn by_hash<T: Record>(&self, hash: &[u8; 32]) -> Result<Option<T>, Error> {
        let found = self.one::<T>("hash", Kind::Bytes, hash.as_slice().into()).await?;
        Ok(found.map(|sealed| sealed.row))
    }

    /// The API key or session with what is known of it, at most a second old. It says no more than that the
    /// credential is known: what it may do, and whether it is still good, its principal says.
    pub async fn identity(&self, caller: &Caller) -> Result<Arc<Identity>, Error> {
        let mut needs = Needs::default();
        needs.caller(caller);
        let (id, kind) = match caller {
            Caller::ApiKey(id) | Caller::AgentKey { key: id, .. } => (*id, SeenKind::ApiKey),
            Caller::Session(id) => (*id, SeenKind::Session),
            Caller::Operator { .. } | Caller::System { .. } => {
                return Err(unknown(&code::UNKNOWN_CALLING_KEY, "credential").into());
            }
        };
        let now = random::now();
        self.limits().touch(kind, id, now);
        let remembered = self.remembered();
        let known = remembered
            .identities
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .filter(|identity| identity.is_fresh(now))
            .cloned();
        if let Some(identity) = known {
            return Ok(identity);
        }
        let generation = remembered.generation.load(Ordering::SeqCst);
        let read = Instant::now();
        let mut facts = self.checked(&needs).await?;
        facts.rules = Arc::clone(self.rules());
        let identity = Arc::new(Identity::of(caller, facts, now, read)?);
        remembered.remember(id, &identity, generation);
        self.keep_alive(&identity, now);
        Ok(identity)
    }

    /// Callers with their owners, whose seals hold.
    async fn checked(&self, needs: &Needs) -> Result<Facts, Error> {
        let seals = &self.shared().seals;
        let mut conn = self.db().reader().await?;
        let facts = store::facts::load(&mut conn, needs, false).await?;
        match seals.check(&mut conn, &facts).await {
            // Between reading and checking, the Writer may have committed a newer version: read again, then it counts.
            Err(Error::Tampered { .. }) => {
                let facts = store::facts::load(&mut conn, needs, false).await?;
                seals.check(&mut conn, &facts).await?;
                Ok(facts)
            }
            checked => checked.map(|()| facts),
        }
    }

    /// Moves the end of a session that is in use, once a quarter of its idle time is gone: each move is an entry.
    fn keep_alive(&self, identity: &Identity, now: Timestamp) {
        let Some(session) = &identity.session else { return };
        let left = session.idle_expires_at.micros() - now.micros();
        let movable = session.idle_expires_at < session.expires_at;
        let idle = self.rules().session_idle_s * 1_000_000;
        if !movable || left > idle / 4 * 3 || identity.principal.good().is_err() {
            return;
        }
        let (engine, caller) = (self.clone(), Caller::Session(session.id));
        let id = session.id;
        tokio::spawn(async move {
            let renewed = engine.submit(
                &caller,
                Origin::default(),
                Command::RenewSession(RenewSession { session: id }),
            );
            if let Err(error) = renewed.await {
                tracing::warn!(%error, "a session in use could not be renewed");
            }
        });
    }

    /// The caller with what is known of it, at most a second old.
    pub async fn principal(&self, caller: &Caller) -> Result<Principal, Error> {
        match caller {
            Caller::ApiKey(_) | Caller::AgentKey { .. } | Caller::Session(_) => {
                Ok(self.identity(caller).await?.principal.clone())
            }
            Caller::Operator { .. } | Caller::System { .. } => {
                Ok(Principal::of(caller, &Facts::default(), random::now())?)
            }
        }
    }

    /// Checks that the caller may read what `permission` guards.
    pub async fn authorise(&self, caller: &Caller, permission: Permission) -> Result<Authority, Error> {
        Ok(self.principal(caller).await?.authorise(permission)?)
    }
}
