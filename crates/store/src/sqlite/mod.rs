//! What is particular to SQLite: opening, values, key look-ups, bulk writes.

pub mod bulk;
pub mod checkpoint;
pub(crate) mod place;
pub(crate) mod side;
mod walk;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::record::Val;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};
use uuid::Uuid;

use crate::buckets::Buckets;
use crate::echo::Echo;
use crate::error::{Error, ErrorKind};
use crate::row::Row;

/// How long a statement waits for another process's write lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// After how many WAL pages a commit checkpoints by itself: only where no [`checkpoint::Checkpointer`] keeps up, since
/// such a commit takes long.
const CHECKPOINT_PAGES: u32 = 60_000;

/// A SQLite connection.
pub struct SqliteConn {
    conn: Connection,
    opened: Instant,
    /// Whether blocking the calling thread is fine (the Writer's own thread); otherwise tokio is told.
    inline: bool,
    path: PathBuf,
    file: Option<FileId>,
    wal_path: PathBuf,
    /// The WAL, once it is there.
    wal: Option<FileId>,
    /// What the library said when it was last asked whether somebody else wrote.
    data_version: Option<i64>,
}

/// Which file it is, whatever its name: device and inode.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere the system does not let an open file be replaced.
#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}

/// Opens the database file, which must exist unless `create`.
pub fn open(path: &Path, create: bool, inline: bool) -> Result<SqliteConn, Error> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    // Before it is opened and not after: a file that comes between is then another one.
    let before = file_id(path);
    let conn = Connection::open_with_flags(path, flags).map_err(|error| {
        Error::new(
            ErrorKind::Other,
            format!("cannot open {}: {error}", PathBuf::from(path).display()),
        )
    })?;
    // A new file is there only now.
    let file = before.or_else(|| file_id(path));
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(64);
    // A statement's plan is made once. Otherwise it would be made anew with every other value of a parameter in a range,
    // which takes longer than most statements, and what a question costs would depend on the values in it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    into_wal(&conn)?;
    // Readers are many: together they may take no more than the Writer. No mmap: every connection maps the file for
    // itself, and a process with thirty of them would count as many times the size of the log.
    let cache_kib = if inline { 32_768 } else { 2_048 };
    // `secure_delete`: what is erased is overwritten in the file, and not merely left out of it.
    conn.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -{cache_kib};
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
         PRAGMA journal_size_limit = 67108864; PRAGMA mmap_size = 0;"
    ))?;
    let mut wal_path = path.to_owned().into_os_string();
    wal_path.push("-wal");
    let wal_path = PathBuf::from(wal_path);
    Ok(SqliteConn {
        conn,
        opened: Instant::now(),
        inline,
        path: path.to_owned(),
        file,
        wal: file_id(&wal_path),
        data_version: None,
        wal_path,
    })
}

/// Puts the file into WAL mode. Of those who set it up at the same moment all but one are told at once that it is locked, lest
/// each waits for the other; they ask again.
fn into_wal(conn: &Connection) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        // It answers with a row, so it goes by itself.
        let Err(error) = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))
        else {
            return Ok(());
        };
        let error = Error::from(error);
        if error.kind != ErrorKind::Retry || began.elapsed() >= BUSY_TIMEOUT {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How often a side table's write asks for the write lock, a millisecond apart.
const SIDE_TRIES: i32 = 2_000;

/// Opens the file for the side tables: small transactions that nobody waits for.
///
/// The library's own waiting asks ever more rarely, up to ten times a second, and would hardly ever find the moment
/// between two commits of a busy Writer.
pub(crate) fn open_side(path: &Path) -> Result<SqliteConn, Error> {
    let mut side = open(path, false, false)?;
    // In WAL mode a commit that is not flushed may be lost with the machine, but damages nothing.
    side.conn
        .execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000")?;
    side.conn.busy_handler(Some(|tries| {
        std::thread::sleep(Duration::from_millis(1));
        tries < SIDE_TRIES
    }))?;
    Ok(side)
}

/// The library's version.
pub fn version() -> String {
    format!("SQLite {}", rusqlite::version())
}

/// Borrows a [`Val`] as a bound parameter.
struct Bound<'a>(&'a Val);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Val::Null => ToSqlOutput::Owned(Value::Null),
            Val::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Val::Bool(truth) => ToSqlOutput::Owned(Value::Integer(i64::from(*truth))),
            Val::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Val::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Val::Uuid(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Val::Time(time) => ToSqlOutput::Owned(Value::Integer(time.micros())),
            Val::Amount(amount) => ToSqlOutput::Owned(Value::Text(amount.to_string())),
        })
    }
}

