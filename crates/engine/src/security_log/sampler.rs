//! Which events get an entry of their own, and which are counted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::identity::security_event::SecurityEvent;

/// Events of one kind and subject that are recorded one by one in a minute.
pub const FIRST: u64 = 10;
/// Subjects in a minute that are told apart.
pub const SUBJECTS_MAX: usize = 1_000;
/// How long events are counted together.
const WINDOW: Duration = Duration::from_mins(1);
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
    pub fn admit(&self, event: &SecurityEvent, subject: &str, now: Instant) -> bool {
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
    pub fn ended(&self, now: Instant, all: bool) -> Vec<SecurityEvent> {
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

#[cfg(test)]
mod tests {
    use domain::identity::security_event::{AUTHZ_FAIL, LOGIN_FAIL};
    use evidence::Outcome;
    use evidence::json::StrictObject;
    use uuid::Uuid;

    use super::*;

    fn event(action: &'static str) -> SecurityEvent {
        SecurityEvent {
            action,
            outcome: Outcome::Refused,
            recorded_by: None,
            actor: Some((Uuid::from_u128(1), "ann".into())),
            on_behalf_of: None,
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
