//! Between the memory and the side tables: the task that writes and reads, and reading at once.

use std::hash::BuildHasher;
use std::sync::Weak;
use std::time::{Duration, Instant};

use store::side::{self, Count, Mark, Window, Write};
use store::{Conn, Error, ErrorKind};

use super::marks::Map;
use super::{Inner, Quota, bounded, lock, seconds, width};

/// How often counts are exchanged.
const EVERY: Duration = Duration::from_millis(400);

/// How often last-seen marks are written.
const MARKS_EVERY: Duration = Duration::from_secs(5);

/// How often the counters of old windows are deleted.
const PRUNE_EVERY: Duration = Duration::from_mins(1);

/// How long a window must be over before its counters are deleted: another process's clock may be behind.
const PRUNE_AFTER_S: i64 = 60;

/// For how many seconds after it was asked about a subject is read again.
const IN_USE_S: i64 = 10;

/// Rows of one transaction: some milliseconds of SQLite's write lock.
const ROWS: usize = 1_000;

/// How long one call may take; then the connection is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an unused connection stays open.
const IDLE: Duration = Duration::from_secs(30);

/// What a sync needs besides the counts.
#[derive(Default)]
pub(super) struct Side {
    conn: Option<(Conn, Instant)>,
    /// Marks collected and not yet written.
    marks: Map,
    /// Whether anything was counted since counters were last pruned.
    counted: bool,
}

/// A call that must not take for ever.
async fn timely<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| {
        let message = format!("no answer from the database within {} s", PATIENCE.as_secs());
        Err(Error::new(ErrorKind::Retry, message))
    })
}

impl Side {
    /// Writes this: on SQLite over the Writer's connection.
    async fn write(&mut self, inner: &Inner, write: Write) -> Result<Vec<u64>, Error> {
        match &inner.errands {
            Some(errands) => timely(errands.run(write)).await,
            None => timely(write.run(self.conn(inner).await?)).await,
        }
    }

    async fn conn(&mut self, inner: &Inner) -> Result<&mut Conn, Error> {
        self.conn.take_if(|(conn, _)| conn.is_displaced());
        let conn = match self.conn.take() {
            Some((conn, _)) => conn,
            None => timely(inner.db.side_writer()).await?,
        };
        Ok(&mut self.conn.insert((conn, Instant::now())).0)
    }

    /// Closes the connection when it failed, or nobody used it for long.
    fn tidy(&mut self, failed: bool) {
        if failed || self.conn.as_ref().is_some_and(|(_, used)| used.elapsed() > IDLE) {
            self.conn = None;
        }
    }
}

/// What a look at the memory gives.
struct Collected {
    /// What is to be written.
    counts: Vec<Count>,
    /// What is only to be read.
    in_use: Vec<Window>,
}

fn window(subject: &str, width: i64, start: i64) -> Window {
    Window {
        subject: subject.to_owned(),
        // A width comes from a u32.
        width_s: u32::try_from(width).unwrap_or(u32::MAX),
        start,
    }
}

/// Drops what is over, and puts on its way what was counted, also what an earlier sync did not get through.
fn collect(inner: &Inner) -> Collected {
    let now = seconds(inner.clock.now());
    let (mut counts, mut in_use) = (Vec::new(), Vec::new());
    for shard in &inner.shards {
        let mut shard = lock(shard);
        shard.drop_over(now);
        for slot in &mut shard.slots {
            slot.in_flight += std::mem::take(&mut slot.delta);
            let window = || window(&slot.subject, slot.width, slot.start);
            if slot.in_flight != 0 {
                counts.push(Count {
                    window: window(),
                    add: slot.in_flight,
                });
            } else if now - slot.asked <= IN_USE_S {
                in_use.push(window());
            }
        }
    }
    Collected { counts, in_use }
}

fn learn(inner: &Inner, window: &Window, total: u64) {
    inner.with_slot(&window.subject, window.width_s.into(), window.start, |slot| {
        slot.shared = total;
        slot.in_flight = 0;
        slot.synced = slot.synced.wrapping_add(1);
    });
}

/// Writes what was counted and reads what others counted.
async fn counts(inner: &Inner, side: &mut Side) -> Result<(), Error> {
    let Collected { counts, in_use } = collect(inner);
    side.counted |= !counts.is_empty();
    for counts in counts.chunks(ROWS) {
        let totals = side.write(inner, Write::Counts(counts.to_vec())).await?;
        for (count, total) in counts.iter().zip(totals) {
            learn(inner, &count.window, total);
        }
    }
    for windows in in_use.chunks(ROWS) {
        let totals = timely(side::read_counts(side.conn(inner).await?, windows)).await?;
        for (window, total) in windows.iter().zip(totals) {
            learn(inner, window, total);
        }
    }
    Ok(())
}

