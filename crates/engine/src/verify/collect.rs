//! Putting the chunks together in order: the tree, the stored subtrees, the rows that entries say they wrote.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::audit::pruning::{bucket_of, pruned};
use domain::tables::SEALED;
use evidence::Gone;
use evidence::commitment::ChangeRecord;
use evidence::time::Timestamp;
use store::Conn;
use tlog::{Hash, Node, RightEdge};
use uuid::Uuid;

use super::entry::{Chunk, check_chunk};
use super::{CHUNK, ENTRIES, Finding, Findings, Progress, VerifyProgress};
use crate::error::Error;

/// The log as re-read.
#[derive(Default)]
pub struct Walked {
    /// The right edge that the entries give.
    pub edge: RightEdge,
    /// Entries re-read.
    pub checked: u64,
    /// Entries whose payload was erased by a command, and that show nothing else.
    pub erased: u64,
    /// The same of those that were pruned.
    pub pruned: u64,
    /// Time of the last entry.
    pub last_at: Option<Timestamp>,
    /// Subtrees above 256 entries that the entries give; those of 256 are compared on the way.
    pub upper: Vec<(Node, Hash)>,
    /// How many writes the entries tell of, by table.
    pub written: BTreeMap<String, u64>,
}

/// Chunks that came before their turn.
#[derive(Default)]
pub struct InOrder {
    early: BTreeMap<u64, Chunk>,
    next: u64,
}

impl InOrder {
    /// From this chunk on.
    pub fn from(next: u64) -> InOrder {
        InOrder {
            next,
            ..InOrder::default()
        }
    }

    /// Takes in a chunk; gives those whose turn it is, in order.
    pub fn ready(&mut self, chunk: Chunk) -> Vec<Chunk> {
        self.early.insert(chunk.number, chunk);
        let mut ready = Vec::new();
        while let Some(chunk) = self.early.remove(&self.next) {
            self.next += 1;
            ready.push(chunk);
        }
        ready
    }
}

impl Walked {
    /// Takes in the next chunk and what was found in it; gives the hashes of its full subtrees of 256 entries.
    pub fn take(&mut self, chunk: &mut Chunk, findings: &mut Findings) -> Vec<(u64, Hash)> {
        findings.extend(out_of_order(self.last_at, chunk));
        self.last_at = chunk.times.map(|(_, last)| last).or(self.last_at);
        self.checked += chunk.leaves.len() as u64;
        findings.extend(chunk.findings.drain(..));
        let mut blocks = Vec::new();
        for leaf in chunk.leaves.drain(..) {
            self.edge.push_with(leaf, |node, hash| {
                if node.height == 8 {
                    blocks.push((node.index, hash));
                } else if store::head::is_stored(node) {
                    self.upper.push((node, hash));
                }
            });
        }
        for (table, count) in std::mem::take(&mut chunk.written) {
            *self.written.entry(table).or_default() += count;
        }
        blocks
    }
}

type Receiver = tokio::sync::mpsc::Receiver<Result<Chunk, store::Error>>;

/// A chunk of which something was found that may be no fault: what it says and what the tables say may be of two moments.
pub(super) struct Doubt {
    number: u64,
    blocks: Vec<(u64, Hash)>,
    /// Time of the entry before it.
    last_at: Option<Timestamp>,
}

