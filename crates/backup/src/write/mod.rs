//! Writing a backup while the server takes writes.
//!
//! The log is read first, in short reads and not much faster than it grows, into members that are held aside, until next to
//! nothing is left. Then one state of the database gives the head, what was appended since, and all rows, so that neither
//! SQLite's WAL nor PostgreSQL's dead rows grow with the length of the log. What was erased in between is taken out of the
//! members that were read before. Everything is checked as it is read: leaves against the root, payloads and lists of
//! changes against leaves, rows against the entries that wrote them.

mod log;
pub mod pace;
mod pack;
mod rows;
mod spool;

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use domain::audit::pruning::Pruning;
use domain::record::Record as _;
use domain::tables::{SEALED, Stored};
use engine::Options;
use engine::verify::parts::{
    CHUNK, HeadRow, check_guard, check_migrated, compare_root, read_head, remembered, verifier,
};
use engine::verify::{Finding, Findings, Progress, VerifyProgress};
use evidence::json;
use evidence::time::Timestamp;
use store::Db;
use tlog::VerifierKey;

use log::{Log, ROUNDS_MAX, runtime};
use pack::{Counted, pack};
use rows::Rows;
use spool::{Held, Spool};

use crate::age;
use crate::erased;
use crate::error::{Error, Tried};
use crate::format::{
    self, END, Encryption, End, FORMAT, LAST_SEEN, MANIFEST, MEMBER_ENTRIES, Manifest, Member, Sidecar,
};
use crate::place::Place;

/// How to write a backup.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// Whether a database that is not as its log says is written all the same. The backup says so then.
    pub even_tampered: bool,
    /// Threads that read the log.
    pub threads: usize,
    /// A folder for members that are not put together yet, in files without a name. It takes as much as the backup.
    pub aside: &'a Path,
    /// Name and version of the program.
    pub program: &'a str,
    /// Public keys of age; none for a file that is not encrypted.
    pub recipients: &'a [String],
}

/// Where a backup goes.
pub enum To<'a> {
    /// To a place, where it gets its name.
    Place(&'a dyn Place),
    /// To whoever reads: nothing lies beside it then.
    Output(&'a mut (dyn Write + Send)),
}

/// What was read, held aside.
struct Whole {
    manifest: Manifest,
    end: End,
    members: Vec<(String, Held)>,
    /// Entries that erase.
    erasing: Vec<u64>,
}

/// Writes a backup; what lies beside it then. It blocks its thread, which must not be one of a runtime.
pub fn write(options: &Options, to: To<'_>, how: &How<'_>, progress: Progress<'_>) -> Result<Sidecar, Error> {
    // The caller's thread keeps its priority.
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| written(options, to, how, progress));
        writing.join().map_err(|_| Error::stopped()).flatten()
    })
}

fn written(options: &Options, to: To<'_>, how: &How<'_>, progress: Progress<'_>) -> Result<Sidecar, Error> {
    let whole = read(options, how, progress)?;
    let Manifest { origin, .. } = &whole.manifest;
    let file = format::file_name(
        origin,
        whole.end.snapshot_at,
        whole.end.entries,
        !how.recipients.is_empty(),
    );
    let (bytes, sha256, place) = match to {
        To::Output(out) => {
            let (_, bytes, sha256) = put(&whole, how, "to the output", out)?;
            (bytes, sha256, None)
        }
        To::Place(place) => {
            place.tidy(&format::prefix(origin))?;
            let shown = format!("{}/{file}", place.shown());
            let upload = BufWriter::with_capacity(1 << 20, place.create(&file)?);
            let (upload, bytes, sha256) = put(&whole, how, &shown, upload)?;
            let upload = upload.into_inner().map_err(std::io::IntoInnerError::into_error);
            upload.tried("write", &shown)?.finish()?;
            (bytes, sha256, Some(place))
        }
    };
    let sidecar = Sidecar {
        format: FORMAT,
        bytes,
        sha256: json::hex(&sha256),
        encrypted: (!how.recipients.is_empty()).then_some(Encryption::Recipients),
        manifest: whole.manifest,
        checkpoint: whole.end.checkpoint,
        entries: whole.end.entries,
        tables: whole.end.tables,
        snapshot_at: whole.end.snapshot_at,
        verified_at: None,
        file,
    };
    if let Some(place) = place {
        // Without them the backup would bring back what was erased since: they are there before it counts.
        tell_erased(options, place, &sidecar.manifest.origin, &whole.erasing)?;
        let name = format::sidecar_name(&sidecar.file);
        if !place.add(&name, &format::document(&sidecar))? {
            return Err(Error::Exists(name));
        }
    }
    Ok(sidecar)
}

