//! Verification: re-reads everything and names what was changed, added or removed by hand.
//!
//! All reads come from one state of the database. Entries are checked in chunks by several threads, each with
//! its own connection; the one that collects puts the chunks' hashes together in order, so memory does not grow with
//! the log.

mod collect;
mod custody;
mod days;
mod entry;
mod explain;
mod findings;
mod head;
mod last;
mod rows;
mod steps;
mod sums;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use store::db::Seat;
use store::{Conn, Db};
use tlog::VerifierKey;

use collect::{Doubt, Sink, Walked};
pub use explain::{Explanation, SealedTable, UnsealedTable, explain};
pub use findings::{Counts, ENTRIES, FINDINGS_MAX, Finding, Findings};
pub use last::{FOUND_MAX, LastVerified, last, remember};

/// What a backup checks while it reads.
pub mod parts {
    pub use super::collect::{InOrder, Walked};
    pub use super::entry::{Chunk, check_chunk};
    pub use super::head::{HeadRow, compare_root, read as read_head};
    pub use super::rows::{check_seals, page};
    pub use super::{CHUNK, check_guard, remembered, verifier};
    pub use crate::open::check_migrated;
}

use crate::engine::Options;
use crate::error::Error;
use crate::{guard, keyfile, open};

/// Entries in a chunk: sixteen full subtrees of 256.
pub const CHUNK: u64 = 4_096;

/// How often what came meanwhile is read in pieces too, and how much may be left to be read in one state of the database.
const ROUNDS_MAX: u32 = 32;
const LEFT_MAX: u64 = 16 * CHUNK;

/// How to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Threads that check entries, at least one.
    pub threads: usize,
    /// Whether the log is read in short pieces, so that no state of the database is held for as long as the log is long: beside
    /// a server that writes. What is found is the same.
    pub in_pieces: bool,
}

impl Default for VerifyOptions {
    fn default() -> VerifyOptions {
        VerifyOptions {
            threads: std::thread::available_parallelism()
                .map_or(2, usize::from)
                .clamp(1, 8),
            in_pieces: false,
        }
    }
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyProgress {
    /// Done so far.
    pub done: u64,
    /// All there is.
    pub total: u64,
    /// Of what.
    pub what: &'static str,
}

/// How many rows of a sealed table were checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowsChecked {
    /// The table's name.
    pub table: &'static str,
    /// How many rows were checked.
    pub rows: u64,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Whether nothing was found.
    pub intact: bool,
    /// Name of the log.
    pub origin: String,
    /// Size of the log.
    pub size: u64,
    /// Root of the log in base64, as computed from the entries.
    pub root: String,
    /// Entries re-read.
    pub entries_checked: u64,
    /// Rows of sealed tables re-read.
    pub rows_checked: Vec<RowsChecked>,
    /// What is not as the log says.
    pub findings: Vec<Finding>,
    /// Findings beyond the bound.
    pub findings_omitted: u64,
    /// What is as the log says, and yet should be looked at.
    pub notes: Vec<Finding>,
    /// Time taken, in seconds.
    pub seconds: f64,
    /// What its entries are.
    pub entries: Counts,
}

impl From<Report> for Findings {
    fn from(report: Report) -> Findings {
        Findings {
            list: report.findings,
            omitted: report.findings_omitted,
            ..Findings::default()
        }
    }
}

/// Progress as it is reported.
pub type Progress<'a> = &'a (dyn Fn(VerifyProgress) + Sync);

/// Re-reads everything. An error means that it could not run; what is wrong with the data is in the report.
pub async fn verify(options: &Options, how: VerifyOptions, progress: Progress<'_>) -> Result<Report, Error> {
    verify_by(&verifier(options)?, options, how, progress).await
}

