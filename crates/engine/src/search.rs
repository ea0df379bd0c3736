//! Searches that only reading along the log answers: how long one reads, and how many do at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use store::db::LONG_ONE_IN;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::Error;

/// How long a search reads before it says how far it is.
pub const SEARCH_TIME: Duration = Duration::from_secs(1);

/// Most searches that wait for leave to read; a further one is turned away.
pub const SEARCHES_WAITING_MAX: usize = 64;

/// Leave to search.
pub(crate) struct Searches {
    leave: Semaphore,
    waiting: AtomicUsize,
}

impl Searches {
    pub fn new(readers: usize) -> Searches {
        Searches {
            leave: Semaphore::new((readers / LONG_ONE_IN).max(1)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Leave to search, after those who came before. Where too many wait, one that is not `patient` gets none.
    pub async fn begin(&self, patient: bool) -> Result<SemaphorePermit<'_>, Error> {
        let overloaded = || Error::Overloaded {
            retry_after_seconds: 1,
        };
        if let Ok(permit) = self.leave.try_acquire() {
            return Ok(permit);
        }
        let _waits = Waits::among(&self.waiting);
        if !patient && self.waiting.load(Ordering::Relaxed) > SEARCHES_WAITING_MAX {
            return Err(overloaded());
        }
        self.leave.acquire().await.map_err(|_| overloaded())
    }
}

/// One that waits, until it is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl Waits<'_> {
    fn among(waiting: &AtomicUsize) -> Waits<'_> {
        waiting.fetch_add(1, Ordering::Relaxed);
        Waits(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_quarter_of_the_readers_search_and_so_many_wait() {
        let searches = Searches::new(30);
        let mut held: Vec<_> = (0..7)
            .map(|_| searches.begin(false).now_or_never().unwrap().unwrap())
            .collect();
        let mut waiting: Vec<_> = (0..SEARCHES_WAITING_MAX)
            .map(|_| Box::pin(searches.begin(false)))
            .collect();
        for search in &mut waiting {
            assert!(search.as_mut().now_or_never().is_none(), "it waits");
        }
        let one_more = searches.begin(false).now_or_never();
        assert!(
            matches!(one_more, Some(Err(Error::Overloaded { .. }))),
            "it is turned away"
        );
        let mut patient = pin!(searches.begin(true));
        assert!(patient.as_mut().now_or_never().is_none(), "what has begun waits");
        // Whoever goes away waits no longer, and whoever is done makes room for the next.
        drop(waiting.pop());
        drop(held.pop());
        let first = waiting.remove(0).now_or_never().unwrap().unwrap();
        let mut last = pin!(searches.begin(false));
        assert!(last.as_mut().now_or_never().is_none(), "there is room to wait");
        drop((first, held, waiting));
        drop(patient.await.unwrap());
        drop(last.await.unwrap());
        for (readers, searches) in [(1, 1), (7, 1), (8, 2)] {
            assert_eq!(Searches::new(readers).leave.available_permits(), searches);
        }
    }
}