fn value(value: ValueRef<'_>) -> Result<Val, Error> {
    Ok(match value {
        ValueRef::Null => Val::Null,
        ValueRef::Integer(number) => Val::Int(number),
        ValueRef::Real(number) => return Err(Error::data(format!("a stored value is the float {number}"))),
        // A text that is not UTF-8 stays bytes, which no getter of a text takes: the error then names the column,
        // and verification the row.
        ValueRef::Text(text) => {
            String::from_utf8(text.to_vec()).map_or_else(|error| Val::Bytes(error.into_bytes()), Val::Text)
        }
        ValueRef::Blob(bytes) => Val::Bytes(bytes.to_vec()),
    })
}

/// `$1` becomes `?1`: SQLite reads `$1` as a name and numbers it by first appearance.
fn translate(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(if c == '$' && chars.peek().is_some_and(char::is_ascii_digit) {
            '?'
        } else {
            c
        });
    }
    out
}

impl SqliteConn {
    /// Whether another file, or none, is where this one or its WAL was: the WAL stays as long as a connection is open.
    pub(crate) fn is_displaced(&mut self) -> bool {
        let wal = file_id(&self.wal_path);
        self.wal = self.wal.or(wal);
        self.file != file_id(&self.path) || self.wal != wal
    }

    /// The only way to the library's connection; blocks the thread. What is done is named by its statement, and gives
    /// with its result the number of rows that it read or wrote.
    pub(crate) fn run<T>(
        &mut self,
        sql: &str,
        work: impl FnOnce(&mut Connection) -> Result<(T, u64), Error>,
    ) -> Result<T, Error> {
        let echo = Echo::start();
        let done = if self.inline {
            work(&mut self.conn)
        } else {
            tokio::task::block_in_place(|| work(&mut self.conn))
        };
        echo.end(sql, done.as_ref().ok().map(|(_, rows)| *rows));
        done.map(|(result, _)| result).map_err(|error| error.at(sql))
    }

    /// Whether another connection, of this process or not, has written since this was last asked. Within a transaction the
    /// answer stands until it ends.
    pub(crate) fn is_disturbed(&mut self) -> Result<bool, Error> {
        let sql = "PRAGMA data_version";
        let version = self.run(sql, |conn| {
            let version = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            Ok((version, 1))
        })?;
        Ok(self.data_version.replace(version) != Some(version))
    }

    /// Whether a transaction is open.
    pub(crate) fn has_begun(&self) -> bool {
        !self.conn.is_autocommit()
    }

    pub(crate) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    pub(crate) fn all(&mut self, sql: &str, args: &[Val]) -> Result<Vec<Row>, Error> {
        self.run(sql, |conn| Ok(counted(collect(conn, &translate(sql), args)?)))
    }

