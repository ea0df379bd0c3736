//! Whether a head continues a log: signed by its key, and an extension of the head that was known.

use domain::audit::EntryFilter;
use domain::identity::Permission;
use evidence::commitment;
use evidence::leaf::Leaf;
use evidence::payload::Payload;
use store::query::{Order, Page};
use store::{Conn, Head, StoredEntry};
use tlog::{Checkpoint, Hash, Plan, RightEdge, VerifierKey};

use super::{Breach, Fault};
use crate::error::Error;

/// Up to so many new entries are appended to the known edge again; beyond it a consistency proof takes fewer reads.
const REPLAYED_MAX: u64 = 1_024;

/// Verb of the entry that says that an older copy was put back on purpose.
const ACKNOWLEDGED: &str = "log.acknowledge_restore";

/// Whether the log may be continued from `found`: none when it may.
pub(crate) async fn continues(
    conn: &mut Conn,
    known: &Head,
    found: &Head,
    key: &VerifierKey,
) -> Result<Option<Breach>, store::Error> {
    match compare(conn, known, found, key).await {
        // What does not even read was not written by us.
        Err(error) if error.kind.is_data() => Ok(Some((Fault::Tampered, error.message))),
        compared => compared,
    }
}

async fn compare(
    conn: &mut Conn,
    known: &Head,
    found: &Head,
    key: &VerifierKey,
) -> Result<Option<Breach>, store::Error> {
    if let Err(reason) = signed(found, key) {
        return Ok(Some((Fault::Tampered, reason)));
    }
    if found.origin != known.origin {
        let reason = format!("the log is {}, this process knows {}", found.origin, known.origin);
        return Ok(Some((Fault::Tampered, reason)));
    }
    let (size, newer) = (known.edge.size(), found.edge.size());
    let extended = if newer >= size && newer - size <= REPLAYED_MAX {
        replayed(conn, &known.edge, &found.edge).await?
    } else {
        proven(conn, size, &known.edge.root(), &found.edge).await?
    };
    if let Err(reason) = extended {
        return Ok(Some((Fault::RolledBack, reason)));
    }
    Ok(timed(conn, found)
        .await?
        .err()
        .map(|reason| (Fault::Tampered, reason)))
}

/// Whether the key has signed a checkpoint for exactly the head's origin, size and root.
pub(crate) fn signed(head: &Head, key: &VerifierKey) -> Result<(), String> {
    let checkpoint = Checkpoint::open(&head.checkpoint, key)
        .map_err(|error| format!("the log's checkpoint is not signed by this key: {error}"))?;
    if checkpoint.size == head.edge.size()
        && checkpoint.root == head.edge.root()
        && checkpoint.origin == head.origin
    {
        Ok(())
    } else {
        Err("the head row is not the one that its checkpoint signs".to_owned())
    }
}

/// Whether the time of the head, which is not signed, is that of the newest entry, which is.
pub(crate) async fn timed(conn: &mut Conn, head: &Head) -> Result<Result<(), String>, store::Error> {
    let Some(last) = head.edge.size().checked_sub(1) else {
        return Ok(Ok(()));
    };
    let leaf = store::entries::leaf(conn, last).await?;
    let leaf = leaf.as_deref().and_then(|leaf| Leaf::parse_lenient(leaf).ok());
    Ok(match leaf {
        None => Err(format!("entry {last}, the newest, is missing or does not read")),
        Some(leaf) if leaf.at != head.at => Err(format!(
            "the head row's time is {}, that of entry {last}, the newest, is {}",
            head.at, leaf.at
        )),
        Some(_) => Ok(()),
    })
}

/// Appends what is new to the known edge: it must give the edge that was found.
async fn replayed(
    conn: &mut Conn,
    known: &RightEdge,
    found: &RightEdge,
) -> Result<Result<(), String>, store::Error> {
    let mut edge = known.clone();
    for (_, leaf) in store::head::leaf_hashes(conn, known.size(), found.size()).await? {
        edge.push(leaf);
    }
    Ok(if edge == *found {
        Ok(())
    } else {
        Err(other_entries(known.size()))
    })
}

fn other_entries(size: u64) -> String {
    format!("the first {size} entries are not those that are remembered")
}

