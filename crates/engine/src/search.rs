//! Searches that only reading along the log answers: how long one reads, and how many do at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::audit::EntryFilter;
use store::query::{Found, Page, Patience, is_search, page_within};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::engine::Engine;
use crate::error::Error;

/// How long a search reads before it says how far it is.
pub const SEARCH_TIME: Duration = Duration::from_secs(1);

/// Most searches that wait for leave to read; a further one is turned away.
pub const SEARCHES_WAITING_MAX: usize = 64;

/// Of the reading connections, searches hold one in so many.
pub const READERS_PER_SEARCH: usize = 4;

/// Leave to search.
pub(crate) struct Searches {
    leave: Semaphore,
    waiting: AtomicUsize,
}

impl Searches {
    pub fn new(readers: usize) -> Searches {
        Searches {
            leave: Semaphore::new((readers / READERS_PER_SEARCH).max(1)),
            waiting: AtomicUsize::new(0),
        }
    }

    async fn begin(&self) -> Result<SemaphorePermit<'_>, Error> {
        if let Ok(permit) = self.leave.try_acquire() {
            return Ok(permit);
        }
        let waits = Waits::among(&self.waiting)?;
        let permit = self.leave.acquire().await;
        drop(waits);
        permit.map_err(|_| Error::Overloaded {
            retry_after_seconds: 1,
        })
    }
}

/// One that waits, until it is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl Waits<'_> {
    fn among(waiting: &AtomicUsize) -> Result<Waits<'_>, Error> {
        let one_of = Waits(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= SEARCHES_WAITING_MAX {
            return Err(Error::Overloaded {
                retry_after_seconds: 1,
            });
        }
        Ok(one_of)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Engine {
    /// Reads once: a page of the entries below `size`, all that are asked for unless its bytes are reached, or, of a search,
    /// its time.
    pub(crate) async fn look(
        &self,
        filter: &EntryFilter,
        page: Page,
        size: Option<u64>,
        bytes_max: Option<u64>,
    ) -> Result<(Found, u64), Error> {
        let shared = self.shared();
        let search = is_search(filter);
        let _leave = if search {
            Some(shared.searches.begin().await?)
        } else {
            None
        };
        let clock = || self.clock().steady();
        let patience = search.then_some(Patience {
            clock: &clock,
            at_most: SEARCH_TIME,
        });
        let mut conn = self.db().reader().await?;
        let size = match size {
            Some(size) => size,
            None => crate::read::head(&mut conn).await?.edge.size(),
        };
        let found = page_within(&mut conn, filter, page, size, (bytes_max, patience.as_ref())).await?;
        Ok((found, size))
    }
}
