//! What plain SQL may do to a rich log: statements are tried in a transaction that is rolled back. What there is to try
//! comes from the database's own catalogue, so that nothing new can be forgotten.

use std::collections::{BTreeMap, BTreeSet};

use domain::Command;
use domain::identity::Role;
use domain::identity::user::CreateUser;
use domain::record::Val;
use store::{Conn, Row, schema};

use crate::attacker::close;
use crate::catalogue::{self, Table, texts};
use crate::support::{Bed, On, rich_log, submit};

/// Rows of a table that are tried at most.
const ROWS: u32 = 200;

/// Something that no two rows share.
#[derive(Clone, Debug)]
pub struct Unique {
    pub table: String,
    /// Columns that it is about, also within expressions.
    pub columns: Vec<String>,
    /// How the engine names it in an error.
    pub named: String,
}

/// A foreign key of one column.
#[derive(Clone, Debug)]
pub struct Reference {
    pub table: String,
    pub column: String,
    pub parent: String,
    pub key: String,
    /// What happens when the parent's key changes or its row goes.
    pub policies: String,
}

/// A trigger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trigger {
    pub name: String,
    pub table: String,
    /// DELETE, UPDATE or TRUNCATE.
    pub event: String,
    /// Columns whose change it is about; none for all.
    pub columns: Vec<String>,
}

pub struct Lab {
    pub on: On,
    pub conn: Conn,
    pub tables: BTreeMap<String, Table>,
    pub parts: schema::Parts,
    rows: BTreeMap<String, Vec<Row>>,
}

impl Lab {
    /// A log with a row of every kind in every table, and nobody else there.
    pub async fn new(bed: &Bed) -> Lab {
        let engine = rich_log(bed).await;
        let with_names = CreateUser {
            email: Some("lab@example.com".to_owned()),
            full_name: Some("Lab".to_owned()),
            ..CreateUser::new("lab", Role::VIEWER)
        };
        submit(&engine, Command::CreateUser(with_names)).await.unwrap();
        close(engine).await;
        let db = store::Db::new(bed.options().database).unwrap();
        let mut conn = db.writer().await.unwrap();
        let tables = catalogue::tables(&mut conn).await;
        let parts = schema::found(&mut conn).await.unwrap();
        let mut rows = BTreeMap::new();
        for table in tables.keys() {
            let sql = format!("SELECT * FROM {table} LIMIT {ROWS}");
            rows.insert(table.clone(), conn.all(&sql, &[]).await.unwrap());
        }
        Lab {
            on: bed.on,
            conn,
            tables,
            parts,
            rows,
        }
    }

    /// Rows of a table, of which there are some.
    pub fn rows(&self, table: &str) -> Vec<Row> {
        assert!(!self.rows[table].is_empty(), "the log has no row in {table}");
        self.rows[table].clone()
    }

    pub fn position(&self, table: &str, column: &str) -> usize {
        let columns = &self.tables[table].columns;
        columns.iter().position(|found| found.name == column).unwrap()
    }

    /// Runs statements in one transaction that is rolled back: what the first that failed was told.
    pub async fn trial(&mut self, statements: &[(String, Vec<Val>)]) -> Result<(), String> {
        self.conn.begin().await.unwrap();
        let mut told = Ok(());
        for (sql, args) in statements {
            let done = if args.is_empty() {
                self.conn.batch(sql).await
            } else {
                self.conn.exec(sql, args).await.map(drop)
            };
            if let Err(error) = done {
                told = Err(error.message);
                break;
            }
        }
        self.conn.rollback().await.unwrap();
        told
    }