/// Writes the marks; those that cannot be written stay.
async fn marks(inner: &Inner, side: &mut Side) -> Result<(), Error> {
    inner.marks.collect(&mut side.marks);
    let marks: Vec<_> = side
        .marks
        .iter()
        .map(|((kind, id), at)| (*kind, *id, *at))
        .collect();
    for marks in marks.chunks(ROWS) {
        side.write(inner, Write::Marks(marks.to_vec())).await?;
        for (kind, id, _) in marks {
            side.marks.remove(&(*kind, *id));
        }
    }
    side.marks.shrink_to(ROWS);
    Ok(())
}

async fn prune(inner: &Inner, side: &mut Side) -> Result<(), Error> {
    if side.counted {
        let before = seconds(inner.clock.now()) - PRUNE_AFTER_S;
        side.write(inner, Write::Prune(before)).await?;
        side.counted = false;
    }
    Ok(())
}

/// One turn of the task.
async fn turn(inner: &Inner, marks_due: bool, prune_due: bool) -> Result<(), Error> {
    let side = &mut *inner.side.lock().await;
    let result = async {
        counts(inner, side).await?;
        if marks_due {
            marks(inner, side).await?;
        }
        if prune_due {
            prune(inner, side).await?;
        }
        Ok(())
    }
    .await;
    side.tidy(result.is_err());
    result
}

/// Writes one mark now.
pub(super) async fn mark(inner: &Inner, mark: Mark) -> Result<(), Error> {
    // Not over the connection that the task holds for as long as it takes.
    let mut side = Side::default();
    side.write(inner, Write::Marks(vec![mark])).await.map(drop)
}

/// Writes something now; how many rows that changed.
pub(super) async fn at_once(inner: &Inner, write: Write) -> Result<u64, Error> {
    let side = &mut *inner.side.lock().await;
    // Roots are pruned with the counters.
    side.counted |= matches!(write, Write::Roots(_));
    let written = side.write(inner, write).await;
    side.tidy(written.is_err());
    Ok(written?.into_iter().sum())
}

/// Writes counts and marks.
pub(super) async fn flush(inner: &Inner) -> Result<(), Error> {
    let side = &mut *inner.side.lock().await;
    let counted = counts(inner, side).await;
    side.tidy(counted.is_err());
    let marked = marks(inner, side).await;
    side.tidy(marked.is_err());
    counted.and(marked)
}

/// Reads the totals of subjects in their current windows.
pub(super) async fn load(inner: &Inner, subjects: &[(String, Quota)]) -> Result<(), Error> {
    let now = inner.clock.now();
    let mut windows = Vec::with_capacity(subjects.len());
    let mut synced = Vec::with_capacity(subjects.len());
    for (subject, quota) in subjects {
        let (subject, width) = (bounded(subject), width(*quota));
        let hash = inner.hasher.hash_one(subject.as_bytes());
        if let Some(slot) = lock(inner.shard(hash)).slot(hash, &subject, width, now) {
            windows.push(window(&subject, width, slot.start));
            synced.push(slot.synced);
        }
    }
    let read = async { side::read_counts(&mut *inner.db.reader().await?, &windows).await };
    let totals = Box::pin(timely(read)).await?;
    for ((window, synced), total) in windows.iter().zip(synced).zip(totals) {
        inner.with_slot(&window.subject, window.width_s.into(), window.start, |slot| {
            slot.read(total, synced);
        });
    }
    Ok(())
}

/// Runs until the limits are gone.
pub(super) async fn run(inner: Weak<Inner>) {
    let (mut marked, mut pruned) = (Instant::now(), Instant::now());
    let mut failures = 0_u64;
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(inner) = inner.upgrade() else { return };
        let (marks_due, prune_due) = (marked.elapsed() >= MARKS_EVERY, pruned.elapsed() >= PRUNE_EVERY);
        match turn(&inner, marks_due, prune_due).await {
            Ok(()) => failures = 0,
            Err(error) => {
                // Not at every turn while a database is away: the first, and then about once a minute.
                if failures.is_multiple_of(150) {
                    tracing::warn!(%error, "rate counters and last-seen marks cannot be written; they are kept");
                }
                failures += 1;
                continue;
            }
        }
        if marks_due {
            marked = Instant::now();
        }
        if prune_due {
            pruned = Instant::now();
        }
    }
}
