//! Copying the WAL into the database file, beside the Writer rather than inside its commits.
//!
//! A passive checkpoint copies what is committed while the Writer goes on appending; under constant load it never
//! catches up, so once the WAL is long the little that is left is copied under the write lock, and the next commit
//! begins the WAL anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::SqliteConn;
use crate::error::Error;

/// WAL length, in frames of one page, beyond which it is begun anew: 64 MiB of pages.
pub const FRAMES_MAX: i64 = 16_000;

/// Frames that may be left to copy when the WAL is begun anew: some milliseconds.
const FRAMES_LEFT: i64 = 400;

/// How often what came in meanwhile is copied first.
const ROUNDS_MAX: u32 = 4;

/// Nothing was erased or pruned.
const NOTHING: i64 = -1;

/// The newest entry that erased or pruned.
const NEWEST: &str = "SELECT coalesce(max(entry), -1) FROM (SELECT max(entry) AS entry FROM erasures \
                      UNION ALL SELECT max(entry) FROM prunings)";

/// How long beginning anew waits for readers and the Writer before it is put off.
const PATIENCE: Duration = Duration::from_millis(20);

/// Checkpoints one database file. Opens it at first use.
pub struct Checkpointer {
    path: PathBuf,
    conn: Option<SqliteConn>,
    /// The entry of the newest erasure or pruning of which the WAL has no trace; none known.
    erased: i64,
}

impl Checkpointer {
    /// A checkpointer of the file.
    pub fn new(path: &Path) -> Checkpointer {
        Checkpointer {
            path: path.to_owned(),
            conn: None,
            erased: NOTHING,
        }
    }

    fn conn(&mut self) -> Result<&mut SqliteConn, Error> {
        self.conn.take_if(SqliteConn::is_displaced);
        match &mut self.conn {
            Some(conn) => Ok(conn),
            none => Ok(none.insert(open(&self.path)?)),
        }
    }

    /// Copies all that is committed, and empties the WAL: the file alone is the database then. It stays where others read or
    /// write. Whether it is empty. Blocks the thread.
    pub fn empty(&mut self) -> Result<bool, Error> {
        Ok(!pragma(self.conn()?, "PRAGMA wal_checkpoint(TRUNCATE)")?.busy)
    }

    /// Copies what is committed; begins the WAL anew when it is long, and empties it where something was erased or pruned: what
    /// was written before stands in it until then. Whether nothing is left to do. Blocks the thread.
    pub fn run(&mut self) -> Result<bool, Error> {
        let known = self.erased;
        let conn = self.conn()?;
        let mut wal = pragma(conn, "PRAGMA wal_checkpoint(PASSIVE)")?;
        let newest = conn.all(NEWEST, &[])?;
        let newest = newest.first().map_or(Ok(NOTHING), |row| row.int(0))?;
        let erased = newest != known;
        if !erased && wal.frames <= FRAMES_MAX {
            return Ok(true);
        }
        // What came in meanwhile is copied first, so that little is left to copy under the write lock.
        for _ in 0..ROUNDS_MAX {
            if wal.left() <= FRAMES_LEFT {
                break;
            }
            wal = pragma(conn, "PRAGMA wal_checkpoint(PASSIVE)")?;
        }
        if !erased {
            pragma(conn, "PRAGMA wal_checkpoint(RESTART)")?;
            return Ok(true);
        }
        let emptied = self.empty()?;
        if emptied {
            self.erased = newest;
        }
        Ok(emptied)
    }
}

/// A connection that only checkpoints: a small cache will do, and it must not wait for long.
fn open(path: &Path) -> Result<SqliteConn, Error> {
    let mut conn = super::open(path, false, true)?;
    conn.batch("PRAGMA cache_size = -512")?;
    conn.conn.busy_timeout(PATIENCE)?;
    Ok(conn)
}

/// The WAL after a checkpoint.
struct Wal {
    /// Whether others were in the way.
    busy: bool,
    frames: i64,
    copied: i64,
}

impl Wal {
    fn left(&self) -> i64 {
        self.frames - self.copied
    }
}

fn pragma(conn: &mut SqliteConn, sql: &str) -> Result<Wal, Error> {
    let rows = conn.all(sql, &[])?;
    match rows.first() {
        Some(row) => Ok(Wal {
            busy: row.int(0)? != 0,
            frames: row.int(1)?,
            copied: row.int(2)?,
        }),
        None => Ok(Wal {
            busy: false,
            frames: 0,
            copied: 0,
        }),
    }
}
