//! Making a database of what another one held: first the tables, then the rows, then the indexes and references between
//! them, which take much less time when they are made at once.

use domain::record::{Table, Val};
use domain::tables::Stored;
use evidence::time::Timestamp;
use tlog::{Hash, Node};

use crate::conn::Conn;
use crate::db::{Db, Location, Settings};
use crate::entries::{self, EntryRow};
use crate::entry_row::columns_at;
use crate::error::Error;
use crate::head::{Head, int};
use crate::sealed_row::column_names;
use crate::side::Mark;
use crate::{migrate, pg, schema, sqlite};

/// What is taken away while rows are loaded, and how it is made again, in the order in which it must be made.
///
/// Triggers stay: there is none against adding rows. On SQLite references are part of their table, and checked at the end.
const TAKEN_ON_SQLITE: &str =
    "SELECT 'DROP INDEX ' || name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
const TAKEN_ON_POSTGRES: &str = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), \
     format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)), \
     CASE contype WHEN 'f' THEN 3 ELSE 1 END AS step \
     FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND contype IN ('p', 'u', 'f') \
     UNION ALL SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid), 2 \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = current_schema()::regnamespace \
     AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u')) \
     ORDER BY step";

/// Nobody reads a database that is being loaded, and where that ends half-way it is thrown away.
const ON_SQLITE: [&str; 4] = [
    "PRAGMA foreign_keys = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA journal_mode = OFF",
    // What is sorted for an index is not held in memory.
    "PRAGMA temp_store = FILE",
];
const ON_POSTGRES: &str = "SET synchronous_commit = off; SET enable_seqscan = on";

/// A database that is being made.
pub struct Loading {
    settings: Settings,
    conn: Conn,
    later: Vec<String>,
    /// The columns of entries.
    columns: &'static [&'static str],
}

impl Loading {
    /// Makes the tables as this version of the schema has them, in a place where there is nothing.
    pub async fn begin(settings: &Settings, version: i64, now: Timestamp) -> Result<Loading, Error> {
        let mut conn = match &settings.location {
            Location::Sqlite(path) => {
                let mut conn = sqlite::open(path, true, true)?;
                for sql in ON_SQLITE {
                    conn.all(sql, &[])?;
                }
                Conn::Sqlite(conn)
            }
            Location::Postgres(_) => {
                let mut conn = Db::new(settings.clone())?.patient_writer().await?;
                conn.batch(ON_POSTGRES).await?;
                conn
            }
        };
        migrate::migrate_to(&mut conn, version, now).await?;
        let taken = match &mut conn {
            Conn::Sqlite(conn) => conn.all(TAKEN_ON_SQLITE, &[])?,
            Conn::Pg(conn) => conn.all(TAKEN_ON_POSTGRES, &[]).await?,
        };
        let mut later = Vec::with_capacity(taken.len());
        for row in taken.iter().rev() {
            conn.batch(row.text(0)?).await?;
            later.push(row.text(1)?.to_owned());
        }
        later.reverse();
        if matches!(conn, Conn::Sqlite(_)) {
            conn.begin().await?;
        }
        Ok(Loading {
            settings: settings.clone(),
            conn,
            later,
            columns: columns_at(version),
        })
    }

    /// Adds entries, and the hashes of the subtrees that they complete.
    pub async fn entries(&mut self, rows: &[EntryRow], subtrees: &[(Node, Hash)]) -> Result<(), Error> {
        entries::append_with(&mut self.conn, self.columns, rows).await?;
        let subtree = |(node, hash): &(Node, Hash)| {
            vec![
                i64::from(node.height).into(),
                int(node.index).into(),
                hash.as_bytes().as_slice().into(),
            ]
        };
        let rows = subtrees.iter().map(subtree).collect();
        self.add("subtrees", &["height", "position", "hash"], rows).await
    }

    /// The columns of a table that this version of the schema has: `None` where it has not even the table.
    pub async fn columns(&mut self, table: &'static Table) -> Result<Option<Vec<&'static str>>, Error> {
        let sql = match self.conn {
            Conn::Sqlite(_) => "SELECT name FROM pragma_table_info($1)",
            Conn::Pg(_) => {
                "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
            }
        };
        let rows = self.conn.all(sql, &[table.name.into()]).await?;
        let there = rows
            .iter()
            .map(|row| row.text(0))
            .collect::<Result<Vec<_>, _>>()?;
        let names = column_names(table);
        let known = names.into_iter().filter(|name| there.contains(name)).collect();
        Ok((!there.is_empty()).then_some(known))
    }

    /// Adds rows of a sealed table, with those of its columns.
    pub async fn rows(
        &mut self,
        table: &'static Table,
        columns: &[&'static str],
        rows: Vec<Stored>,
    ) -> Result<(), Error> {
        let names = column_names(table);
        let kept: Vec<bool> = names.iter().map(|name| columns.contains(name)).collect();
        let values = |row: Stored| {
            let seal = [
                int(row.version).into(),
                int(row.entry).into(),
                row.salt.0.as_slice().into(),
            ];
            let all = std::iter::once(row.id.into()).chain(row.values).chain(seal);
            let kept = all.zip(&kept).filter(|(_, kept)| **kept);
            kept.map(|(value, _)| value).collect()
        };
        let rows = rows.into_iter().map(values).collect();
        self.add(table.name, columns, rows).await
    }

    /// Adds last-seen marks.
    pub async fn marks(&mut self, marks: Vec<Mark>) -> Result<(), Error> {
        let row = |(kind, id, at): Mark| vec![kind.as_str().into(), Val::Uuid(id), Val::Time(at)];
        let rows = marks.into_iter().map(row).collect();
        self.add("last_seen", &["kind", "id", "at"], rows).await
    }

    async fn add(&mut self, table: &str, columns: &[&str], rows: Vec<Vec<Val>>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let target = format!("{table} ({})", columns.join(", "));
        match &mut self.conn {
            Conn::Sqlite(conn) => sqlite::bulk::insert(conn, &target, columns.len(), &rows),
            Conn::Pg(conn) => pg::bulk::copy(conn, &target, &rows).await,
        }
    }

    /// Adds the head, makes indexes and references, and brings the schema to that of this program; fails where the rows
    /// do not hold to them.
    pub async fn finish(mut self, head: &Head, now: Timestamp) -> Result<(), Error> {
        for sql in &self.later {
            self.conn.batch(sql).await?;
        }
        head.insert(&mut self.conn).await?;
        if matches!(self.conn, Conn::Sqlite(_)) {
            let broken = "SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT 1";
            if let Some(row) = self.conn.opt(broken, &[]).await? {
                let (table, parent) = (row.text(0)?, row.text(1)?);
                let message = format!("a row of {table} refers to one of {parent} that is not there");
                return Err(Error::data(message));
            }
            self.conn.commit().await?;
        }
        drop(self.conn);
        let mut conn = Db::new(self.settings)?.patient_writer().await?;
        migrate::migrate(&mut conn, now).await?;
        let compared = schema::compare(&mut conn).await?;
        if compared.faults.is_empty() {
            return Ok(());
        }
        Err(Error::data(compared.faults.join("; ")))
    }
}
