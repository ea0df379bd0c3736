//! Events of authentication and refused access: the first of a kind are recorded one by one, a flood is counted.
//!
//! Within a minute, [`FIRST`] events of one kind and subject get an entry each; further ones are counted, and one
//! entry at the minute's end says how many there were. Subjects are bounded too: beyond [`SUBJECTS_MAX`] in a minute
//! the rest is counted together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use domain::identity::security_event::{AUTHZ_FAIL, RATE_LIMIT_EXCEEDED, SecurityEvent};
use domain::{Caller, Command, Origin, Refusal};
use evidence::Outcome;
use evidence::json::StrictObject;

use crate::auth::Identity;
use crate::engine::{Engine, Shared};
use crate::error::Error;

/// Events of one kind and subject that are recorded one by one in a minute.
pub const FIRST: u64 = 10;
/// Subjects in a minute that are told apart.
pub const SUBJECTS_MAX: usize = 1_000;
/// How long events are counted together.
const WINDOW: Duration = Duration::from_mins(1);
/// How often ended windows are looked for.
const EVERY: Duration = Duration::from_secs(1);

struct Counted {
    since: Instant,
    seen: u64,
    unrecorded: u64,
    last: SecurityEvent,
}

/// Decides which events get an entry of their own.
#[derive(Default)]
pub(crate) struct Sampler {
    windows: Mutex<HashMap<(&'static str, String), Counted>>,
}

impl Sampler {
    /// Counts an event; whether it is to be recorded now.
    fn admit(&self, event: &SecurityEvent, subject: &str, now: Instant) -> bool {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (event.action, subject.to_owned());
        if windows.len() >= SUBJECTS_MAX && !windows.contains_key(&key) {
            key.1 = String::from("others");
        }
        let others = key.1 == "others";
        let counted = windows.entry(key).or_insert_with(|| Counted {
            since: now,
            seen: 0,
            unrecorded: 0,
            last: event.clone(),
        });
        counted.seen += 1;
        if counted.seen <= FIRST && !others {
            return true;
        }
        counted.unrecorded += 1;
        counted.last = event.clone();
        if others {
            // They are of several: what they have in common is only what happened.
            counted.last.recorded_by = None;
            counted.last.actor = None;
            counted.last.target = None;
        }
        false
    }

    /// Takes out windows that ended by `now`; events that were only counted come as one.
    fn ended(&self, now: Instant, all: bool) -> Vec<SecurityEvent> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |counted: &Counted| all || now.duration_since(counted.since) >= WINDOW;
        let ended: Vec<_> = windows.extract_if(|_, counted| over(counted)).collect();
        drop(windows);
        let counted = ended.into_iter().filter(|(_, counted)| counted.unrecorded > 0);
        counted
            .map(|(_, counted)| {
                let mut event = counted.last;
                event.details.0.insert("count".into(), counted.unrecorded.into());
                event
            })
            .collect()
    }
}

impl Engine {
    /// Records an event, or counts it where there are many of its kind and subject.
    pub(crate) async fn report(&self, event: SecurityEvent, subject: &str, origin: Origin) {
        if self.shared().sampler.admit(&event, subject, Instant::now()) {
            record(self, event, origin).await;
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
    /// allow it.
    pub async fn refused_request(
        &self,
        identity: &Identity,
        refusal: &Refusal,
        method: &'static str,
        path: &'static str,
        origin: Origin,
    ) {
        let mut event = of_caller(AUTHZ_FAIL, identity);
        for (name, value) in [("code", refusal.code), ("method", method), ("path", path)] {
            event.details.0.insert(name.to_owned(), value.into());
        }
        let subject = format!("{:?} {} {path}", identity.principal.recorded_by.id, refusal.code);
        self.report(event, &subject, origin).await;
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
    SecurityEvent {
        action,
        outcome: Outcome::Refused,
        recorded_by: Some(identity.principal.recorded_by),
        actor: Some((identity.user.id, identity.user.username.clone())),
        target: None,
        authority: identity.principal.without_authority().as_str().to_owned(),
        details: StrictObject::default(),
    }
}

async fn record(engine: &Engine, event: SecurityEvent, origin: Origin) {
    let caller = Caller::System { part: "security" };
    let action = event.action;
    let submitted = engine
        .submit(&caller, origin, Command::SecurityEvent(event))
        .await;
    if let Err(error) = submitted {
        // When the queue is full, what is asked for by those who may counts more.
        let overloaded = matches!(error, Error::Overloaded { .. });
        tracing::warn!(%error, action, overloaded, "a security event was not recorded");
    }
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

#[cfg(test)]
mod tests {
    use domain::identity::security_event::LOGIN_FAIL;
    use uuid::Uuid;

    use super::*;

    fn event(action: &'static str) -> SecurityEvent {
        SecurityEvent {
            action,
            outcome: Outcome::Refused,
            recorded_by: None,
            actor: Some((Uuid::from_u128(1), "ann".into())),
            target: None,
            authority: "none".into(),
            details: StrictObject::default(),
        }
    }

    fn counts(events: &[SecurityEvent]) -> Vec<u64> {
        let count = |event: &SecurityEvent| event.details.0["count"].as_u64();
        events.iter().filter_map(count).collect()
    }

    #[test]
    fn the_first_are_recorded_and_the_rest_counted() {
        let sampler = Sampler::default();
        let start = Instant::now();
        let admitted = (0..FIRST + 5).filter(|_| sampler.admit(&event(LOGIN_FAIL), "a", start));
        assert_eq!(admitted.count() as u64, FIRST);
        assert!(sampler.admit(&event(LOGIN_FAIL), "b", start));
        assert!(sampler.admit(&event(AUTHZ_FAIL), "a", start));
        assert_eq!(counts(&sampler.ended(start + WINDOW / 2, false)), [0; 0]);
        assert_eq!(counts(&sampler.ended(start + WINDOW, false)), [5]);
        // A new minute.
        assert!(sampler.admit(&event(LOGIN_FAIL), "a", start + WINDOW));
        assert_eq!(counts(&sampler.ended(start + WINDOW, true)), [0; 0]);
    }

    #[test]
    fn beyond_the_bound_subjects_are_counted_together_and_name_nobody() {
        let sampler = Sampler::default();
        let start = Instant::now();
        for subject in 0..SUBJECTS_MAX {
            assert!(sampler.admit(&event(LOGIN_FAIL), &subject.to_string(), start));
        }
        assert!(!sampler.admit(&event(LOGIN_FAIL), "one more", start));
        assert!(!sampler.admit(&event(LOGIN_FAIL), "and another", start));
        let ended = sampler.ended(start, true);
        assert_eq!(counts(&ended), [2]);
        assert_eq!(ended[0].actor, None);
    }
}
