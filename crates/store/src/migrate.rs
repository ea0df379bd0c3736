//! Migrations: each engine's own DDL, one statement a paragraph, each file in one transaction. The way back is a file for both
//! engines.

mod back;

use domain::record::Val;
use evidence::json;
use evidence::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::conn::Conn;
use crate::error::{Error, ErrorKind};

pub use back::{RolledBack, roll_back};

/// A migration.
pub struct Migration {
    /// Number, counted from 1.
    pub version: i64,
    /// Name.
    pub name: &'static str,
    /// DDL for SQLite.
    pub sqlite: &'static str,
    /// DDL for PostgreSQL.
    pub postgres: &'static str,
    /// What undoes it, for both; none where there is no way back.
    pub back: Option<&'static str>,
}

macro_rules! migration {
    (@back) => { None };
    (@back $back:literal) => { Some(include_str!(concat!("../migrations/back/", $back))) };
    ($version:literal, $name:literal, $file:literal $(, back $back:literal)?) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $file)),
            postgres: include_str!(concat!("../migrations/postgres/", $file)),
            back: migration!(@back $($back)?),
        }
    };
}

/// All migrations, in order.
pub const MIGRATIONS: &[Migration] = &[
    migration!(1, "log_and_identity", "0001_log_and_identity.sql"),
    migration!(2, "side_tables", "0002_side_tables.sql"),
    migration!(3, "identity", "0003_identity.sql"),
    migration!(4, "custody", "0004_custody.sql"),
    migration!(5, "operation_filters", "0005_operation_filters.sql"),
    migration!(6, "integrity", "0006_integrity.sql"),
    migration!(7, "outputs", "0007_outputs.sql"),
    migration!(8, "reads", "0008_reads.sql"),
    migration!(9, "counted_sums", "0009_counted_sums.sql"),
    migration!(10, "conversations", "0010_conversations.sql"),
    migration!(11, "agents", "0011_agents.sql"),
    migration!(12, "lists", "0012_lists.sql"),
    migration!(13, "executions", "0013_executions.sql"),
    migration!(14, "counted_balances", "0014_counted_balances.sql", back "0014.sql"),
    migration!(15, "metrics", "0015_metrics.sql", back "0015.sql"),
    migration!(16, "steps", "0016_steps.sql", back "0016.sql"),
    migration!(17, "governance_views", "0017_governance_views.sql", back "0017.sql"),
    migration!(18, "waiting", "0018_waiting.sql", back "0018.sql"),
    migration!(19, "erased_since", "0019_erased_since.sql", back "0019.sql"),
    migration!(20, "running_of_agents", "0020_running_of_agents.sql", back "0020.sql"),
    migration!(21, "metrics_in_time", "0021_metrics_in_time.sql", back "0021.sql"),
    migration!(22, "governance_views_as_text", "0022_governance_views_as_text.sql", back "0022.sql"),
    migration!(23, "when_it_happened", "0023_when_it_happened.sql", back "0023.sql"),
    migration!(24, "legal_holds", "0024_legal_holds.sql", back "0024.sql"),
    migration!(25, "prunings", "0025_prunings.sql", back "0025.sql"),
    migration!(26, "jobs", "0026_jobs.sql", back "0026.sql"),
    migration!(27, "policies", "0027_policies.sql", back "0027.sql"),
    migration!(28, "traces", "0028_traces.sql", back "0028.sql"),
    migration!(29, "found_by_name", "0029_found_by_name.sql", back "0029.sql"),
];

/// What a database has of the migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The last one applied; 0 for an empty database.
    pub applied: i64,
    /// The last one that this program has.
    pub known: i64,
}

impl Migration {
    fn text(&self, conn: &Conn) -> &'static str {
        match conn {
            Conn::Sqlite(_) => self.sqlite,
            Conn::Pg(_) => self.postgres,
        }
    }

    fn checksum(&self, conn: &Conn) -> String {
        json::hex(&Sha256::digest(self.text(conn).as_bytes()))
    }
}

pub(crate) fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
}

pub(crate) async fn exists(conn: &mut Conn) -> Result<bool, Error> {
    let sql = match conn {
        Conn::Sqlite(_) => "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'",
        Conn::Pg(_) => {
            "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_migrations')"
        }
    };
    let row = conn.opt(sql, &[]).await?;
    row.map_or(Ok(false), |row| Ok(row.int(0)? > 0))
}