    /// Gives each row as it comes, so that no two of them are there at once.
    pub(crate) fn each(
        &mut self,
        sql: &str,
        args: &[Val],
        mut take: impl FnMut(Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.run(sql, |conn| {
            let mut count = 0;
            let counted = |row| {
                count += 1;
                take(row)
            };
            ask(&mut *conn.prepare_cached(&translate(sql))?, args, counted)?;
            Ok(((), count))
        })
    }

    /// Two statements, without letting go of the thread in between.
    pub(crate) fn both(&mut self, [one, two]: [(&str, &[Val]); 2]) -> Result<[Vec<Row>; 2], Error> {
        let inline = std::mem::replace(&mut self.inline, true);
        let mut both = || Ok([self.all(one.0, one.1)?, self.all(two.0, two.1)?]);
        let rows = if inline {
            both()
        } else {
            tokio::task::block_in_place(both)
        };
        self.inline = inline;
        rows
    }

    pub(crate) fn exec(&mut self, sql: &str, args: &[Val]) -> Result<u64, Error> {
        self.run(sql, |conn| {
            let changed = conn
                .prepare_cached(&translate(sql))?
                .execute(params_from_iter(args.iter().map(Bound)))?;
            Ok((changed as u64, changed as u64))
        })
    }

    pub(crate) fn keyed(&mut self, select: &str, keys: &[Val], more: &[Val]) -> Result<Vec<Row>, Error> {
        let sql = crate::lock::compared(select, "= $1");
        self.run(&sql, |conn| {
            let sql = translate(&sql);
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = Vec::with_capacity(keys.len());
            for key in keys {
                ask(&mut statement, std::iter::once(key).chain(more), into(&mut rows))?;
            }
            Ok(counted(rows))
        })
    }

    /// Rows of one bucket after the other, until there are enough. A statement that finds where to begin goes before.
    pub(crate) fn by_bucket(
        &mut self,
        select: &str,
        args: &[Val],
        buckets: &Buckets,
        limit: u32,
    ) -> Result<Vec<Row>, Error> {
        let sql = select.replace("[bucket]", &format!("= ${}", args.len() + 1));
        self.run(&sql, |conn| {
            let begin = collect(conn, &translate(&buckets.begin_from(1)), &buckets.values)?;
            let mut found = Vec::new();
            let Some(mut bucket) = begin.first().and_then(Buckets::of) else {
                return Ok(counted(found));
            };
            let mut statement = conn.prepare_cached(&translate(&sql))?;
            while found.len() < limit as usize && buckets.holds(bucket) {
                let number = Val::Int(bucket);
                ask(&mut statement, args.iter().chain([&number]), into(&mut found))?;
                bucket += buckets.step();
            }
            Ok(counted(found))
        })
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.run(sql, |conn| {
            conn.execute_batch(sql)?;
            Ok(((), 0))
        })
    }

    /// Keeps few pages: for one who reads each of them once, in their order. What was read stays in the processor's own memory then,
    /// until it is looked at.
    pub(crate) fn keep_few_pages(&mut self) -> Result<(), Error> {
        self.batch("PRAGMA cache_size = -512")
    }

    pub(crate) fn rollback(&mut self) -> Result<(), Error> {
        if self.conn.is_autocommit() {
            return Ok(());
        }
        self.batch("ROLLBACK")
    }
}

/// Rows, and how many there are.
fn counted(rows: Vec<Row>) -> (Vec<Row>, u64) {
    let count = rows.len() as u64;
    (rows, count)
}

fn collect(conn: &Connection, sql: &str, args: &[Val]) -> Result<Vec<Row>, Error> {
    let mut collected = Vec::new();
    ask(&mut *conn.prepare_cached(sql)?, args, into(&mut collected))?;
    Ok(collected)
}

/// Adds rows to others.
fn into(rows: &mut Vec<Row>) -> impl FnMut(Row) -> Result<(), Error> {
    |row| {
        rows.push(row);
        Ok(())
    }
}

/// Runs a statement once, and gives each of its rows.
fn ask<'a>(
    statement: &mut rusqlite::Statement<'_>,
    args: impl IntoIterator<Item = &'a Val>,
    mut take: impl FnMut(Row) -> Result<(), Error>,
) -> Result<(), Error> {
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(args.into_iter().map(Bound)))?;
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns);
        for position in 0..columns {
            values.push(value(row.get_ref(position)?)?);
        }
        take(Row(values))?;
    }
    Ok(())
}

/// A UUID from a stored blob.
pub(crate) fn uuid(bytes: &[u8]) -> Result<Uuid, Error> {
    Uuid::from_slice(bytes).map_err(|_| Error::data("a stored UUID is not 16 bytes"))
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn parameters_are_numbered() {
        assert_eq!(
            translate("SELECT $2, $1 || '$' || $10"),
            "SELECT ?2, ?1 || '$' || ?10"
        );
    }
}
