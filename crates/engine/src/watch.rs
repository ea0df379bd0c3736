//! Watching the log: other processes' commits become visible to those who wait, the head is compared with what is
//! known, and the guard is refreshed.

use std::sync::Arc;
use std::time::Duration;

use store::{Conn, ErrorKind, Head};
use tlog::Checkpoint;

use crate::continuity::{Breach, Fault, check};
use crate::engine::Shared;
use crate::error::Error;
use crate::guard;

/// How often the head is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// Runs until the engine is shut down.
pub(crate) async fn run(shared: std::sync::Weak<Shared>) {
    let mut seen = Seen::default();
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(shared) = shared.upgrade() else { return };
        if let Err(error) = look(&shared, &mut seen).await {
            tracing::warn!(%error, "the log's head cannot be read");
        }
    }
}

/// What earlier looks have done.
#[derive(Default)]
struct Seen {
    /// The checkpoint that the guard was given.
    guarded: String,
    /// The checkpoint in whose log no acknowledgement was found: only a new entry can change that.
    searched: String,
    /// The size of the log up to which those who wait for approvals were woken.
    woken: u64,
}

/// One look: what is known, what the guard remembers, what the database has, in this order, so that each is at least as
/// new as the one before.
async fn look(shared: &Shared, seen: &mut Seen) -> Result<(), Error> {
    let known = shared.known.newest();
    let guard = if shared.options.guard {
        guard::read(&shared.options.data_dir)?
    } else {
        None
    };
    let guarded = guard.as_ref() == Some(&seen.guarded);
    // What another process of the same data folder remembered since.
    let remembered = guard.filter(|_| !guarded);
    let mut conn = shared.db.reader().await?;
    conn.begin_snapshot().await?;
    let found = inspect(&mut conn, shared, &known, (remembered.as_deref(), seen)).await;
    conn.rollback().await?;
    drop(conn);
    // Where the Writer has committed meanwhile it has looked itself, under the head's lock.
    if Arc::ptr_eq(&known, &shared.known.newest()) {
        match found? {
            Found::Continues(head) => shared.known.remember(head),
            Found::Acknowledged(head) => {
                tracing::warn!(size = head.edge.size(), "a restore was acknowledged in the log");
                shared.forget();
                shared.size.send_replace(head.edge.size());
                shared.known.take_over(head);
                remember(shared, &shared.known.newest(), true).await;
            }
            Found::Breach(breach, head) => drop(shared.known.stop(breach, head.as_deref())),
        }
    }
    let newest = shared.known.newest();
    shared.options.clock.saw(newest.at);
    shared.size.send_if_modified(|size| {
        let grown = newest.edge.size() > *size;
        *size = newest.edge.size().max(*size);
        grown
    });
    let size = newest.edge.size();
    if size != seen.woken {
        if shared.waits.count() > 0 {
            let mut conn = shared.db.reader().await?;
            shared.waits.look(&mut conn, seen.woken).await?;
        }
        seen.woken = size;
    }
    // Also where somebody took the file away.
    if shared.options.guard && (newest.checkpoint != seen.guarded || !guarded) {
        remember(shared, &newest, false).await;
        seen.guarded.clone_from(&newest.checkpoint);
    }
    Ok(())
}

/// What the database has.
enum Found {
    /// A head that continues the log.
    Continues(Head),
    /// One that does not; the log itself says that this is as it should be.
    Acknowledged(Head),
    /// One that does not.
    Breach(Breach, Option<Box<Head>>),
}

async fn inspect(
    conn: &mut Conn,
    shared: &Shared,
    known: &Head,
    (remembered, seen): (Option<&str>, &mut Seen),
) -> Result<Found, Error> {
    let head = match Head::load(conn).await {
        Ok(Some(head)) => head,
        Ok(None) => {
            let reason = "the head row is gone".to_owned();
            return Ok(Found::Breach((Fault::Tampered, reason), None));
        }
        Err(error) if error.kind == ErrorKind::Head => {
            return Ok(Found::Breach((Fault::Tampered, error.message), None));
        }
        Err(error) => return Err(error.into()),
    };
    let key = shared.known.verifier();
    let mut breach = if head == *known {
        None
    } else {
        check::continues(conn, known, &head, key).await?
    };
    // A file that is no checkpoint of ours is written anew: this process knows better.
    if breach.is_none()
        && let Some(remembered) = remembered.filter(|remembered| Checkpoint::open(remembered, key).is_ok())
        && let guard::Verdict::RolledBack(reason) =
            guard::check(conn, &head.edge, Some(remembered), key).await?
    {
        breach = Some((Fault::RolledBack, reason));
    }
    let Some(breach) = breach else {
        return Ok(Found::Continues(head));
    };
    if breach.0 == Fault::RolledBack && seen.searched != head.checkpoint {
        if check::acknowledged(conn, &head, known).await? {
            return Ok(Found::Acknowledged(head));
        }
        seen.searched.clone_from(&head.checkpoint);
    }
    Ok(Found::Breach(breach, Some(Box::new(head))))
}

/// Writes the guard's file, away from the threads that serve. What another process of the same data folder remembers is
/// not forgotten for something older, unless that is meant.
pub(crate) async fn remember(shared: &Shared, head: &Head, even_older: bool) {
    let (data_dir, checkpoint) = (shared.options.data_dir.clone(), head.checkpoint.clone());
    let (size, key) = (head.edge.size(), shared.known.verifier().clone());
    let write = move || {
        let newer = |remembered: String| {
            Checkpoint::open(&remembered, &key).is_ok_and(|remembered| remembered.size > size)
        };
        if !even_older && guard::read(&data_dir)?.is_some_and(newer) {
            return Ok(());
        }
        guard::write(&data_dir, &checkpoint).map_err(|error| {
            Error::problem(
                format!("cannot write {}: {error}", guard::path(&data_dir).display()),
                "check the folder's permissions and free space",
            )
        })
    };
    if let Ok(Err(error)) = tokio::task::spawn_blocking(write).await {
        tracing::warn!(%error, "the rollback guard cannot be written");
    }
}