/// The same for whoever has only the key that checks the log's signatures.
pub async fn verify_by(
    key: &VerifierKey,
    options: &Options,
    how: VerifyOptions,
    progress: Progress<'_>,
) -> Result<Report, Error> {
    let started = std::time::Instant::now();
    // Before the state that is read: what is remembered later may be newer than it.
    let remembered = remembered(options)?;
    let db = Db::new(options.database.clone())?;
    let threads = how.threads.max(1);
    let mut doubts = Vec::new();
    let walked = if how.in_pieces {
        // What stands in the way of that is told by what follows.
        let before = ahead(&db, key, (threads, &mut doubts), progress).await;
        before.unwrap_or_default()
    } else {
        Walked::default()
    };
    let (mut conn, seats) = db.snapshot(threads).await?;
    let mut findings = Findings::default();
    let migrated = match store::migrate::state(&mut conn).await {
        Ok(state) => open::check_migrated(&state),
        Err(error) => {
            findings.add(Finding::new("schema_migrations", error.message));
            Ok(())
        }
    };
    if let Err(error) = &migrated {
        findings.add(Finding::new("schema_migrations", error.to_string()));
    }
    let walked = (walked, doubts);
    let report = check(
        (remembered.as_deref(), key),
        (seats, conn),
        walked,
        findings,
        progress,
    );
    let report = report.await;
    // What an older schema lacks is no fault of the rows.
    report
        .map(|report| Report {
            seconds: started.elapsed().as_secs_f64(),
            ..report
        })
        .map_err(|error| migrated.err().unwrap_or(error))
}

/// What is wrong with the entry at this index, by itself and as a verification says it; of its payload, where that is gone, only
/// what its own row says.
pub(crate) async fn of_entry(conn: &mut Conn, index: u64) -> Result<Vec<Finding>, store::Error> {
    entry::check_one(conn, index).await
}

/// The entry at this index as its columns have it, for one whose leaf does not read; none where they do not read either.
pub(crate) use entry::leaf_by_columns;

/// The key that checks the log's signatures.
pub fn verifier(options: &Options) -> Result<VerifierKey, Error> {
    keyfile::load(&options.data_dir, options.signing_key.as_deref())?
        .map(|key| key.verifier())
        .ok_or_else(|| {
            let path = keyfile::path(&options.data_dir);
            Error::problem(
                format!("there is no signing key at {}", path.display()),
                "give the log's data folder or PROBITY_SIGNING_KEY",
            )
        })
}

/// What the rollback guard remembers, where it is kept.
pub fn remembered(options: &Options) -> Result<Option<String>, Error> {
    if options.guard {
        return guard::read(&options.data_dir);
    }
    Ok(None)
}

/// Re-reads everything over these connections, which all see the same.
async fn check(
    (remembered, key): (Option<&str>, &VerifierKey),
    (seats, mut conn): (Vec<Seat>, Conn),
    (mut walked, mut doubts): (Walked, Vec<Doubt>),
    mut findings: Findings,
    progress: Progress<'_>,
) -> Result<Report, Error> {
    let head = head::read(&mut conn, key, &mut findings).await?;
    if head.walk < walked.edge.size() {
        // Not the log that was read before.
        (walked, doubts) = (Walked::default(), Vec::new());
    }
    let sink = Sink::Findings(&mut findings);
    walk(seats, &mut conn, (&mut walked, head.walk), sink, progress).await?;
    collect::settle(&mut walked, &mut conn, head.walk, doubts, &mut findings).await?;
    head::compare(&mut conn, &head, &walked, &mut findings).await?;
    check_guard(&mut conn, &head, (remembered, key), &mut findings).await;
    let (mut sums, mut days) = (sums::Sums::default(), days::Days::default());
    let rows_checked = rows::check(
        &mut conn,
        (&walked.written, head.walk),
        (&mut sums, &mut days),
        &mut findings,
        progress,
    )
    .await?;
    let mut notes = sums.compare(&mut findings);
    notes.extend(days.compare(&mut findings));
    custody::check(&mut conn, head.walk, &mut findings).await?;
    steps::check(&mut conn, &mut findings).await?;
    notes.extend(custody::notes(&mut conn).await?);
    let entries = Counts::of(walked.checked, [walked.erased, walked.pruned], &findings);
    Ok(Report {
        intact: findings.is_empty(),
        origin: head.origin,
        size: head.size,
        root: walked.edge.root().to_base64(),
        entries_checked: walked.checked,
        rows_checked,
        findings: findings.list,
        findings_omitted: findings.omitted,
        notes,
        seconds: 0.0,
        entries,
    })
}

