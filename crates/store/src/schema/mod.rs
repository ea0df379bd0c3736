//! What the program expects of its tables, and what a database has.
//!
//! A migration's number says what was made once, not what is there now. Here tables, views, columns, indexes, constraints and
//! triggers are compared by name: what is missing or is not as the program made it is a fault; what somebody added is told,
//! since a view or an index of one's own does no harm.
//!
//! On SQLite the expected schema is that of an empty database in memory, made by the same migrations. PostgreSQL has none in
//! memory: there it is a list ([`POSTGRES`]) that a test compares with a fresh database.

mod postgres;
mod sqlite;

use std::collections::BTreeMap;

use crate::conn::Conn;
use crate::error::Error;
use crate::migrate::MIGRATIONS;

/// What PostgreSQL says of a fresh database: one object a line.
pub const POSTGRES: &str = include_str!("postgres.txt");

/// The parts of a schema: kind and name (`index users_role`, `column users.email`), and how each is defined.
///
/// Constraints have no name of ours; they are named by their table and what they say.
pub type Parts = BTreeMap<String, String>;

/// How a database's schema differs from the one expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Parts that are as expected, by kind.
    pub good: BTreeMap<String, usize>,
    /// What is missing or different, a sentence each.
    pub faults: Vec<String>,
    /// Parts that the program does not know.
    pub unknown: Vec<String>,
}

/// What the database has.
pub async fn found(conn: &mut Conn) -> Result<Parts, Error> {
    match conn {
        Conn::Sqlite(_) => sqlite::parts(conn).await,
        Conn::Pg(_) => postgres::parts(conn).await,
    }
}

/// What the program expects of the connection's engine.
pub async fn expected(conn: &Conn) -> Result<Parts, Error> {
    match conn {
        Conn::Sqlite(_) => sqlite::expected().await,
        Conn::Pg(_) => Ok(read(POSTGRES)),
    }
}

/// Parts as lines: name, tabulator, definition.
pub fn written(parts: &Parts) -> String {
    let line = |(name, definition): (&String, &String)| format!("{name}\t{definition}\n");
    parts.iter().map(line).collect()
}

fn read(text: &str) -> Parts {
    let split = |line: &str| {
        let (name, definition) = line.split_once('\t')?;
        Some((name.to_owned(), definition.to_owned()))
    };
    text.lines().filter_map(split).collect()
}

/// Compares a database with what the program expects.
pub async fn compare(conn: &mut Conn) -> Result<Comparison, Error> {
    let (expected, found) = (expected(conn).await?, found(conn).await?);
    let sqlite = matches!(conn, Conn::Sqlite(_));
    Ok(compared(&expected, &found, sqlite))
}

/// `index` of `index users_role`, `foreign key` of `foreign key users (entry)`.
fn kind(name: &str) -> &str {
    let words = if name.starts_with("foreign key ") || name.starts_with("primary key ") {
        2
    } else {
        1
    };
    let end = name
        .match_indices(' ')
        .nth(words - 1)
        .map_or(name.len(), |(end, _)| end);
    &name[..end]
}

fn compared(expected: &Parts, found: &Parts, sqlite: bool) -> Comparison {
    let mut comparison = Comparison::default();
    let missing_table = |name: &str| {
        // What belongs to a table that is missing is not told one by one.
        let table = name[kind(name).len()..]
            .trim_start()
            .split([' ', '.'])
            .next()
            .unwrap_or_default();
        kind(name) != "table"
            && expected.contains_key(&format!("table {table}"))
            && !found.contains_key(&format!("table {table}"))
    };
    for (name, definition) in expected {
        match found.get(name) {
            Some(same) if same == definition => {
                *comparison.good.entry(kind(name).to_owned()).or_default() += 1;
            }
            Some(other) => comparison
                .faults
                .push(format!("{name} is {other:?}, expected is {definition:?}")),
            None if missing_table(name) => {}
            None => comparison.faults.push(match made_by(name, sqlite) {
                Some(statement) => format!("{name} is missing; it was made by: {statement}"),
                None => format!("{name} is missing"),
            }),
        }
    }
    let unknown = found.keys().filter(|name| !expected.contains_key(*name));
    comparison.unknown = unknown.cloned().collect();
    comparison
}

/// The statement of the migrations that makes an index or a trigger.
fn made_by(name: &str, sqlite: bool) -> Option<String> {
    let (kind, name) = name.split_once(' ')?;
    let kind = match kind {
        "index" | "trigger" => kind.to_uppercase(),
        _ => return None,
    };
    let texts = MIGRATIONS.iter().map(|migration| {
        if sqlite {
            migration.sqlite
        } else {
            migration.postgres
        }
    });
    let statements = texts.flat_map(crate::migrate::statements);
    let makes = |statement: &&str| {
        let mut words = statement.split_whitespace().skip_while(|word| *word != kind);
        statement.starts_with("CREATE ") && words.nth(1) == Some(name)
    };
    let found = statements.filter(makes).last()?;
    Some(found.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_what_was_added_is_told() {
        let expected = read(
            "table a\ttable\ncolumn a.x\ttext\nindex users_role\tusers (role)\ntable b\ttable\ncolumn b.y\ttext\n",
        );
        let found = read("table a\ttable\ncolumn a.x\tbigint\nview v\tview\n");
        let compared = compared(&expected, &found, true);
        assert_eq!(compared.good, BTreeMap::from([("table".to_owned(), 1)]));
        assert_eq!(
            compared.faults,
            [
                "column a.x is \"bigint\", expected is \"text\"",
                "index users_role is missing; it was made by: CREATE INDEX users_role ON users (role);",
                "table b is missing",
            ]
        );
        assert_eq!(compared.unknown, ["view v"]);
        assert_eq!(read(&written(&expected)), expected);
    }
}
