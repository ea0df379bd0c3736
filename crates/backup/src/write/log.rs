//! Reading the log into members, in short reads, each entry checked as it is read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use engine::verify::parts::{CHUNK, Chunk, InOrder, Walked, check_chunk};
use engine::verify::{Findings, Progress, VerifyProgress};
use evidence::commitment::Salt;
use evidence::shown::Parts;
use store::entries::EntryView;
use store::{Conn, Db};
use tokio::runtime::Runtime;

use super::spool::{Held, Spool};
use crate::erased::Erasing;
use crate::error::{Error, Tried};
use crate::format::{self, MEMBER_ENTRIES};

/// A member of entries.
pub(super) struct Part {
    pub held: Held,
    /// Size of the log before it was read: what was erased by an entry below it must be missing.
    pub known: u64,
    /// Entries without a payload, in order.
    pub missing: Vec<u64>,
    /// Entries that erase.
    pub erasing: Vec<Erasing>,
}

/// The log as far as it was read.
pub(super) struct Log {
    pub spools: Vec<Spool>,
    pub parts: BTreeMap<u64, Part>,
    pub walked: Walked,
    in_order: InOrder,
}

/// A runtime for the calling thread.
pub(super) fn runtime() -> Result<Runtime, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.tried("start", "a thread")
}

/// What comes from a thread that reads.
enum Read {
    Chunk(Chunk),
    Part(u64, Part),
}

impl Log {
    /// Nothing read yet; with as many threads as spools.
    pub fn new(spools: Vec<Spool>) -> Log {
        Log {
            spools,
            parts: BTreeMap::new(),
            walked: Walked::default(),
            in_order: InOrder::default(),
        }
    }

    fn take(&mut self, read: Read, size: u64, findings: &mut Findings, progress: Progress<'_>) {
        match read {
            Read::Part(number, part) => drop(self.parts.insert(number, part)),
            Read::Chunk(chunk) => {
                for mut chunk in self.in_order.ready(chunk) {
                    self.walked.take(&mut chunk, findings);
                }
                progress(VerifyProgress {
                    done: self.walked.checked,
                    total: size,
                    what: "entries",
                });
            }
        }
    }

    /// Reads members of a log that has this size, each thread with a connection of its own.
    pub fn read(
        &mut self,
        db: &Db,
        (members, size): (Range<u64>, u64),
        findings: &mut Findings,
        progress: Progress<'_>,
    ) -> Result<(), Error> {
        let next = AtomicU64::new(members.start);
        let mut spools = std::mem::take(&mut self.spools);
        let done = std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(2 * spools.len());
            for spool in &mut spools {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    engine::credentials::pool::lower_priority();
                    let done = work(db, spool, (next, members.end), size, &sender);
                    // Where nobody listens any more, somebody else failed first.
                    done.or_else(|error| sender.send(Err(error)).map_err(drop))
                });
            }
            drop(sender);
            receiver.into_iter().try_for_each(|read: Result<Read, Error>| {
                self.take(read?, size, findings, progress);
                Ok(())
            })
        });
        self.spools = spools;
        done
    }

    /// Reads members over this connection.
    pub async fn read_over(
        &mut self,
        conn: &mut Conn,
        (members, size): (Range<u64>, u64),
        findings: &mut Findings,
        progress: Progress<'_>,
    ) -> Result<(), Error> {
        let mut spools = std::mem::take(&mut self.spools);
        for number in members {
            let spool = &mut spools[0];
            let mut each = |chunk| {
                self.take(Read::Chunk(chunk), size, findings, progress);
                true
            };
            let part = member(conn, spool, (number, size), &mut each).await?;
            self.parts.insert(number, part);
        }
        self.spools = spools;
        Ok(())
    }
}

fn work(
    db: &Db,
    spool: &mut Spool,
    (next, end): (&AtomicU64, u64),
    size: u64,
    sender: &SyncSender<Result<Read, Error>>,
) -> Result<(), Error> {
    let runtime = runtime()?;
    let mut conn = runtime.block_on(db.writer())?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return Ok(());
        }
        let mut send = |chunk| sender.send(Ok(Read::Chunk(chunk))).is_ok();
        let part = runtime.block_on(member(&mut conn, spool, (number, size), &mut send))?;
        if sender.send(Ok(Read::Part(number, part))).is_err() {
            return Ok(());
        }
    }
}

/// Reads a member; `each` takes the chunks and says whether to go on.
async fn member(
    conn: &mut Conn,
    spool: &mut Spool,
    (number, size): (u64, u64),
    each: &mut (dyn FnMut(Chunk) -> bool + Send),
) -> Result<Part, Error> {
    let (mut missing, mut erasing) = (Vec::new(), Vec::new());
    let from = number * MEMBER_ENTRIES;
    let to = size.min(from + MEMBER_ENTRIES);
    let mut lines = spool.begin()?;
    for chunk in from / CHUNK..to.div_ceil(CHUNK) {
        let mut also = |view: &EntryView<'_>| {
            erasing.extend(Erasing::of(view));
            lines.add(|out| format::write_entry(&parts(view), out));
        };
        let mut chunk = check_chunk(conn, chunk, to, &mut also).await?;
        missing.extend_from_slice(&chunk.erased);
        // Rows are compared once they are all there; only how many there should be is kept until then.
        chunk.changes = Vec::new();
        if lines.has_failed() || !each(chunk) {
            break;
        }
    }
    Ok(Part {
        held: lines.end()?,
        known: size,
        missing,
        erasing,
    })
}

/// What a line says of an entry.
fn parts<'a>(view: &EntryView<'a>) -> Parts<'a> {
    Parts {
        index: view.entry,
        leaf: view.leaf,
        payload: view.payload,
        // One of another length is found as the entry is checked.
        salt: view.salt.and_then(|salt| salt.try_into().ok()).map(Salt),
        changes: view.changes,
    }
}

/// The same member without the payloads of these entries, which are in order.
pub(super) fn without(held: &Held, erased: &[u64], spool: &mut Spool) -> Result<Held, Error> {
    let mut lines = spool.begin()?;
    let mut reader = held.reader()?;
    while let Some(line) = reader.line()? {
        let entry = format::read_entry(line).map_err(|error| store::Error::data(error.to_string()))?;
        let kept = erased.binary_search(&entry.entry).is_err();
        lines.add(|out| {
            let parts = Parts {
                index: entry.entry,
                leaf: &entry.leaf,
                payload: entry.payload.as_deref().filter(|_| kept),
                salt: entry.salt.filter(|_| kept),
                changes: entry.changes.as_deref(),
            };
            format::write_entry(&parts, out);
        });
    }
    lines.end()
}
