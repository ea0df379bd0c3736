//! Rows back from canonical JSON, as [`write_row`](super::write_row) wrote them.

use evidence::json;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{DecodeError, Kind, Table, Val};
use crate::custody::Amount;

/// What the text of a row says: all of a stored row but its salt.
#[derive(Clone, Debug, PartialEq)]
pub struct RowText {
    /// Its id.
    pub id: Uuid,
    /// Its values, in the order of the table's columns.
    pub values: Vec<Val>,
    /// Its version.
    pub version: u64,
    /// Index of the entry that wrote it.
    pub entry: u64,
}

/// Reads a row: every member must be a column, and a column that is missing must be one whose NULL is left out.
pub fn read_row(table: &'static Table, mut row: Map<String, Value>) -> Result<RowText, DecodeError> {
    let wrong = |column, reason: &str| DecodeError {
        table: table.name,
        column,
        reason: reason.to_owned(),
    };
    let mut values = Vec::with_capacity(table.columns.len());
    for column in table.columns {
        let value = match row.remove(column.name) {
            Some(value) => value_of(column.kind, value),
            None if column.leaves_out(&Val::Null) => Some(Val::Null),
            None => return Err(wrong(column.name, "is missing")),
        };
        values.push(value.ok_or_else(|| wrong(column.name, "is not of the column's type"))?);
    }
    let mut take = |name: &'static str| row.remove(name).ok_or_else(|| wrong(name, "is missing"));
    let (id, version, entry) = (take("id")?, take("version")?, take("entry")?);
    if let Some(name) = row.keys().next() {
        return Err(wrong("row", &format!("the table has no column `{name}`")));
    }
    let Some(Val::Uuid(id)) = value_of(Kind::Uuid, id) else {
        return Err(wrong("id", "is not a UUID"));
    };
    let number = |name, value: &Value| value.as_u64().ok_or_else(|| wrong(name, "is not a number"));
    Ok(RowText {
        id,
        values,
        version: number("version", &version)?,
        entry: number("entry", &entry)?,
    })
}

/// A value of a column of this type. What has no number in JSON is a text; nothing else is.
fn value_of(kind: Kind, value: Value) -> Option<Val> {
    Some(match (kind, value) {
        (_, Value::Null) => Val::Null,
        (Kind::Int, Value::Number(number)) => Val::Int(number.as_i64()?),
        (Kind::Int, Value::String(digits)) => Val::Int(digits.parse().ok()?),
        (Kind::Bool, Value::Bool(truth)) => Val::Bool(truth),
        (Kind::Text, Value::String(text)) => Val::Text(text),
        (Kind::Bytes, Value::String(hex)) => Val::Bytes(json::bytes_of_hex(&hex)?),
        (Kind::Uuid, Value::String(id)) => Val::Uuid(Uuid::try_parse(&id).ok()?),
        (Kind::Time, Value::String(time)) => Val::Time(time.parse().ok()?),
        (Kind::Amount, Value::String(units)) => Val::Amount(Amount::from_units_text(&units)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use evidence::time::Timestamp;
    use proptest::prelude::*;

    use super::super::write_row;
    use super::*;
    use crate::tables::SEALED;

    fn value(kind: Kind) -> BoxedStrategy<Val> {
        let filled = match kind {
            Kind::Int => any::<i64>().prop_map(Val::Int).boxed(),
            Kind::Bool => any::<bool>().prop_map(Val::Bool).boxed(),
            Kind::Text => any::<String>().prop_map(Val::Text).boxed(),
            Kind::Bytes => any::<Vec<u8>>().prop_map(Val::Bytes).boxed(),
            Kind::Uuid => any::<u128>()
                .prop_map(|id| Val::Uuid(Uuid::from_u128(id)))
                .boxed(),
            Kind::Time => (-62_135_596_800_000_000..=253_402_300_799_999_999_i64)
                .prop_map(|micros| Val::Time(Timestamp::from_micros(micros).unwrap()))
                .boxed(),
            Kind::Amount => (-crate::custody::AMOUNT_MAX..=crate::custody::AMOUNT_MAX)
                .prop_map(|units| Val::Amount(Amount::new(units).unwrap()))
                .boxed(),
        };
        prop_oneof![1 => Just(Val::Null), 4 => filled].boxed()
    }

    fn row() -> impl Strategy<Value = (&'static Table, RowText)> {
        prop::sample::select(SEALED).prop_flat_map(|table| {
            let values: Vec<_> = table.columns.iter().map(|column| value(column.kind)).collect();
            (any::<u128>(), values, 1_u64..1 << 60, 0_u64..1 << 60).prop_map(
                move |(id, values, version, entry)| {
                    let id = Uuid::from_u128(id);
                    (
                        table,
                        RowText {
                            id,
                            values,
                            version,
                            entry,
                        },
                    )
                },
            )
        })
    }

    proptest! {
        #[test]
        fn a_row_comes_back_as_it_was((table, row) in row()) {
            let mut text = String::new();
            write_row(table, row.id, &row.values, (row.version, row.entry), &mut text);
            let read = read_row(table, serde_json::from_str(&text).unwrap());
            prop_assert_eq!(read.unwrap(), row);
        }
    }

    #[test]
    fn what_is_not_a_row_of_the_table_is_named() {
        let table = SEALED.iter().find(|table| table.name == "assets").unwrap();
        let good = r#"{"chain":null,"code":"BTC","created_at":"2026-11-28T00:00:00.000000Z","entry":1,
            "id":"00000000-0000-0000-0000-000000000001","name":"Bitcoin","scale":8,"version":1}"#;
        let read = |text: &str| read_row(table, serde_json::from_str(text).unwrap());
        assert_eq!(read(good).unwrap().entry, 1);
        for (from, to, named) in [
            ("\"scale\":8,", "", "assets.scale: is missing"),
            (
                "\"scale\":8",
                "\"scale\":true",
                "assets.scale: is not of the column's type",
            ),
            ("\"entry\":1,", "\"entry\":-1,", "assets.entry: is not a number"),
            ("\"scale\":8", "\"scale\":8,\"more\":1", "no column `more`"),
        ] {
            let error = read(&good.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
