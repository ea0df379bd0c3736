//! Roots of traces that are no steps.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::workflow::trace::Span;
use uuid::Uuid;

/// How many roots that are no steps are remembered at least, unless they take more memory.
const ROOTS_KEPT: usize = 10_000;

/// How much memory those take at most that are remembered at least, in bytes.
const BYTES_KEPT: usize = 16 << 20;

/// Roots that are no steps, such as the request that a server handles: an agent's spans within it may come after it, and
/// nothing but them says that it matters. The last ones are remembered, in this process.
#[derive(Default)]
pub(crate) struct Roots(Mutex<Generations>);

/// What was remembered lately, and what before that: once the first is full the other goes.
#[derive(Default)]
struct Generations {
    lately: HashMap<(Uuid, Uuid), Span>,
    /// How much memory these take.
    bytes: usize,
    before: HashMap<(Uuid, Uuid), Span>,
}

impl Roots {
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers one.
    pub fn keep(&self, user: Uuid, execution: Uuid, root: &Span) {
        let mut kept = self.lock();
        if kept.lately.len() >= ROOTS_KEPT || kept.bytes >= BYTES_KEPT {
            kept.before = std::mem::take(&mut kept.lately);
            kept.bytes = 0;
        }
        kept.bytes += bytes(root);
        kept.lately.insert((user, execution), root.clone());
    }

    /// That of an execution.
    pub fn get(&self, user: Uuid, execution: Uuid) -> Option<Span> {
        let kept = self.lock();
        let key = (user, execution);
        kept.lately.get(&key).or_else(|| kept.before.get(&key)).cloned()
    }
}

/// How much memory a root takes, with the texts that it holds.
fn bytes(root: &Span) -> usize {
    let told = &root.told;
    let said = [&told.actor, &told.mission].into_iter().flatten();
    let error = told.end.as_ref().and_then(|end| end.is.error.as_ref());
    let texts = said.map(|said| said.is.len()).chain(error.map(String::len));
    size_of::<Span>() + texts.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use domain::workflow::execution::{Said, Told};

    use super::*;

    fn root(mission: usize) -> Span {
        let (by, is) = (String::new(), "x".repeat(mission));
        Span {
            step: None,
            started_at: evidence::Timestamp::default(),
            told: Told {
                mission: Some(Said { by, is }),
                ..Told::default()
            },
            thread: None,
            workflow: String::new(),
            drag_mode: None,
            scores: Vec::new(),
        }
    }

    #[test]
    fn the_last_ones_are_remembered_in_so_much_memory() {
        for (mission, least) in [(0, ROOTS_KEPT), (10_000, BYTES_KEPT / 16_384)] {
            let (roots, user, root) = (Roots::default(), Uuid::from_u128(1), root(mission));
            let id = |number: usize| Uuid::from_u128(number as u128);
            let last = 3 * ROOTS_KEPT;
            (0..=last).for_each(|number| roots.keep(user, id(number), &root));
            assert_eq!(roots.get(user, id(last - least + 1)).as_ref(), Some(&root));
            assert_eq!(roots.get(Uuid::nil(), id(last)), None, "another user's");
            let kept = roots.lock();
            let all = kept.lately.len() + kept.before.len();
            assert!((least..=2 * ROOTS_KEPT).contains(&all), "{all}");
            assert!(all * bytes(&root) < 2 * BYTES_KEPT + 2 * bytes(&root), "{all}");
        }
    }
}
