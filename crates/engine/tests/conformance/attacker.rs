//! Someone with full rights on the database: triggers, checks and foreign keys do not stand in the way.

use std::collections::BTreeMap;

use domain::record::Val;
use engine::verify::{Finding, Report, VerifyOptions};
use engine::{Engine, Options};
use store::{Conn, Row};

use crate::catalogue::{self, Table};
use crate::support::{Bed, On};

/// A row by its primary key: column and value.
pub type Key = Vec<(String, Val)>;

/// A connection that may do everything, and what the schema is.
pub struct Attacker {
    pub conn: Conn,
    pub tables: BTreeMap<String, Table>,
}

impl Attacker {
    /// Opens the way: what the program's schema forbids is allowed from here on.
    pub async fn new(bed: &Bed) -> Attacker {
        let db = store::Db::new(bed.options().database).unwrap();
        let mut conn = db.writer().await.unwrap();
        let tables = catalogue::tables(&mut conn).await;
        match bed.on {
            On::Sqlite => {
                conn.batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
                    .await
                    .unwrap();
                for name in catalogue::texts(
                    &mut conn,
                    "SELECT name FROM sqlite_schema WHERE type = 'trigger'",
                    &[],
                )
                .await
                {
                    conn.batch(&format!("DROP TRIGGER {name}")).await.unwrap();
                }
            }
            On::Postgres => {
                // Triggers and foreign keys, which are triggers too, do not fire for a replica.
                conn.batch("SET session_replication_role = replica")
                    .await
                    .unwrap();
                let checks = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) \
                              FROM pg_constraint WHERE contype = 'c' AND connamespace = current_schema()::regnamespace";
                for statement in catalogue::texts(&mut conn, checks, &[]).await {
                    conn.batch(&statement).await.unwrap();
                }
            }
        }
        let mut attacker = Attacker { conn, tables };
        attacker.save().await;
        attacker
    }

    /// Keeps what every table is now, to put it back later.
    pub async fn save(&mut self) {
        for name in self.tables.keys() {
            let sql = format!("DROP TABLE IF EXISTS saved_{name}");
            self.conn.batch(&sql).await.unwrap();
            let sql = format!("CREATE TABLE saved_{name} AS SELECT * FROM {name}");
            self.conn.batch(&sql).await.unwrap();
        }
    }

    /// Puts every table back, in one transaction: nobody sees half of it.
    pub async fn put_all_back(&mut self) {
        self.conn.begin().await.unwrap();
        for table in self.tables.clone().into_keys() {
            self.put_back(&table).await;
        }
        self.conn.commit().await.unwrap();
    }

    /// Puts a table back to what it was when the attacker came.
    pub async fn put_back(&mut self, table: &str) {
        self.conn.batch(&format!("DELETE FROM {table}")).await.unwrap();
        self.conn
            .batch(&format!("INSERT INTO {table} SELECT * FROM saved_{table}"))
            .await
            .unwrap();
    }

    /// The keys of the rows that a condition selects, in the order of the key.
    pub async fn keys(&mut self, table: &str, condition: &str) -> Vec<Key> {
        let columns = self.tables[table].key.clone();
        let list = columns.join(", ");
        let rows = self
            .conn
            .all(
                &format!("SELECT {list} FROM {table} WHERE {condition} ORDER BY {list}"),
                &[],
            )
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| columns.iter().cloned().zip(row.0).collect())
            .collect()
    }

    fn selected(key: &Key, next: usize) -> (String, Vec<Val>) {
        let conditions: Vec<String> = key
            .iter()
            .zip(next..)
            .map(|((column, _), number)| format!("{column} = ${number}"))
            .collect();
        (
            conditions.join(" AND "),
            key.iter().map(|(_, value)| value.clone()).collect(),
        )
    }

    /// The value of a column in the row of this key.
    pub async fn get(&mut self, table: &str, column: &str, key: &Key) -> Val {
        let (condition, args) = Self::selected(key, 1);
        let row = self
            .conn
            .opt(&format!("SELECT {column} FROM {table} WHERE {condition}"), &args)
            .await
            .unwrap();
        row.unwrap().0.remove(0)
    }

    /// Sets a column in the row of this key.
    pub async fn set(
        &mut self,
        table: &str,
        column: &str,
        key: &Key,
        value: &Val,
    ) -> Result<(), store::Error> {
        let (condition, mut args) = Self::selected(key, 2);
        args.insert(0, value.clone());
        let changed = self
            .conn
            .exec(
                &format!("UPDATE {table} SET {column} = $1 WHERE {condition}"),
                &args,
            )
            .await?;
        assert_eq!(changed, 1, "{table}.{column} {key:?}");
        Ok(())
    }

    /// A whole row, in the order of the table's columns.
    pub async fn row(&mut self, table: &str, key: &Key) -> Row {
        let (condition, args) = Self::selected(key, 1);
        self.conn
            .opt(&format!("SELECT * FROM {table} WHERE {condition}"), &args)
            .await
            .unwrap()
            .unwrap()
    }

    /// Deletes the row of this key.
    pub async fn delete(&mut self, table: &str, key: &Key) {
        let (condition, args) = Self::selected(key, 1);
        assert_eq!(
            self.conn
                .exec(&format!("DELETE FROM {table} WHERE {condition}"), &args)
                .await
                .unwrap(),
            1
        );
    }

    /// Inserts a whole row.
    pub async fn insert(&mut self, table: &str, row: &Row) {
        let marks: Vec<String> = (1..=row.0.len()).map(|number| format!("${number}")).collect();
        self.conn
            .exec(
                &format!("INSERT INTO {table} VALUES ({})", marks.join(", ")),
                &row.0,
            )
            .await
            .unwrap();
    }

    /// Position of a column in whole rows.
    pub fn position(&self, table: &str, column: &str) -> usize {
        self.tables[table]
            .columns
            .iter()
            .position(|found| found.name == column)
            .unwrap()
    }
}

