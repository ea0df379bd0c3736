//! What became of rows: each column before and after, as somebody reads it who looks at an entry.

use std::collections::BTreeSet;

use domain::tables::SEALED;
use evidence::Entry;
use evidence::entry::Change;
use serde_json::{Map, Value};
use uuid::Uuid;

/// A column of a row before and after; nothing where the row was not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedColumn {
    /// Its name.
    pub name: String,
    /// Its value before.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

impl ChangedColumn {
    /// Whether it has another value than before.
    pub fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its table.
    pub table: String,
    /// Its id.
    pub id: Uuid,
    /// Its version after the change.
    pub version: u64,
    /// Whether its values went with the payload of the entry.
    pub gone: bool,
    /// Its columns; those that differ first.
    pub columns: Vec<ChangedColumn>,
    /// Columns whose values never leave their table, so that no entry has them.
    pub secrets: Vec<&'static str>,
}

/// What became of the rows that an entry changed.
pub fn changed(entry: &Entry) -> Vec<Changed> {
    entry
        .changes
        .iter()
        .map(|change| of(change, is_gone(entry, change)))
        .collect()
}

/// Whether the values of a change went with the payload: by a command, or by hand.
fn is_gone(entry: &Entry, change: &Change) -> bool {
    let empty = change.before.is_none() && change.after.is_none();
    entry.is_gone() || (entry.tampered.is_some() && empty)
}

fn of(change: &Change, gone: bool) -> Changed {
    let names =
        |image: &Option<Map<String, Value>>| image.iter().flat_map(|row| row.keys().cloned()).collect();
    let (before, after): (BTreeSet<String>, BTreeSet<String>) = (names(&change.before), names(&change.after));
    let value = |image: &Option<Map<String, Value>>, name: &str| image.as_ref()?.get(name).map(words);
    let column = |name: &String| ChangedColumn {
        name: name.clone(),
        before: value(&change.before, name),
        after: value(&change.after, name),
    };
    let mut columns: Vec<ChangedColumn> = before.union(&after).map(column).collect();
    columns.sort_by_key(|column| !column.differs());
    let table = SEALED.iter().find(|table| table.name == change.table);
    let secrets = table
        .into_iter()
        .flat_map(|table| table.columns.iter())
        .filter(|column| column.secret);
    Changed {
        table: change.table.clone(),
        id: change.id,
        version: change.version,
        gone,
        columns,
        secrets: secrets.map(|column| column.name).collect(),
    }
}

/// A value as people read it: a text without its quotes.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noun::Shown;
    use serde_json::json;

    fn row(value: &Value) -> Option<Map<String, Value>> {
        value.as_object().cloned()
    }

    #[test]
    fn what_differs_comes_first_and_secrets_are_named() {
        let change = Change {
            table: "api_keys".to_owned(),
            id: Uuid::from_u128(1),
            version: 2,
            digest: None,
            before: row(&json!({"name": "ci", "revoked_at": null, "scopes": ["read"]})),
            after: row(
                &json!({"name": "ci", "revoked_at": "2026-11-29T00:00:00.000000Z", "scopes": ["read"]}),
            ),
        };
        let entry = Entry {
            changes: vec![change],
            ..Entry::example()
        };
        let changed = changed(&entry).remove(0);
        let names: Vec<_> = changed
            .columns
            .iter()
            .map(|column| (&*column.name, column.differs()))
            .collect();
        assert_eq!(names, [("revoked_at", true), ("name", false), ("scopes", false)]);
        assert_eq!(changed.columns[0].before.as_deref(), Some("null"));
        assert_eq!(changed.columns[1].after.as_deref(), Some("ci"));
        assert_eq!(changed.columns[2].after.as_deref(), Some("[\"read\"]"));
        assert_eq!((&*changed.secrets, changed.gone), (&["hash"][..], false));
    }

    #[test]
    fn a_row_of_an_entry_that_is_gone_says_so() {
        let change = Change {
            table: "users".to_owned(),
            id: Uuid::from_u128(1),
            version: 1,
            digest: None,
            before: None,
            after: None,
        };
        let entry = Entry {
            changes: vec![change],
            erased: true,
            ..Entry::example()
        };
        let changed = changed(&entry).remove(0);
        assert_eq!((changed.gone, changed.columns.len()), (true, 0));
    }
}
