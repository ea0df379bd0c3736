//! Reading the log into members, in short reads, each entry checked as it is read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use engine::verify::parts::{CHUNK, Chunk, HeadRow, InOrder, Walked, check_chunk, read_head};
use engine::verify::{Findings, Progress, VerifyProgress};
use evidence::commitment::Salt;
use evidence::shown::Parts;
use evidence::time::Timestamp;
use store::entries::EntryView;
use store::{Conn, Db};
use tlog::VerifierKey;
use tokio::runtime::Runtime;

use super::pace::{Pace, TO_ITS_END};
use super::spool::{Held, Lines, Spool};
use crate::erased::erases;
use crate::error::{Error, Tried};
use crate::format::{self, MEMBER_ENTRIES};

/// A member of entries.
pub(super) struct Part {
    pub held: Held,
    /// Size of the log before each chunk was read: what was erased by an entry below it must be missing.
    pub known: Vec<u64>,
    /// Entries without a payload, in order.
    pub missing: Vec<u64>,
    /// Entries that erase.
    pub erasing: Vec<u64>,
}

/// The log as far as it was read.
pub(super) struct Log {
    pub spools: Vec<Spool>,
    pub parts: BTreeMap<u64, Part>,
    pub walked: Walked,
    in_order: InOrder,
}

/// How often what came meanwhile is read before the state of the database that gives the rest, should the log grow faster
/// than it can be read.
pub(super) const ROUNDS_MAX: u32 = 32;

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
        let pace = Pace::new(TO_ITS_END, size, Instant::now());
        let mut spools = std::mem::take(&mut self.spools);
        let done = std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(2 * spools.len());
            for spool in &mut spools {
                let (sender, next, pace) = (sender.clone(), &next, &pace);
                scope.spawn(move || {
                    engine::credentials::pool::lower_priority();
                    let done = work(db, spool, (next, members.end), (size, pace), &sender);
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

    /// Reads the rest over this connection: whole chunks in short reads, until less than one is left, and that in one state
    /// of the database, which the connection sees from then on. Since when, and the head in it.
    pub async fn read_end(
        &mut self,
        conn: &mut Conn,
        (from, key): (u64, &VerifierKey),
        findings: &mut Findings,
        progress: Progress<'_>,
    ) -> Result<(Timestamp, HeadRow), Error> {
        let mut spools = std::mem::take(&mut self.spools);
        let (mut rounds, mut size, mut last) = (0, from * MEMBER_ENTRIES, None);
        for number in from.. {
            let mut open = Open::new(&mut spools[0], number)?;
            loop {
                let end = size.min((number + 1) * MEMBER_ENTRIES);
                while open.next < end {
                    let chunk = open.read(conn, end, size).await?;
                    self.take(Read::Chunk(chunk), size, findings, progress);
                }
                if last.is_some() || end < size {
                    break;
                }
                let read = size;
                let head = read_head(conn, key, &mut Findings::default()).await?;
                size = head.walk / CHUNK * CHUNK;
                rounds += 1;
                if size <= read || rounds > ROUNDS_MAX {
                    // What was acknowledged before this time is in it.
                    let at = engine::now();
                    conn.begin_snapshot().await?;
                    let head = read_head(conn, key, findings).await?;
                    size = head.walk;
                    last = Some((at, head));
                }
            }
            if !open.known.is_empty() {
                self.parts.insert(number, open.end()?);
            }
            if size <= (number + 1) * MEMBER_ENTRIES
                && let Some(last) = last
            {
                self.spools = spools;
                return Ok(last);
            }
        }
        Err(Error::stopped())
    }
}

fn work(
    db: &Db,
    spool: &mut Spool,
    (next, end): (&AtomicU64, u64),
    (size, pace): (u64, &Pace),
    sender: &SyncSender<Result<Read, Error>>,
) -> Result<(), Error> {
    let runtime = runtime()?;
    let mut conn = runtime.block_on(db.patient_writer())?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return Ok(());
        }
        let mut open = Open::new(spool, number)?;
        while open.next < size.min((number + 1) * MEMBER_ENTRIES) && !open.lines.has_failed() {
            let before = open.next;
            let chunk = runtime.block_on(open.read(&mut conn, size, size))?;
            if sender.send(Ok(Read::Chunk(chunk))).is_err() {
                return Ok(());
            }
            let now = runtime.block_on(store::checks::last_entry(&mut conn))?;
            let rest = pace.rest(open.next - before, now.map_or(0, |last| last + 1), Instant::now());
            std::thread::sleep(rest);
        }
        if sender.send(Ok(Read::Part(number, open.end()?))).is_err() {
            return Ok(());
        }
    }
}

/// A member that is read.
struct Open<'a> {
    lines: Lines<'a>,
    /// The entry that is read next.
    next: u64,
    known: Vec<u64>,
    missing: Vec<u64>,
    erasing: Vec<u64>,
}

impl<'a> Open<'a> {
    fn new(spool: &'a mut Spool, number: u64) -> Result<Open<'a>, Error> {
        Ok(Open {
            lines: spool.begin()?,
            next: number * MEMBER_ENTRIES,
            known: Vec::new(),
            missing: Vec::new(),
            erasing: Vec::new(),
        })
    }

    /// Reads the next chunk, of entries below `to`, of a log that has had this size.
    async fn read(&mut self, conn: &mut Conn, to: u64, size: u64) -> Result<Chunk, Error> {
        self.known.push(size);
        let Open { lines, erasing, .. } = self;
        let mut also = |view: &EntryView<'_>| {
            erasing.extend(erases(view).then_some(view.entry));
            lines.add(|out| format::write_entry(&parts(view), out));
        };
        let mut chunk = check_chunk(conn, self.next / CHUNK, to, &mut also).await?;
        self.next = to.min(self.next + CHUNK);
        self.missing.extend_from_slice(&chunk.missing);
        // Rows are compared once they are all there; only how many there should be is kept until then.
        chunk.changes = Vec::new();
        Ok(chunk)
    }

    fn end(self) -> Result<Part, Error> {
        Ok(Part {
            held: self.lines.end()?,
            known: self.known,
            missing: self.missing,
            erasing: self.erasing,
        })
    }
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
        gone: evidence::Gone::default(),
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
                gone: evidence::Gone::default(),
            };
            format::write_entry(&parts, out);
        });
    }
    lines.end()
}