    /// Names of parts of a kind and how they are defined, each as table (or name) and rest.
    pub fn parts(&self, kind: &str) -> Vec<(String, String, String)> {
        let prefix = format!("{kind} ");
        let of_kind = self.parts.iter().filter_map(|(name, definition)| {
            let rest = name.strip_prefix(&prefix)?;
            let (first, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            Some((first.to_owned(), rest.to_owned(), definition.clone()))
        });
        of_kind.collect()
    }

    /// The columns of a table that a text names.
    pub fn mentioned(&self, table: &str, text: &str) -> Vec<String> {
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let columns = self.tables[table].columns.iter();
        let named = columns.filter(|column| words.contains(column.name.as_str()));
        named.map(|column| column.name.clone()).collect()
    }

    /// Everything that no two rows share.
    pub async fn uniques(&mut self) -> Vec<Unique> {
        match self.on {
            On::Sqlite => self.uniques_of_sqlite().await,
            On::Postgres => {
                let sql = "SELECT t.relname::text, pg_get_indexdef(i.indexrelid), c.relname::text \
                           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
                           WHERE c.relnamespace = current_schema()::regnamespace AND i.indisunique ORDER BY 1, 3";
                let rows = self.conn.all(sql, &[]).await.unwrap();
                let unique = |row: &Row| {
                    let [table, definition, name] = [0, 1, 2].map(|position| row.text(position).unwrap());
                    let columns = definition
                        .split_once(" USING ")
                        .unwrap()
                        .1
                        .split(" WHERE ")
                        .next()
                        .unwrap();
                    Unique {
                        table: table.to_owned(),
                        columns: self.mentioned(table, columns),
                        named: format!("unique constraint \"{name}\""),
                    }
                };
                rows.iter().map(unique).collect()
            }
        }
    }

    async fn uniques_of_sqlite(&mut self) -> Vec<Unique> {
        let mut uniques = Vec::new();
        for (table, described) in self.tables.clone() {
            let list = "SELECT name, origin FROM pragma_index_list($1) WHERE \"unique\" = 1 ORDER BY name";
            let indexes = self.conn.all(list, &[table.as_str().into()]).await.unwrap();
            let in_order = |columns: &[String]| {
                let names: Vec<_> = columns.iter().map(|column| format!("{table}.{column}")).collect();
                format!("UNIQUE constraint failed: {}", names.join(", "))
            };
            let mut has_key = false;
            for index in indexes {
                let name = index.text(0).unwrap().to_owned();
                has_key |= index.text(1).unwrap() == "pk";
                let info = "SELECT coalesce(name, '') FROM pragma_index_info($1) ORDER BY seqno";
                let columns = texts(&mut self.conn, info, &[name.as_str().into()]).await;
                let named = if columns.iter().any(String::is_empty) {
                    format!("UNIQUE constraint failed: index '{name}'")
                } else {
                    in_order(&columns)
                };
                let definition = self.parts.get(&format!("index {name}"));
                let columns = match definition {
                    Some(sql) => {
                        let (_, list) = sql.split_once('(').unwrap();
                        self.mentioned(&table, list.split(" WHERE ").next().unwrap())
                    }
                    None => columns,
                };
                uniques.push(Unique {
                    table: table.clone(),
                    columns,
                    named,
                });
            }
            // The key of a table that is its own index.
            if !has_key {
                uniques.push(Unique {
                    named: in_order(&described.key),
                    columns: described.key,
                    table,
                });
            }
        }
        uniques
    }

    /// Every foreign key.
    pub fn references(&self) -> Vec<Reference> {
        let keys = self.parts("foreign key").into_iter();
        let read = |(table, columns, definition): (String, String, String)| {
            let (parent, rest) = definition.split_once(" (").unwrap();
            let (key, policies) = rest.split_once(") ").unwrap();
            Reference {
                table,
                column: columns.trim_matches(['(', ')']).to_owned(),
                parent: parent.to_owned(),
                key: key.to_owned(),
                policies: policies.to_owned(),
            }
        };
        keys.map(read).collect()
    }

    /// Every trigger.
    pub async fn triggers(&mut self) -> Vec<Trigger> {
        let list = |text: &str| {
            text.split(", ")
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        match self.on {
            On::Sqlite => {
                let parts = self.parts("trigger").into_iter();
                let read = |(name, _, sql): (String, String, String)| {
                    let (_, rest) = sql.split_once(" BEFORE ").unwrap();
                    let (before, after) = rest.split_once(" ON ").unwrap();
                    let (event, columns) = before.split_once(" OF ").unwrap_or((before, ""));
                    Trigger {
                        name,
                        table: after.split(' ').next().unwrap().to_owned(),
                        event: event.to_owned(),
                        columns: list(columns),
                    }
                };
                parts.map(read).collect()
            }
            On::Postgres => {
                let sql = "SELECT t.tgname::text, c.relname::text, CASE WHEN t.tgtype & 8 > 0 THEN 'DELETE' \
                           WHEN t.tgtype & 16 > 0 THEN 'UPDATE' WHEN t.tgtype & 32 > 0 THEN 'TRUNCATE' ELSE 'INSERT' END, \
                           coalesce((SELECT string_agg(a.attname, ', ') FROM pg_attribute a WHERE a.attrelid = t.tgrelid \
                           AND a.attnum = ANY (t.tgattr::int2[])), '') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
                           WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal ORDER BY 1";
                let rows = self.conn.all(sql, &[]).await.unwrap();
                let read = |row: &Row| {
                    let [name, table, event, columns] = [0, 1, 2, 3].map(|place| row.text(place).unwrap());
                    Trigger {
                        name: name.to_owned(),
                        table: table.to_owned(),
                        event: event.to_owned(),
                        columns: list(columns),
                    }
                };
                rows.iter().map(read).collect()
            }
        }
    }

    /// The statement that takes a trigger away.
    pub fn drop_trigger(&self, trigger: &Trigger) -> (String, Vec<Val>) {
        let sql = match self.on {
            On::Sqlite => format!("DROP TRIGGER {}", trigger.name),
            On::Postgres => format!("DROP TRIGGER {} ON {}", trigger.name, trigger.table),
        };
        (sql, vec![])
    }
}

/// The statement that adds a row.
pub fn insert(table: &str, row: &Row) -> (String, Vec<Val>) {
    let marks: Vec<String> = (1..=row.0.len()).map(|number| format!("${number}")).collect();
    (
        format!("INSERT INTO {table} VALUES ({})", marks.join(", ")),
        row.0.clone(),
    )
}

/// Another value that no row has; from that again another.
pub fn fresh(value: &Val) -> Val {
    match value {
        Val::Int(number) => Val::Int(number + 1_000_000_000),
        Val::Text(text) => Val::Text(format!("{text}-fresh")),
        Val::Bytes(bytes) => Val::Bytes(bytes.iter().map(|byte| byte.wrapping_add(0x35)).collect()),
        Val::Uuid(id) => Val::Uuid(uuid::Uuid::from_u128(id.as_u128().wrapping_add(1 << 40))),
        other => other.clone(),
    }
}