/// Where what is found goes.
pub(super) enum Sink<'a> {
    /// All that is read is of one state of the database.
    Findings(&'a mut Findings),
    /// It is not: what is found is a doubt, and looked at again.
    Doubts(&'a mut Vec<Doubt>),
}

/// Puts what threads read of a log that has this size behind what was walked before.
pub(super) async fn collect(
    mut receiver: Receiver,
    conn: &mut Conn,
    (walked, size): (&mut Walked, u64),
    mut sink: Sink<'_>,
    progress: Progress<'_>,
) -> Result<(), Error> {
    let mut in_order = InOrder::from(walked.edge.size() / CHUNK);
    let tell = |done| {
        progress(VerifyProgress {
            done,
            total: size,
            what: ENTRIES,
        });
    };
    tell(walked.edge.size());
    while let Some(chunk) = receiver.recv().await {
        for chunk in in_order.ready(chunk?) {
            match &mut sink {
                Sink::Findings(findings) => drop(take(walked, conn, chunk, findings).await?),
                Sink::Doubts(doubts) => {
                    let gone = (walked.erased, walked.pruned);
                    let mut found = Findings::default();
                    let doubt = take(walked, conn, chunk, &mut found).await?;
                    if !found.is_empty() {
                        (walked.erased, walked.pruned) = gone;
                        doubts.push(doubt);
                    }
                }
            }
            tell(walked.edge.size());
        }
    }
    if walked.edge.size() != size {
        return Err(store::Error::data("a thread that checks entries ended early").into());
    }
    Ok(())
}

async fn take(
    walked: &mut Walked,
    conn: &mut Conn,
    mut chunk: Chunk,
    findings: &mut Findings,
) -> Result<Doubt, Error> {
    let mut doubt = Doubt {
        number: chunk.number,
        blocks: Vec::new(),
        last_at: walked.last_at,
    };
    let broken = !chunk.findings.is_empty();
    doubt.blocks = walked.take(&mut chunk, findings);
    check(walked, conn, (&chunk, &doubt.blocks, broken), findings).await?;
    Ok(doubt)
}

/// Reads once more what was doubted, in one state of the database that has so many entries.
pub(super) async fn settle(
    walked: &mut Walked,
    conn: &mut Conn,
    size: u64,
    doubts: Vec<Doubt>,
    findings: &mut Findings,
) -> Result<(), Error> {
    for doubt in doubts {
        let mut chunk = check_chunk(conn, doubt.number, size, &mut |_| {}).await?;
        let broken = !chunk.findings.is_empty();
        findings.extend(out_of_order(doubt.last_at, &chunk));
        findings.extend(chunk.findings.drain(..));
        check(walked, conn, (&chunk, &doubt.blocks, broken), findings).await?;
    }
    Ok(())
}

/// What is wrong where a chunk begins before the entry before it.
fn out_of_order(last_at: Option<Timestamp>, chunk: &Chunk) -> Option<Finding> {
    let (last, (first, _)) = (last_at?, chunk.times?);
    let what = "at is earlier than in the entry before it";
    (first < last).then(|| Finding::new("entries", what).entry(chunk.number * CHUNK))
}

/// Compares a chunk with what the tables say of its entries.
async fn check(
    walked: &mut Walked,
    conn: &mut Conn,
    (chunk, blocks, broken): (&Chunk, &[(u64, Hash)], bool),
    findings: &mut Findings,
) -> Result<(), Error> {
    let first = (chunk.number * CHUNK) >> 8;
    check_blocks(conn, first, blocks, broken, findings).await?;
    check_written(conn, &chunk.changes, findings).await?;
    check_gone(walked, conn, chunk, findings).await
}

/// Compares the hashes of full subtrees of 256 entries with the stored ones.
async fn check_blocks(
    conn: &mut Conn,
    first: u64,
    blocks: &[(u64, Hash)],
    broken: bool,
    findings: &mut Findings,
) -> Result<(), Error> {
    let to = first + (CHUNK >> 8);
    let stored: HashMap<u64, Option<Hash>> = store::head::stored_subtrees(conn, 8, first, to)
        .await?
        .into_iter()
        .collect();
    for (position, hash) in blocks {
        match stored.get(position) {
            Some(Some(stored)) if stored == hash => {}
            Some(_) => {
                let (from, to) = (position << 8, (position << 8) + 255);
                let hint = if broken {
                    ""
                } else {
                    "; no single entry contradicts itself: entries were swapped or replaced"
                };
                let what =
                    format!("entries {from} to {to} do not give the stored hash of their subtree{hint}");
                findings.add(
                    Finding::new("subtrees", what)
                        .id(format!("8/{position}"))
                        .entry(from),
                );
            }
            None => findings.add(Finding::new("subtrees", "the hash is missing").id(format!("8/{position}"))),
        }
    }
    Ok(())
}

/// Checks that every row that these entries wrote is there, in that version or a later one.
async fn check_written(
    conn: &mut Conn,
    changes: &[(u64, Vec<ChangeRecord>)],
    findings: &mut Findings,
) -> Result<(), Error> {
    // Of several writes of one row in the chunk only the last one matters.
    let mut latest: HashMap<(&str, Uuid), (u64, &ChangeRecord)> = HashMap::new();
    for (entry, records) in changes {
        for record in records {
            latest.insert((&record.table, record.id), (*entry, record));
        }
    }
    for table in SEALED {
        let wanted: Vec<_> = latest
            .iter()
            .filter(|((name, _), _)| *name == table.name)
            .collect();
        let ids: Vec<Uuid> = wanted.iter().map(|((_, id), _)| *id).collect();
        let rows = store::checks::versions(conn, table, &ids).await?;
        // A version below 0 is below any that an entry wrote.
        let versions: Result<HashMap<Uuid, u64>, store::Error> = rows
            .iter()
            .map(|row| Ok((row.uuid(0)?, row.unsigned(1).unwrap_or_default())))
            .collect();
        let versions = versions?;
        for ((name, id), (entry, record)) in wanted {
            let what = match (versions.get(id), &record.digest) {
                (None, Some(_)) => "the row is missing: this entry wrote it and none deleted it".to_owned(),
                (Some(_), None) => "the row is there although this entry deleted it".to_owned(),
                (Some(found), Some(_)) if *found < record.version => {
                    format!(
                        "the row has version {found}, but this entry wrote version {}",
                        record.version
                    )
                }
                _ => continue,
            };
            findings.add(Finding::new(name, what).id(id).entry(*entry));
        }
    }
    let known = |table: &str| SEALED.iter().any(|sealed| sealed.name == table);
    for ((table, id), (entry, _)) in latest.iter().filter(|((table, _), _)| !known(table)) {
        findings.add(
            Finding::new(table, "the entry writes a table that this program does not know")
                .id(id)
                .entry(*entry),
        );
    }
    Ok(())
}

/// Checks that every payload that is missing was erased or pruned by a command, and that none is there that was pruned.
async fn check_gone(
    walked: &mut Walked,
    conn: &mut Conn,
    chunk: &Chunk,
    findings: &mut Findings,
) -> Result<(), Error> {
    let rows = store::checks::erased(conn, &chunk.missing).await?;
    let erased: Result<HashSet<u64>, store::Error> = rows.iter().map(|row| row.unsigned(0)).collect();
    let (erased, first) = (erased?, chunk.number * CHUNK);
    let buckets = bucket_of(first)..bucket_of(first + CHUNK);
    let buckets = store::prunings::bits(conn, buckets).await?;
    let pruned = buckets.iter().flat_map(|(bucket, bits)| pruned(*bucket, bits));
    // What a row says of entries that are not there, its seal tells.
    let pruned: HashSet<u64> = pruned.filter(|index| *index < walked.edge.size()).collect();
    for index in &chunk.missing {
        let known = [(&erased, &mut walked.erased), (&pruned, &mut walked.pruned)];
        if let Some((_, count)) = known.into_iter().find(|(entries, _)| entries.contains(index)) {
            *count += u64::from(!findings.entries.has(*index));
        } else {
            findings.add(Finding::new("entries", Gone::BY_HAND).entry(*index));
        }
    }
    let missing: HashSet<u64> = chunk.missing.iter().copied().collect();
    let mut there: Vec<u64> = pruned.difference(&missing).copied().collect();
    there.sort_unstable();
    for index in there {
        let what = "the payload is there although a command pruned it";
        findings.add(Finding::new("entries", what).entry(index));
    }
    Ok(())
}
