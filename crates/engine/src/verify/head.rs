//! Checking the head row and the stored subtrees against the entries.

use evidence::time::Timestamp;
use store::Conn;
use tlog::{Checkpoint, Hash, RightEdge, VerifierKey};

use super::collect::Walked;
use super::{Finding, Findings};
use crate::error::Error;

/// The head row as stored, whatever it says.
pub struct HeadRow {
    /// Name of the log.
    pub origin: String,
    /// Size of the log.
    pub size: u64,
    /// How many entries to re-read: the size, unless far fewer are there.
    pub walk: u64,
    root: Option<Hash>,
    pub(super) edge: Option<RightEdge>,
    at: Option<Timestamp>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// How far beyond the last entry missing ones are named: a size made up must not keep us counting.
const MISSING_MAX: u64 = 1_000;

/// Reads the head row and checks it against its own checkpoint. Whatever is in it, only reading it can fail.
pub async fn read(conn: &mut Conn, key: &VerifierKey, findings: &mut Findings) -> Result<HeadRow, Error> {
    let rows = store::checks::heads(conn).await?;
    for row in rows.iter().filter(|row| !matches!(row.int(6), Ok(1))) {
        let id = row.int(6).map_or_else(|_| "?".to_owned(), |id| id.to_string());
        findings.add(Finding::new("log_head", "the only head row is that of id 1").id(id));
    }
    let last = store::checks::last_entry(conn).await?;
    let entries = last.map_or(0, |last| last.saturating_add(1));
    let Some(row) = rows
        .iter()
        .find(|row| matches!(row.int(6), Ok(1)))
        .or(rows.first())
    else {
        findings.add(Finding::new("log_head", "the head row is missing"));
        return Ok(HeadRow {
            origin: String::new(),
            size: entries,
            walk: entries,
            root: None,
            edge: None,
            at: None,
            checkpoint: String::new(),
        });
    };
    let mut add = |what: String| findings.add(Finding::new("log_head", what));
    let size = row.unsigned(1).unwrap_or_else(|error| {
        add(format!("size: {error}"));
        entries
    });
    if size > entries {
        add(format!(
            "size is {size}, but the last entry is {}",
            last.map_or("none".to_owned(), |last| last.to_string())
        ));
    }
    let head = HeadRow {
        origin: row.text(0).unwrap_or_default().to_owned(),
        size,
        walk: size.min(entries.saturating_add(MISSING_MAX)),
        root: row.bytes(2).ok().and_then(Hash::from_slice),
        edge: row
            .bytes(3)
            .ok()
            .and_then(|bytes| RightEdge::from_bytes(size, bytes).ok()),
        at: row.time(4).ok(),
        checkpoint: row.text(5).unwrap_or_default().to_owned(),
    };
    match Checkpoint::open(&head.checkpoint, key) {
        Err(error) => add(format!("checkpoint: {error}")),
        Ok(checkpoint) => {
            if checkpoint.origin != head.origin {
                add(format!(
                    "origin is {:?}, the checkpoint says {:?}",
                    head.origin, checkpoint.origin
                ));
            }
            if checkpoint.size != head.size {
                add(format!(
                    "size is {}, the checkpoint says {}",
                    head.size, checkpoint.size
                ));
            }
            if Some(checkpoint.root) != head.root {
                add("root is not the one that the checkpoint signs".to_owned());
            }
        }
    }
    match &head.edge {
        None => add("edge does not fit the size".to_owned()),
        Some(edge) if Some(edge.root()) != head.root => add("edge does not give the root".to_owned()),
        Some(_) => {}
    }
    Ok(head)
}

/// Compares what the entries give with the head row and the stored subtrees.
pub(crate) async fn compare(
    conn: &mut Conn,
    head: &HeadRow,
    walked: &Walked,
    findings: &mut Findings,
) -> Result<(), Error> {
    compare_root(head, walked, findings);
    beyond(conn, head.size, findings).await?;
    subtrees(conn, head.size, walked, findings).await
}

/// Compares root and time.
pub fn compare_root(head: &HeadRow, walked: &Walked, findings: &mut Findings) {
    let last = if walked.checked == 0 {
        Some(Timestamp::EPOCH)
    } else {
        walked.last_at
    };
    if head.at != last {
        findings.add(Finding::new("log_head", "at is not the time of the last entry"));
    }
    if head.root != Some(walked.edge.root()) {
        findings.add(Finding::new(
            "log_head",
            "the entries do not give the root of the head row",
        ));
        if let Some(edge) = &head.edge {
            for ((node, stored), (_, computed)) in edge.nodes().zip(walked.edge.nodes()) {
                if stored != computed {
                    let from = node.index << node.height;
                    let to = ((node.index + 1) << node.height) - 1;
                    let what = format!("entries {from} to {to} are not those that the log committed to");
                    findings.add(Finding::new("entries", what).entry(from));
                }
            }
        }
    }
}

/// Names entries that stand beyond the head.
async fn beyond(conn: &mut Conn, size: u64, findings: &mut Findings) -> Result<(), Error> {
    for row in store::checks::beyond(conn, size).await? {
        let index = row.int(0)?;
        let what = format!("entry {index} was added by hand: the log has {size} entries, counted from 0");
        let mut finding = Finding::new("entries", what);
        finding.id = row.uuid(1).ok().map(|id| id.to_string());
        finding.entry = u64::try_from(index).ok();
        findings.add(finding);
    }
    Ok(())
}

/// Compares the stored subtrees above 256 entries, and names rows that should not be there.
async fn subtrees(conn: &mut Conn, size: u64, walked: &Walked, findings: &mut Findings) -> Result<(), Error> {
    for (node, hash) in &walked.upper {
        let stored = store::head::stored_subtrees(conn, node.height, node.index, node.index + 1).await?;
        let id = format!("{}/{}", node.height, node.index);
        match stored.first() {
            Some((_, Some(stored))) if stored == hash => {}
            Some(_) => {
                findings
                    .add(Finding::new("subtrees", "the hash is not the one that the entries give").id(id));
            }
            None => findings.add(Finding::new("subtrees", "the hash is missing").id(id)),
        }
    }
    for row in store::checks::subtree_levels(conn).await? {
        let (height, last, count) = (row.int(0)?, row.int(1)?, row.int(2)?);
        let stored = |height: &u32| *height > 0 && height.is_multiple_of(8);
        let height_bits = u32::try_from(height).ok().filter(stored);
        let expected = store::head::int(height_bits.and_then(|bits| size.checked_shr(bits)).unwrap_or(0));
        if count != expected || last != expected - 1 {
            let what = format!(
                "there are {count} hashes of height {height}, the last at {last}; a log of {size} entries has {expected}"
            );
            findings.add(Finding::new("subtrees", what).id(format!("{height}/{last}")));
        }
    }
    Ok(())
}
