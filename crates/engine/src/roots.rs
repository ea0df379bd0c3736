//! Roots of traces that are no steps.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::workflow::trace::Span;
use uuid::Uuid;

/// How many roots that are no steps are remembered at least.
pub const ROOTS_KEPT: usize = 10_000;

/// Roots that are no steps, such as the request that a server handles: an agent's spans within it may come after it, and
/// nothing but them says that it matters. The last ones are remembered, in this process.
#[derive(Default)]
pub(crate) struct Roots(Mutex<Generations>);

/// What was remembered lately, and what before that: once the first is full the other goes.
#[derive(Default)]
struct Generations {
    lately: HashMap<(Uuid, Uuid), Span>,
    before: HashMap<(Uuid, Uuid), Span>,
}

impl Roots {
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers one.
    pub fn keep(&self, user: Uuid, execution: Uuid, root: &Span) {
        let mut kept = self.lock();
        if kept.lately.len() >= ROOTS_KEPT {
            kept.before = std::mem::take(&mut kept.lately);
        }
        kept.lately.insert((user, execution), root.clone());
    }

    /// That of an execution.
    pub fn get(&self, user: Uuid, execution: Uuid) -> Option<Span> {
        let kept = self.lock();
        let key = (user, execution);
        kept.lately.get(&key).or_else(|| kept.before.get(&key)).cloned()
    }
}