/// Adds what erasing entries leave beside the backups, where it is missing.
fn tell_erased(options: &Options, place: &dyn Place, origin: &str, erasing: &[u64]) -> Result<(), Error> {
    let runtime = runtime()?;
    let mut conn = runtime.block_on(Db::new(options.database.clone())?.patient_writer())?;
    let told = runtime.block_on(erased::told(&mut conn, origin, erasing))?;
    for entry in erased::missing(place, told)? {
        if let Some(left) = runtime.block_on(erased::proven(&mut conn, origin, entry))? {
            erased::add(place, &left)?;
        }
    }
    Ok(())
}

/// Puts the members together; where to, how much it was, and SHA-256 of it. `shown` is what people call where it goes.
fn put<W: Write + Send>(
    whole: &Whole,
    how: &How<'_>,
    shown: &str,
    out: W,
) -> Result<(W, u64, [u8; 32]), Error> {
    let seconds = whole.end.snapshot_at.micros().div_euclid(1_000_000);
    let seconds = u64::try_from(seconds).unwrap_or_default();
    let mut out = Counted::new(out);
    if how.recipients.is_empty() {
        pack(&whole.members, seconds, &mut out).tried("write", shown)?;
    } else {
        out = age::encrypt(how.recipients, shown, out, |mut through| {
            pack(&whole.members, seconds, &mut through)
        })?;
    }
    out.flush().tried("write", shown)?;
    Ok(out.end())
}

/// Reads the whole database and checks it.
fn read(options: &Options, how: &How<'_>, progress: Progress<'_>) -> Result<Whole, Error> {
    let began = engine::now();
    let key = verifier(options)?;
    let db = Db::new(options.database.clone())?;
    let runtime = runtime()?;
    let mut conn = runtime.block_on(db.patient_writer())?;
    let schema = runtime.block_on(store::migrate::state(&mut conn))?;
    check_migrated(&schema)?;
    let mut findings = Findings::default();
    let spools = (0..how.threads.max(1)).map(|_| Spool::new(how.aside));
    let mut log = Log::new(spools.collect::<Result<_, _>>()?);
    let mut done = 0;
    for _ in 0..ROUNDS_MAX {
        // What is wrong with the head is said of the one that the backup holds.
        let head = runtime.block_on(read_head(&mut conn, &key, &mut Findings::default()))?;
        let whole = head.walk / MEMBER_ENTRIES;
        if whole <= done {
            break;
        }
        log.read(&db, (done..whole, head.walk), &mut findings, progress)?;
        done = whole;
    }
    let mut snapshot = runtime.block_on(snapshot(
        options,
        &db,
        &key,
        (&mut log, done),
        &mut findings,
        progress,
    ))?;
    // What is left holds nobody up, and may take its time.
    engine::credentials::pool::lower_priority();
    for (table, rows) in SEALED.iter().zip(&snapshot.tables) {
        progress(VerifyProgress {
            done: 0,
            total: rows.count,
            what: table.name,
        });
        runtime.block_on(rows::check(&mut conn, table, rows, &mut findings))?;
        let written = log.walked.written.get(table.name).copied().unwrap_or_default();
        if written != rows.versions && !findings.of(table.name) {
            let what = format!(
                "its rows have {} versions together, entries wrote {written}: a row was removed or put back to an older \
                 version by hand",
                rows.versions
            );
            findings.add(Finding::new(table.name, what));
        }
    }
    snapshot.erasures.sort_unstable();
    let gone = Gone::new(&snapshot.erasures, std::mem::take(&mut snapshot.prunings));
    take_out(&mut log, &gone, &mut findings)?;
    if !findings.is_empty() && !how.even_tampered {
        return Err(Error::Tampered(findings));
    }
    let manifest = Manifest {
        format: FORMAT,
        program: how.program.to_owned(),
        schema: schema.applied,
        engine: options.database.location.engine().to_owned(),
        origin: snapshot.head.origin.clone(),
        key: key.to_string(),
        began,
        even_tampered: !findings.is_empty(),
    };
    gather(manifest, log, snapshot)
}

/// What one state of the database gave.
struct Snapshot {
    at: Timestamp,
    head: HeadRow,
    /// In the order of [`SEALED`].
    tables: Vec<Rows>,
    marks: (Held, u64),
    /// Entries that a command erased, and the entry that did.
    erasures: Vec<(u64, u64)>,
    /// What says which ones were pruned.
    prunings: Vec<Stored>,
}

async fn snapshot(
    options: &Options,
    db: &Db,
    key: &VerifierKey,
    (log, done): (&mut Log, u64),
    findings: &mut Findings,
    progress: Progress<'_>,
) -> Result<Snapshot, Error> {
    // Before the snapshot: what is remembered later may be newer than it.
    let remembered = remembered(options)?;
    let mut conn = db.patient_writer().await?;
    let (at, head) = log.read_end(&mut conn, (done, key), findings, progress).await?;
    compare_root(&head, &log.walked, findings);
    check_guard(&mut conn, &head, (remembered.as_deref(), key), findings).await;
    let (mut tables, mut erasures, mut prunings) = (Vec::new(), Vec::new(), Vec::new());
    let spool = &mut log.spools[0];
    for table in SEALED {
        let mut also = |row: &Stored| {
            if let ("erasures", Some(domain::record::Val::Int(erased))) = (table.name, row.values.first()) {
                erasures.push((u64::try_from(*erased).unwrap_or(u64::MAX), row.entry));
            }
            if table.name == Pruning::TABLE.name {
                prunings.push(row.clone());
            }
        };
        tables.push(rows::read(&mut conn, spool, table, findings, &mut also).await?);
    }
    let marks = rows::read_marks(&mut conn, spool).await?;
    conn.rollback().await?;
    Ok(Snapshot {
        at,
        head,
        tables,
        marks,
        erasures,
        prunings,
    })
}

