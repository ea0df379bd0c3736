//! The rollback guard: a file beside the database that remembers the last checkpoint.
//!
//! Whoever puts back an older copy of the database puts back a log that is sound in itself. Only memory outside
//! the database can tell. The file is refreshed about once a second, always with a checkpoint that is already
//! committed, so after a crash it is behind the log and never ahead of it. What a process knows while it runs is in
//! [`crate::continuity`]; only what continues that is remembered here.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::Conn;
use tlog::{Checkpoint, RightEdge, VerifierKey};

use crate::continuity::{Fault, Halt, check};
use crate::error::Error;

/// Name of the guard's file in the data folder.
pub const FILE_NAME: &str = "log.guard";

/// Path of the guard's file.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE_NAME)
}

/// The signed checkpoint that the guard remembers, if any.
pub fn read(data_dir: &Path) -> Result<Option<String>, Error> {
    let path = path(data_dir);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::problem(
            format!("cannot read {}: {error}", path.display()),
            "check its permissions",
        )),
    }
}

/// Remembers a signed checkpoint: written aside, flushed, then put in place, so that a crash leaves the old or the new one.
pub fn write(data_dir: &Path, checkpoint: &str) -> std::io::Result<()> {
    /// Engines of one process write aside each for itself.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let aside = data_dir.join(format!("{FILE_NAME}.{}.{count}", std::process::id()));
    let written = fs::File::create(&aside).and_then(|mut file| {
        file.write_all(checkpoint.as_bytes())?;
        file.sync_data()?;
        fs::rename(&aside, path(data_dir))
    });
    if written.is_err() {
        // On a full disk the name alone may be there.
        let _ = fs::remove_file(&aside);
    }
    written
}

/// How the log stands to what the guard remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The log extends what is remembered, or nothing is remembered.
    Extends,
    /// It does not; the text says how.
    RolledBack(String),
}

/// Compares the log as the database has it with the remembered checkpoint.
pub async fn check(
    conn: &mut Conn,
    edge: &RightEdge,
    remembered: Option<&str>,
    key: &VerifierKey,
) -> Result<Verdict, Error> {
    let Some(remembered) = remembered else {
        return Ok(Verdict::Extends);
    };
    let old = match Checkpoint::open(remembered, key) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            return Ok(Verdict::RolledBack(format!(
                "the guard's file holds no checkpoint of this log: {error}"
            )));
        }
    };
    if old.size > edge.size() {
        let message = format!(
            "the guard remembers {} entries, the database has {}",
            old.size,
            edge.size()
        );
        return Ok(Verdict::RolledBack(message));
    }
    Ok(match check::proven(conn, old.size, &old.root, edge).await? {
        Ok(()) => Verdict::Extends,
        Err(reason) => Verdict::RolledBack(reason),
    })
}

/// The root of the log's first `size` entries, from stored hashes and at most 255 leaves.
pub async fn root_at(conn: &mut Conn, size: u64) -> Result<tlog::Hash, Error> {
    let nodes = RightEdge::nodes_of(size);
    let hashes = store::head::nodes(conn, &nodes).await?;
    let hashes = nodes
        .iter()
        .filter_map(|node| hashes.get(node).copied())
        .collect();
    let edge = RightEdge::from_hashes(size, hashes).map_err(|error| store::Error::data(error.to_string()))?;
    Ok(edge.root())
}

/// Why a log that was rolled back is not continued.
pub fn refusal(data_dir: &Path, reason: &str) -> Arc<Halt> {
    let reason = format!(
        "the log does not extend the one that {} remembers: {reason}",
        path(data_dir).display()
    );
    Halt::found_at_start(Fault::RolledBack, reason)
}