/// The key of an entry.
pub fn entry_key(index: u64) -> Key {
    vec![("entry".to_owned(), Val::Int(i64::try_from(index).unwrap()))]
}

/// Whether nothing at all is checked on a table: a side table.
pub fn is_side_table(name: &str) -> bool {
    ["counters", "last_seen", "roots", "jobs", "leases"].contains(&name)
}

/// A UUID as either engine stores it.
pub fn uuid_text(value: &Val) -> String {
    match value {
        Val::Uuid(id) => id.to_string(),
        Val::Bytes(bytes) => uuid::Uuid::from_slice(bytes).unwrap().to_string(),
        other => panic!("{other:?} is not a UUID"),
    }
}

/// Verifies with one thread.
pub async fn verify(options: &Options) -> Report {
    engine::verify::verify(
        options,
        VerifyOptions {
            threads: 1,
            ..VerifyOptions::default()
        },
        &|_| {},
    )
    .await
    .unwrap()
}

/// Verifies with several threads, and says what is wrong where it does not find everything as it should be.
pub async fn assert_intact(options: &Options) -> Report {
    let report = engine::verify::verify(
        options,
        VerifyOptions {
            threads: 3,
            ..VerifyOptions::default()
        },
        &|_| {},
    )
    .await
    .unwrap();
    assert!(report.intact, "{:#?}", report.findings);
    assert_eq!(report.findings_omitted, 0);
    report
}

/// Whether a finding names this entry, by itself or in a range.
pub fn names_entry(finding: &Finding, index: u64) -> bool {
    if !["entries", "subtrees"].contains(&finding.table.as_str()) {
        return false;
    }
    (finding.table == "entries" && finding.entry == Some(index))
        || range(&finding.what).is_some_and(|(from, to)| (from..=to).contains(&index))
}

/// `entries 0 to 255` in a finding's words.
fn range(what: &str) -> Option<(u64, u64)> {
    let mut words = what.split(' ').skip_while(|word| *word != "entries").skip(1);
    let from = words.next()?.parse().ok()?;
    let to = words.nth(1)?.parse().ok()?;
    Some((from, to))
}

/// Whether a report names this row of this table; rows of tables without row seals are named by their table.
pub fn names_row(report: &Report, table: &str, key: &Val) -> bool {
    report.findings.iter().any(|finding| match (table, key) {
        ("entries", Val::Int(index)) => names_entry(finding, u64::try_from(*index).unwrap()),
        ("entries" | "subtrees" | "log_head" | "schema_migrations", _) => finding.table == table,
        (table, _) if is_side_table(table) => finding.table == table,
        _ => finding.table == table && finding.id.as_deref() == Some(&uuid_text(key)),
    })
}

/// Ends an engine: everything is committed, and the guard remembers the newest checkpoint.
pub async fn close(engine: Engine) {
    engine.shutdown().await;
}