/// What commands erased and pruned, by the entries that are gone.
struct Gone<'a> {
    erasures: &'a [(u64, u64)],
    prunings: BTreeMap<u64, Stored>,
}

impl Gone<'_> {
    /// What was erased is in order.
    fn new(erasures: &[(u64, u64)], prunings: Vec<Stored>) -> Gone<'_> {
        let first = |row: &Stored| format::pruned_in(Pruning::TABLE, row).next();
        let prunings = prunings.into_iter().filter_map(|row| Some((first(&row)?, row)));
        let prunings = prunings.collect();
        Gone { erasures, prunings }
    }

    /// Those of a member, in order, each with the entry that erased it, or the last one that pruned in its bucket.
    fn of(&self, number: u64) -> Vec<(u64, u64)> {
        let entries = number * MEMBER_ENTRIES..(number + 1) * MEMBER_ENTRIES;
        let at = |index: u64| self.erasures.partition_point(|(erased, _)| *erased < index);
        let mut found = self.erasures[at(entries.start)..at(entries.end)].to_vec();
        let prunings = self.prunings.range(entries).map(|(_, row)| row);
        let pruned =
            prunings.flat_map(|row| format::pruned_in(Pruning::TABLE, row).map(|index| (index, row.entry)));
        found.extend(pruned);
        found.sort_unstable();
        found
    }
}

/// Compares what is missing with what commands erased or pruned, and takes out what they did after it was read.
fn take_out(log: &mut Log, gone: &Gone<'_>, findings: &mut Findings) -> Result<(), Error> {
    let spool = &mut log.spools[0];
    for (number, part) in &mut log.parts {
        let of_part = gone.of(*number);
        for index in &part.missing {
            if of_part.binary_search_by_key(index, |(gone, _)| *gone).is_err() {
                let what = "the payload was removed by hand: no command erased or pruned it";
                findings.add(Finding::new("entries", what).entry(*index));
            }
        }
        let mut late = Vec::new();
        for (index, by) in &of_part {
            if part.missing.binary_search(index).is_ok() {
                continue;
            }
            late.push(*index);
            let chunk = usize::try_from(index % MEMBER_ENTRIES / CHUNK).unwrap_or_default();
            if part.known.get(chunk).is_some_and(|known| by < known) {
                let what = "the payload is there although a command erased or pruned it";
                findings.add(Finding::new("entries", what).entry(*index));
            }
        }
        if !late.is_empty() {
            part.held = log::without(&part.held, &late, spool)?;
        }
    }
    Ok(())
}

/// Gives every member its name and place.
fn gather(manifest: Manifest, mut log: Log, snapshot: Snapshot) -> Result<Whole, Error> {
    let spool = &mut log.spools[0];
    let mut document = |text: Vec<u8>| {
        let mut lines = spool.begin()?;
        lines.add(|out| out.push_str(&String::from_utf8_lossy(&text)));
        lines.end()
    };
    let erasing = log
        .parts
        .values_mut()
        .flat_map(|part| std::mem::take(&mut part.erasing))
        .collect();
    let mut members = vec![(MANIFEST.to_owned(), document(format::document(&manifest))?)];
    let parts = log
        .parts
        .into_iter()
        .map(|(number, part)| (format::entries_member(number), part.held));
    members.extend(parts);
    let mut tables = BTreeMap::new();
    for (table, rows) in SEALED.iter().zip(snapshot.tables) {
        tables.insert(table.name.to_owned(), rows.count);
        members.push((format::table_member(table), rows.held));
    }
    tables.insert("last_seen".to_owned(), snapshot.marks.1);
    members.push((LAST_SEEN.to_owned(), snapshot.marks.0));
    let member = |(name, held): &(String, Held)| {
        let sha256 = json::hex(&held.sha256);
        (
            name.clone(),
            Member {
                bytes: held.bytes,
                sha256,
            },
        )
    };
    let end = End {
        checkpoint: snapshot.head.checkpoint,
        entries: snapshot.head.walk,
        tables,
        members: members.iter().map(member).collect(),
        snapshot_at: snapshot.at,
    };
    members.push((END.to_owned(), document(format::document(&end))?));
    Ok(Whole {
        manifest,
        end,
        members,
        erasing,
    })
}
