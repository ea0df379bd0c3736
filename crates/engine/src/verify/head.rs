//! Checking the head row and the stored subtrees against the entries.

use evidence::time::Timestamp;
use store::Conn;
use tlog::{Checkpoint, Hash, RightEdge, VerifierKey};

use super::collect::Walked;
use super::{Finding, Findings};
use crate::error::Error;

/// The head row as stored, whatever it says.
pub(crate) struct HeadRow {
    pub origin: String,
    pub size: u64,
    root: Option<Hash>,
    pub edge: Option<RightEdge>,
    at: Option<Timestamp>,
}

/// Reads the head row and checks it against its own checkpoint.
pub(crate) async fn read(conn: &mut Conn, key: &VerifierKey, findings: &mut Findings) -> Result<HeadRow, Error> {
    let rows = conn.all("SELECT origin, size, root, edge, at, checkpoint, id FROM log_head", &[]).await?;
    let Some(row) = rows.first() else {
        findings.add(Finding::new("log_head", "the head row is missing"));
        let size = conn.opt("SELECT count(*) FROM entries", &[]).await?.map_or(Ok(0), |row| row.unsigned(0))?;
        return Ok(HeadRow { origin: String::new(), size, root: None, edge: None, at: None });
    };
    let size = row.unsigned(1)?;
    let head = HeadRow {
        origin: row.text(0)?.to_owned(),
        size,
        root: Hash::from_slice(row.bytes(2)?),
        edge: RightEdge::from_bytes(size, row.bytes(3)?).ok(),
        at: row.time(4).ok(),
    };
    let mut add = |what: String| findings.add(Finding::new("log_head", what));
    match Checkpoint::open(row.text(5)?, key) {
        Err(error) => add(format!("checkpoint: {error}")),
        Ok(checkpoint) => {
            if checkpoint.origin != head.origin {
                add(format!("origin is {:?}, the checkpoint says {:?}", head.origin, checkpoint.origin));
            }
            if checkpoint.size != head.size {
                add(format!("size is {}, the checkpoint says {}", head.size, checkpoint.size));
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
    let last = if walked.checked == 0 { Some(Timestamp::EPOCH) } else { walked.last_at };
    if head.at != last {
        findings.add(Finding::new("log_head", "at is not the time of the last entry"));
    }
    if head.root != Some(walked.edge.root()) {
        findings.add(Finding::new("log_head", "the entries do not give the root of the head row"));
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
    beyond(conn, head.size, findings).await?;
    subtrees(conn, head.size, walked, findings).await
}

/// Names entries that stand beyond the head.
async fn beyond(conn: &mut Conn, size: u64, findings: &mut Findings) -> Result<(), Error> {
    let sql = "SELECT entry, id FROM entries WHERE entry >= $1 ORDER BY entry LIMIT 100";
    for row in conn.all(sql, &[store::head::int(size).into()]).await? {
        let finding = Finding::new("entries", format!("the entry was added by hand: the log has {size} entries"));
        findings.add(finding.id(row.uuid(1)?).entry(row.unsigned(0)?));
    }
    Ok(())
}

/// Compares the stored subtrees above 256 entries, and names rows that should not be there.
async fn subtrees(conn: &mut Conn, size: u64, walked: &Walked, findings: &mut Findings) -> Result<(), Error> {
    for (node, hash) in &walked.upper {
        let stored = store::head::subtrees(conn, node.height, node.index, node.index + 1).await?;
        let id = format!("{}/{}", node.height, node.index);
        match stored.first() {
            Some((_, stored)) if stored == hash => {}
            Some(_) => findings.add(Finding::new("subtrees", "the hash is not the one that the entries give").id(id)),
            None => findings.add(Finding::new("subtrees", "the hash is missing").id(id)),
        }
    }
    for row in conn.all("SELECT height, max(position), count(*) FROM subtrees GROUP BY height ORDER BY height", &[]).await? {
        let (height, last, count) = (row.unsigned(0)?, row.unsigned(1)?, row.unsigned(2)?);
        let expected = u32::try_from(height).ok().and_then(|height| size.checked_shr(height)).unwrap_or(0);
        if count != expected || last + 1 != expected {
            let what = format!("there are {count} hashes of height {height}, the last at {last}; a log of {size} entries has {expected}");
            findings.add(Finding::new("subtrees", what).id(format!("{height}/{last}")));
        }
    }
    Ok(())
}
