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

/// How long beginning anew waits for readers and the Writer before it is put off.
const PATIENCE: Duration = Duration::from_millis(20);

/// Checkpoints one database file. Opens it at first use.
pub struct Checkpointer {
    path: PathBuf,
    conn: Option<SqliteConn>,
}

impl Checkpointer {
    /// A checkpointer of the file.
    pub fn new(path: &Path) -> Checkpointer {
        Checkpointer {
            path: path.to_owned(),
            conn: None,
        }
    }

    /// Copies what is committed; begins the WAL anew when it is long. Gives the length of the WAL in frames. Blocks the thread.
    pub fn run(&mut self) -> Result<i64, Error> {
        self.conn.take_if(SqliteConn::is_displaced);
        let conn = if let Some(conn) = &mut self.conn {
            conn
        } else {
            self.conn.insert(open(&self.path)?)
        };
        let mut wal = pragma(conn, "PRAGMA wal_checkpoint(PASSIVE)")?;
        if wal.frames <= FRAMES_MAX {
            return Ok(wal.frames);
        }
        // What came in meanwhile is copied first, so that little is left to copy under the write lock.
        for _ in 0..ROUNDS_MAX {
            if wal.left() <= FRAMES_LEFT {
                break;
            }
            wal = pragma(conn, "PRAGMA wal_checkpoint(PASSIVE)")?;
        }
        Ok(pragma(conn, "PRAGMA wal_checkpoint(RESTART)")?.frames)
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
            frames: row.int(1)?,
            copied: row.int(2)?,
        }),
        None => Ok(Wal { frames: 0, copied: 0 }),
    }
}
