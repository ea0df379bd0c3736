//! Authentication of API keys, and authorisation of reads.
//!
//! A write is authorised inside its transaction, from facts read there. What is cached here only saves look-ups
//! for reads, for at most [`FRESH`]; a key revoked by this process is forgotten at once.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::identity::api_key::ApiKey;
use domain::identity::token::Token;
use domain::identity::{Authority, Permission, Principal};
use domain::record::Kind;
use domain::{Caller, Facts, Needs, Refusal, RefusalKind};
use store::conn::Lock;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::random;

/// How long facts about a caller may be used for reads.
const FRESH: Duration = Duration::from_millis(800);

/// Most keys remembered; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 100_000;

/// What is remembered of callers.
#[derive(Default)]
pub(crate) struct Remembered {
    /// Which key a secret's hash belongs to: that never changes.
    ids: RwLock<HashMap<[u8; 32], Uuid>>,
    /// A key and its owner, and when they were read.
    facts: RwLock<HashMap<Uuid, (Instant, Facts)>>,
}

impl Remembered {
    /// Forgets what may have changed of a key.
    pub fn forget(&self, id: Uuid) {
        self.facts
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }
}

fn unknown() -> Error {
    Refusal::new(
        RefusalKind::Unauthenticated,
        "unknown_api_key",
        "this API key is not known",
    )
    .into()
}

impl Engine {
    /// The caller behind the text of an API key. A typo is refused before any look-up.
    pub async fn authenticate(&self, token: &str) -> Result<Caller, Error> {
        let token = Token::parse(token).ok_or_else(|| {
            Error::from(Refusal::new(
                RefusalKind::Unauthenticated,
                "malformed_api_key",
                "this is not a well-formed API key",
            ))
        })?;
        let hash = token.hash();
        let remembered = &self.remembered().ids;
        if let Some(id) = remembered
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&hash)
        {
            return Ok(Caller::ApiKey(*id));
        }
        let mut conn = self.db().reader().await?;
        let keys = store::sealed::by_key::<ApiKey>(
            &mut conn,
            "hash",
            Kind::Bytes,
            &[hash.as_slice().into()],
            Lock::None,
        )
        .await?;
        let id = keys.first().ok_or_else(unknown)?.row.id;
        let mut ids = remembered.write().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= REMEMBERED_MAX {
            ids.clear();
        }
        ids.insert(hash, id);
        Ok(Caller::ApiKey(id))
    }

    /// The caller with what is known of it, at most a second old.
    pub async fn principal(&self, caller: &Caller) -> Result<Principal, Error> {
        let now = random::now();
        let Caller::ApiKey(id) = caller else {
            return Ok(Principal::of(caller, &Facts::default(), now)?);
        };
        let remembered = &self.remembered().facts;
        if let Some((read, facts)) = remembered.read().unwrap_or_else(PoisonError::into_inner).get(id)
            && read.elapsed() < FRESH
        {
            return Ok(Principal::of(caller, facts, now)?);
        }
        let mut needs = Needs::default();
        needs.callers.insert(*id);
        let read = Instant::now();
        let facts = {
            let mut conn = self.db().reader().await?;
            store::facts::load_unlocked(&mut conn, &needs).await?
        };
        let principal = Principal::of(caller, &facts, now);
        let mut all = remembered.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(*id, (read, facts));
        Ok(principal?)
    }

    /// Checks that the caller may read what `permission` guards.
    pub async fn authorise(&self, caller: &Caller, permission: Permission) -> Result<Authority, Error> {
        Ok(self.principal(caller).await?.authorise(permission)?)
    }
}