/// Compares with the rollback guard, unless the log is already known to be broken: then that comparison says nothing new.
pub async fn check_guard(
    conn: &mut Conn,
    head: &head::HeadRow,
    (remembered, key): (Option<&str>, &VerifierKey),
    findings: &mut Findings,
) {
    let Some(edge) = head.edge.as_ref().filter(|_| findings.is_empty()) else {
        return;
    };
    match guard::check(conn, edge, remembered, key).await {
        Ok(guard::Verdict::Extends) => {}
        Ok(guard::Verdict::RolledBack(reason)) => {
            findings.add(Finding::new(
                "log_head",
                format!("the log was rolled back: {reason}"),
            ));
        }
        Err(error) => findings.add(Finding::new("log_head", error.to_string())),
    }
}

/// Reads the whole chunks of the log, each in the state of its own moment. Entries stay as they are, but for payloads that are
/// erased or pruned; where one of them seems to be wrong for that, its chunk is doubted.
async fn ahead(
    db: &Db,
    key: &VerifierKey,
    (threads, doubts): (usize, &mut Vec<Doubt>),
    progress: Progress<'_>,
) -> Result<Walked, Error> {
    let mut conn = db.patient_writer().await?;
    let mut walked = Walked::default();
    // What came while the log was read is read too, until little is left.
    for _ in 0..ROUNDS_MAX {
        let head = head::read(&mut conn, key, &mut Findings::default()).await?;
        let whole = head.walk / CHUNK * CHUNK;
        let read = walked.edge.size();
        let left = whole.saturating_sub(read);
        if left == 0 || read > 0 && left < LEFT_MAX {
            break;
        }
        let (seats, sink) = (db.seats(threads), Sink::Doubts(&mut *doubts));
        walk(seats, &mut conn, (&mut walked, whole), sink, progress).await?;
    }
    Ok(walked)
}

/// Re-reads what follows of the entries with the threads, and collects.
async fn walk(
    seats: Vec<Seat>,
    conn: &mut Conn,
    (walked, size): (&mut Walked, u64),
    sink: Sink<'_>,
    progress: Progress<'_>,
) -> Result<(), Error> {
    let (sender, receiver) = tokio::sync::mpsc::channel(seats.len() * 2);
    let next = Arc::new(AtomicU64::new(walked.edge.size() / CHUNK));
    let mut threads = Vec::new();
    for seat in seats {
        let (sender, next) = (sender.clone(), Arc::clone(&next));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| {
                Error::problem(
                    format!("cannot start a thread: {error}"),
                    "check the system's limits",
                )
            })?;
        threads.push(std::thread::spawn(move || {
            runtime.block_on(work(seat, size, &next, &sender));
        }));
    }
    drop(sender);
    let done = collect::collect(receiver, conn, (walked, size), sink, progress).await;
    for thread in threads {
        // A thread that panicked has left its chunk out, which the collector has seen.
        let _ = thread.join();
    }
    done
}

type Sender = tokio::sync::mpsc::Sender<Result<entry::Chunk, store::Error>>;

async fn work(seat: Seat, size: u64, next: &AtomicU64, sender: &Sender) {
    let mut conn = match seat.take().await {
        Ok(conn) => conn,
        // Where nobody listens any more, that is told already.
        Err(error) => return drop(sender.send(Err(error)).await),
    };
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number * CHUNK >= size {
            return;
        }
        let chunk = entry::check_chunk(&mut conn, number, size, &mut |_| {}).await;
        if sender.send(chunk).await.is_err() {
            return;
        }
    }
}
