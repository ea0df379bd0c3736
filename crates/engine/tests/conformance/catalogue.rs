//! What a database says of itself: its tables and columns, so that no test has to list them.

use std::collections::BTreeMap;

use store::Conn;

/// A column as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Declared type, in lower case.
    pub kind: String,
    pub nullable: bool,
}

/// A table as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    /// Columns of the primary key, in its order.
    pub key: Vec<String>,
}

/// Every table of the program's schema, by name.
pub async fn tables(conn: &mut Conn) -> BTreeMap<String, Table> {
    let names = match conn {
        Conn::Sqlite(_) => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
        Conn::Pg(_) => {
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"
        }
    };
    let mut tables = BTreeMap::new();
    for name in texts(conn, names, &[]).await {
        let table = table(conn, &name).await;
        tables.insert(name, table);
    }
    tables
}

/// The first column of an answer, as texts.
pub async fn texts(conn: &mut Conn, sql: &str, args: &[domain::record::Val]) -> Vec<String> {
    let rows = conn.all(sql, args).await.unwrap();
    rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
}

async fn table(conn: &mut Conn, name: &str) -> Table {
    let (columns, key) = match conn {
        Conn::Sqlite(_) => (
            "SELECT name, lower(type), CASE WHEN \"notnull\" = 1 THEN 0 ELSE 1 END FROM pragma_table_info($1) ORDER BY cid",
            "SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk",
        ),
        Conn::Pg(_) => (
            "SELECT attname::text, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 0 ELSE 1 END::bigint \
             FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            "SELECT a.attname::text FROM pg_index i \
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[]) \
             WHERE i.indisprimary AND i.indrelid = to_regclass($1) ORDER BY array_position(i.indkey::int2[], a.attnum)",
        ),
    };
    let rows = conn.all(columns, &[name.into()]).await.unwrap();
    let columns = rows.iter().map(|row| Column {
        name: row.text(0).unwrap().to_owned(),
        kind: row.text(1).unwrap().to_owned(),
        nullable: row.int(2).unwrap() == 1,
    });
    let columns = columns.collect();
    Table {
        columns,
        key: texts(conn, key, &[name.into()]).await,
    }
}