/// The same by a consistency proof (RFC 6962, section 2.1.2), made from what the database holds. A root is enough for it.
pub(crate) async fn proven(
    conn: &mut Conn,
    size: u64,
    root: &Hash,
    found: &RightEdge,
) -> Result<Result<(), String>, store::Error> {
    if size > found.size() {
        return Ok(Err(format!(
            "{size} entries are remembered, the database has {}",
            found.size()
        )));
    }
    let Ok(plan) = Plan::consistency(size, found.size()) else {
        return Ok(Err(other_entries(size)));
    };
    let Some(proof) = hashes(conn, &plan).await? else {
        return Ok(Err(other_entries(size)));
    };
    let checked = tlog::verify_consistency(size, found.size(), root, &found.root(), &proof);
    Ok(checked.map_err(|_| other_entries(size)))
}

/// The hashes of a proof; none where the database does not hold them any more.
async fn hashes(conn: &mut Conn, plan: &Plan) -> Result<Option<Vec<Hash>>, store::Error> {
    let hashes = match store::head::nodes(conn, &plan.nodes()).await {
        Ok(hashes) => hashes,
        Err(error) if error.kind.is_data() => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(plan.resolve(|node| hashes.get(&node).copied()).ok())
}

/// How many of the newest acknowledgements are looked at.
const ACKNOWLEDGEMENTS: u32 = 16;

/// Whether the log itself says that what is known was given up on purpose: an acknowledgement that names exactly the
/// checkpoint that is known, or one that is later than its newest entry, made by somebody who may.
///
/// The entry must be in the tree of the head, whose root is signed: without the log's key nobody can add it, and a copy of
/// the log from before cannot hold it. What allowed it stands in the leaf, where the program that wrote it put it: an event
/// that calls itself so from outside has another authority.
pub(crate) async fn acknowledged(conn: &mut Conn, head: &Head, known: &Head) -> Result<bool, Error> {
    acknowledges(conn, head, |entry, leaf| {
        // The clock may have been ahead when the newest entry was written, which is why the log was put back: then what
        // the acknowledgement says counts, and not when.
        leaf.at > known.at || remembered(entry, leaf).is_some_and(|text| text == known.checkpoint)
    })
    .await
}

/// The same, where only a checkpoint is known: an acknowledgement must name exactly that one.
pub(crate) async fn given_up(conn: &mut Conn, head: &Head, checkpoint: &str) -> Result<bool, Error> {
    acknowledges(conn, head, |entry, leaf| {
        remembered(entry, leaf).is_some_and(|text| text == checkpoint)
    })
    .await
}

async fn acknowledges(
    conn: &mut Conn,
    head: &Head,
    fits: impl Fn(&StoredEntry, &Leaf<'_>) -> bool,
) -> Result<bool, Error> {
    let filter = EntryFilter {
        action: Some(ACKNOWLEDGED.to_owned()),
        ..EntryFilter::default()
    };
    let newest = Page {
        order: Order::Descending,
        after: None,
        limit: ACKNOWLEDGEMENTS,
    };
    let size = head.edge.size();
    for entry in store::query::page(conn, &filter, newest, size).await? {
        if gives_up(&entry, &fits) && included(conn, &entry, head).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn gives_up(entry: &StoredEntry, fits: impl Fn(&StoredEntry, &Leaf<'_>) -> bool) -> bool {
    let Ok(leaf) = Leaf::parse_lenient(&entry.leaf) else {
        return false;
    };
    let permitted = format!(" {}", Permission::LogRestore.as_str());
    leaf.action == ACKNOWLEDGED && leaf.authority.ends_with(&permitted) && fits(entry, &leaf)
}

/// The checkpoint that an acknowledgement gives up, where its payload is there and the one that the leaf commits to.
fn remembered(entry: &StoredEntry, leaf: &Leaf<'_>) -> Option<String> {
    let (salt, text) = (entry.salt.as_ref()?, entry.payload.as_deref()?);
    if commitment::commit(salt, text.as_bytes()) != leaf.payload {
        return None;
    }
    let details = Payload::parse(text).ok()?.details?;
    details
        .0
        .get("remembered_checkpoint")?
        .as_str()
        .map(str::to_owned)
}

async fn included(conn: &mut Conn, entry: &StoredEntry, head: &Head) -> Result<bool, Error> {
    let size = head.edge.size();
    let Ok(plan) = Plan::inclusion(entry.entry, size) else {
        return Ok(false);
    };
    let Some(path) = hashes(conn, &plan).await? else {
        return Ok(false);
    };
    let leaf = Hash::leaf(entry.leaf.as_bytes());
    Ok(tlog::verify_inclusion(entry.entry, size, &leaf, &path, &head.edge.root()).is_ok())
}
