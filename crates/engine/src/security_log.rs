//! Events of authentication and refused access: the first of a kind are recorded one by one, a flood is counted.
//!
//! Within a minute, [`sampler::FIRST`] events of one kind and subject get an entry each; further ones are counted, and one
//! entry at the minute's end says how many there were. Subjects are bounded too: beyond [`sampler::SUBJECTS_MAX`] in a minute
//! the rest is counted together.

mod sampler;

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use domain::identity::security_event::{AUTHZ_FAIL, RATE_LIMIT_EXCEEDED, SecurityEvent};
use domain::{Caller, Command, Origin, Refusal};
use evidence::Outcome;
use evidence::json::StrictObject;

use crate::auth::Identity;
use crate::engine::{Engine, Shared};
use crate::error::Error;
pub(crate) use sampler::Sampler;

/// How often ended windows are looked for.
const EVERY: Duration = Duration::from_secs(1);

impl Engine {
    /// Records an event, or counts it where there are many of its kind and subject. The entry that it has for itself.
    pub(crate) async fn report(&self, event: SecurityEvent, subject: &str, origin: Origin) -> Option<u64> {
        if self.shared().sampler.admit(&event, subject, Instant::now()) {
            record(self, event, origin).await
        } else {
            None
        }
    }

    /// Records what was only counted so far.
    pub(crate) async fn flush_security_log(&self) {
        for event in self.shared().sampler.ended(Instant::now(), true) {
            record(self, event, Origin::default()).await;
        }
    }
}

impl Engine {
    /// Records that a request was refused before there was a command: the credential is no longer good, or does not
    /// allow it. Gives the refusal with its entry.
    pub async fn refused_request(
        &self,
        identity: &Identity,
        refusal: Refusal,
        (method, path): (&'static str, &'static str),
        origin: Origin,
    ) -> Error {
        let mut event = of_caller(AUTHZ_FAIL, identity);
        for (name, value) in [("code", refusal.code), ("method", method), ("path", path)] {
            event.details.0.insert(name.to_owned(), value.into());
        }
        let subject = format!("{:?} {} {path}", identity.principal.recorded_by.id, refusal.code);
        let entry = self.report(event, &subject, origin).await;
        Error::Refused { refusal, entry }
    }

    /// Records that a caller has no requests left in this minute.
    pub async fn rate_limited(&self, identity: &Identity, origin: Origin) {
        let event = of_caller(RATE_LIMIT_EXCEEDED, identity);
        let subject = format!("{:?}", identity.principal.recorded_by.id);
        self.report(event, &subject, origin).await;
    }
}

/// An event of a caller whose credential has a row.
fn of_caller(action: &'static str, identity: &Identity) -> SecurityEvent {
    let who = &identity.principal;
    SecurityEvent {
        action,
        outcome: Outcome::Refused,
        recorded_by: Some(who.recorded_by),
        actor: who.actor_id.zip(who.actor_name.clone()),
        on_behalf_of: who.on_behalf_of(),
        target: None,
        authority: who.without_authority().as_str().to_owned(),
        details: StrictObject::default(),
    }
}

async fn record(engine: &Engine, event: SecurityEvent, origin: Origin) -> Option<u64> {
    let caller = Caller::System { part: "security" };
    let action = event.action;
    let submitted = engine
        .submit(&caller, origin, Command::SecurityEvent(event))
        .await;
    submitted.map_or_else(
        |error| {
            // When the queue is full, what is asked for by those who may counts more.
            let overloaded = matches!(error, Error::Overloaded { .. });
            tracing::warn!(%error, action, overloaded, "a security event was not recorded");
            None
        },
        |answer| answer.entry,
    )
}

/// Records the counts of windows that ended, until the engine is gone.
pub(crate) fn start(engine: &Engine) {
    let (shared, queue) = engine.parts();
    let shared: Weak<Shared> = Arc::downgrade(&shared);
    let queue = queue.downgrade();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(EVERY).await;
            let (Some(shared), Some(queue)) = (shared.upgrade(), queue.upgrade()) else {
                return;
            };
            let events = shared.sampler.ended(Instant::now(), false);
            let engine = Engine::from_parts(shared, queue);
            for event in events {
                record(&engine, event, Origin::default()).await;
            }
        }
    });
}
