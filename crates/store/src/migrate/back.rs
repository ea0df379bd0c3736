//! The way back: the last migration is undone, unless that would lose what the log's seals are over.

use domain::tables::SEALED;

use super::{MIGRATIONS, Migration, state, statements};
use crate::conn::Conn;
use crate::error::{Error, ErrorKind};

/// What came of undoing a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolledBack {
    /// This one is undone.
    Done(i64, &'static str),
    /// Nothing is undone: rows hold what would go, and their seals are over it.
    WouldLose {
        /// The table, or the column with its table.
        what: String,
        /// In how many rows.
        rows: u64,
    },
    /// There is no way back from this one.
    NoWay(i64, &'static str),
}

/// Undoes the last migration, in one transaction.
pub async fn roll_back(conn: &mut Conn) -> Result<RolledBack, Error> {
    let applied = state(conn).await?.applied;
    let last = MIGRATIONS.iter().find(|migration| migration.version == applied);
    let Some(last) = last else {
        return Err(Error::new(ErrorKind::Data, "no migration was applied"));
    };
    let Some(text) = last.back else {
        return Ok(RolledBack::NoWay(last.version, last.name));
    };
    conn.begin().await?;
    let undone = undo(conn, last, text).await;
    match undone {
        Ok(RolledBack::Done(..)) => conn.commit().await?,
        _ => conn.rollback().await?,
    }
    undone
}

async fn undo(conn: &mut Conn, migration: &Migration, text: &str) -> Result<RolledBack, Error> {
    for statement in statements(text) {
        let Some(statement) = of_engine(conn, statement) else {
            continue;
        };
        if let Some((what, rows)) = lost(conn, statement).await? {
            return Ok(RolledBack::WouldLose { what, rows });
        }
        conn.batch(statement).await?;
    }
    let sql = "DELETE FROM schema_migrations WHERE version = $1";
    conn.exec(sql, &[migration.version.into()]).await?;
    Ok(RolledBack::Done(migration.version, migration.name))
}

/// The statement, unless it is for the other engine alone.
fn of_engine<'a>(conn: &Conn, statement: &'a str) -> Option<&'a str> {
    let (mine, other) = match conn {
        Conn::Sqlite(_) => ("-- sqlite\n", "-- postgres\n"),
        Conn::Pg(_) => ("-- postgres\n", "-- sqlite\n"),
    };
    let is_other = statement.starts_with(other);
    (!is_other).then(|| statement.strip_prefix(mine).unwrap_or(statement))
}

/// What a statement would take from rows that are sealed, and from how many.
async fn lost(conn: &mut Conn, statement: &str) -> Result<Option<(String, u64)>, Error> {
    let words: Vec<&str> = statement.trim_end_matches(';').split_whitespace().collect();
    let (table, column) = match words[..] {
        ["DROP", "TABLE", table] => (table, None),
        ["ALTER", "TABLE", table, "DROP", "COLUMN", column] => (table, Some(column)),
        _ => return Ok(None),
    };
    if !SEALED.iter().any(|sealed| sealed.name == table) {
        return Ok(None);
    }
    if let Conn::Pg(_) = conn {
        // Nobody writes one until this has ended.
        conn.batch(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            .await?;
    }
    let (what, holds) = match column {
        None => (table.to_owned(), String::new()),
        Some(column) => (
            format!("{table}.{column}"),
            format!(" WHERE {column} IS NOT NULL"),
        ),
    };
    let row = conn
        .opt(&format!("SELECT count(*) FROM {table}{holds}"), &[])
        .await?;
    let rows = row.map_or(Ok(0), |row| row.unsigned(0))?;
    Ok((rows > 0).then_some((what, rows)))
}