/// What is applied; an error where one is missing below it, or is not the one that this program has.
pub async fn state(conn: &mut Conn) -> Result<State, Error> {
    let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
    if !exists(conn).await? {
        return Ok(State { applied: 0, known });
    }
    let rows = conn
        .all(
            "SELECT version, name, checksum FROM schema_migrations ORDER BY version",
            &[],
        )
        .await?;
    let mut applied = 0;
    for (row, expected) in rows.iter().zip(1..) {
        applied = row.int(0)?;
        if applied > expected {
            let message =
                format!("migration {expected} is missing in the database, which has migration {applied}");
            return Err(Error::new(ErrorKind::Data, message));
        }
        let Some(migration) = MIGRATIONS.iter().find(|migration| migration.version == applied) else {
            let message = format!(
                "the database has migration {applied} ({}), which this program does not know: use a newer probity",
                row.text(1)?
            );
            return Err(Error::new(ErrorKind::Data, message));
        };
        if row.text(1)? != migration.name || row.text(2)? != migration.checksum(conn) {
            let message = format!(
                "migration {applied} ({}) in the database is not this program's",
                migration.name
            );
            return Err(Error::new(ErrorKind::Data, message));
        }
    }
    Ok(State { applied, known })
}

/// Applies what is missing; gives the names of what it applied. Several processes may do it at once.
pub async fn migrate(conn: &mut Conn, now: Timestamp) -> Result<Vec<&'static str>, Error> {
    migrate_to(conn, i64::MAX, now).await
}

/// A migration as a database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: &'static str,
    /// When it was applied; none while it is not.
    pub applied_at: Option<Timestamp>,
    /// Whether there is a way back.
    pub back: bool,
}

/// All migrations of this program, with when each was applied.
pub async fn list(conn: &mut Conn) -> Result<Vec<Listed>, Error> {
    let applied = state(conn).await?.applied;
    let mut rows = Vec::new();
    if applied > 0 {
        let sql = "SELECT applied_at FROM schema_migrations ORDER BY version";
        rows = conn.all(sql, &[]).await?;
    }
    let listed = MIGRATIONS.iter().enumerate().map(|(place, migration)| {
        Ok(Listed {
            version: migration.version,
            name: migration.name,
            applied_at: rows.get(place).map(|row| row.time(0)).transpose()?,
            back: migration.back.is_some(),
        })
    });
    listed.collect()
}

/// The same, up to this version.
pub async fn migrate_to(conn: &mut Conn, version: i64, now: Timestamp) -> Result<Vec<&'static str>, Error> {
    let mut names = Vec::new();
    if !exists(conn).await? {
        create_table(conn).await?;
    }
    for migration in MIGRATIONS.iter().take_while(|one| one.version <= version) {
        if state(conn).await?.applied >= migration.version {
            continue;
        }
        conn.begin().await?;
        match apply(conn, migration, now).await {
            Ok(()) => {
                conn.commit().await?;
                names.push(migration.name);
            }
            Err(error) => {
                conn.rollback().await?;
                // Another process was faster: its row was there first.
                if state(conn).await?.applied < migration.version {
                    return Err(error);
                }
            }
        }
    }
    Ok(names)
}

async fn create_table(conn: &mut Conn) -> Result<(), Error> {
    let ddl = match conn {
        Conn::Sqlite(_) => {
            "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
             checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"
        }
        Conn::Pg(_) => {
            "CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, name text NOT NULL, \
             checksum text NOT NULL, applied_at timestamptz NOT NULL)"
        }
    };
    match conn.batch(ddl).await {
        // Two processes at once: IF NOT EXISTS may still meet a row of PostgreSQL's catalogue being made.
        Err(error) if !exists(conn).await? => Err(error),
        _ => Ok(()),
    }
}

async fn apply(conn: &mut Conn, migration: &Migration, now: Timestamp) -> Result<(), Error> {
    // The row goes first: a second process waits at its key until the first one has committed.
    let args: [Val; 4] = [
        migration.version.into(),
        migration.name.into(),
        migration.checksum(conn).into(),
        now.into(),
    ];
    conn.exec(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
        &args,
    )
    .await?;
    for statement in statements(migration.text(conn)) {
        conn.batch(statement).await?;
    }
    Ok(())
}
