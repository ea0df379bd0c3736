//! The schema as SQLite's catalogue has it.

use std::path::Path;

use super::Parts;
use crate::conn::Conn;
use crate::error::Error;
use crate::row::Row;
use crate::{migrate, sqlite};

pub(super) async fn expected() -> Result<Parts, Error> {
    let mut conn = Conn::Sqlite(sqlite::open(Path::new(":memory:"), true, true)?);
    migrate::migrate(&mut conn, evidence::Timestamp::EPOCH).await?;
    parts(&mut conn).await
}

/// White space does not count.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(row: &Row, position: usize) -> Result<String, Error> {
    Ok(plain(row.text(position)?))
}

pub(super) async fn parts(conn: &mut Conn) -> Result<Parts, Error> {
    let mut parts = Parts::new();
    let objects = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema \
                   WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name";
    for row in conn.all(objects, &[]).await? {
        let (kind, name, sql) = (text(&row, 0)?, text(&row, 1)?, text(&row, 2)?);
        if kind != "table" {
            parts.insert(format!("{kind} {name}"), sql);
            continue;
        }
        let options = sql.rsplit(')').next().unwrap_or_default().trim();
        parts.insert(
            format!("table {name}"),
            format!("table {options}").trim().to_owned(),
        );
        for check in checks(&sql) {
            parts.insert(format!("check {name} {check}"), "checked".to_owned());
        }
        columns(conn, &name, &mut parts).await?;
        keys(conn, &name, &mut parts).await?;
    }
    Ok(parts)
}

async fn columns(conn: &mut Conn, table: &str, parts: &mut Parts) -> Result<(), Error> {
    let list = "SELECT name, lower(type), CASE WHEN \"notnull\" = 1 THEN ' not null' ELSE '' END, \
                CASE WHEN pk > 0 THEN ' key ' || pk ELSE '' END, coalesce(' default ' || dflt_value, '') FROM pragma_table_xinfo($1)";
    for row in conn.all(list, &[table.into()]).await? {
        let definition = [1, 2, 3, 4]
            .into_iter()
            .map(|position| row.text(position))
            .collect::<Result<String, _>>()?;
        parts.insert(format!("column {table}.{}", row.text(0)?), definition);
    }
    Ok(())
}

/// Unique constraints and foreign keys.
async fn keys(conn: &mut Conn, table: &str, parts: &mut Parts) -> Result<(), Error> {
    let unique = "SELECT group_concat(i.name, ', ') FROM pragma_index_list($1) AS l JOIN pragma_index_info(l.name) AS i \
                  WHERE l.origin = 'u' GROUP BY l.name ORDER BY 1";
    for row in conn.all(unique, &[table.into()]).await? {
        parts.insert(format!("unique {table} ({})", row.text(0)?), "unique".to_owned());
    }
    let foreign = "SELECT \"from\", \"table\", coalesce(\"to\", ''), on_update, on_delete FROM pragma_foreign_key_list($1)";
    for row in conn.all(foreign, &[table.into()]).await? {
        let name = format!("foreign key {table} ({})", row.text(0)?);
        let definition = format!(
            "{} ({}) on update {} on delete {}",
            row.text(1)?,
            row.text(2)?,
            row.text(3)?.to_lowercase(),
            row.text(4)?.to_lowercase()
        );
        parts.insert(name, definition);
    }
    Ok(())
}

/// What stands in each `CHECK (…)` of a table's statement, which is the only place where SQLite keeps it.
pub(crate) fn checks(sql: &str) -> Vec<String> {
    let mut checks = Vec::new();
    let mut rest = sql;
    while let Some((_, after)) = rest.split_once("CHECK (") {
        let mut depth = 1_usize;
        let end = after.find(|c: char| {
            depth = match c {
                '(' => depth + 1,
                ')' => depth - 1,
                _ => depth,
            };
            depth == 0
        });
        let Some(end) = end else { break };
        checks.push(plain(&after[..end]));
        rest = &after[end..];
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::checks;

    #[test]
    fn checks_are_found_with_their_parentheses() {
        let sql = "CREATE TABLE t (a BLOB CHECK (length(a) = 16), b TEXT CHECK (b IN ('x', 'y')),\n CHECK ((a IS NULL) <> (b IS NULL)))";
        assert_eq!(
            checks(sql),
            ["length(a) = 16", "b IN ('x', 'y')", "(a IS NULL) <> (b IS NULL)"]
        );
        assert!(checks("CREATE TABLE t (a)").is_empty());
    }
}
