//! Rows as canonical JSON (RFC 8785): for their digests, and for entries to show them.

use std::fmt::Write as _;

use evidence::commitment::{self, Salt};
use evidence::json;
use uuid::Uuid;

use super::{Column, Record, Table, Val};

/// Most members of a row in canonical JSON.
const MEMBERS_MAX: usize = 48;

/// Members in the order of their names: positions of columns, and after them `id`, `version` and `entry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order([u8; MEMBERS_MAX]);

/// The name of a member by its position.
const fn member(columns: &[Column], position: usize) -> &'static str {
    if position < columns.len() {
        return columns[position].name;
    }
    ["id", "version", "entry"][position - columns.len()]
}

const fn is_before(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return a[at] < b[at];
        }
        at += 1;
    }
    a.len() < b.len()
}

/// The order of a table's members, found when the program is compiled (RFC 8785 sorts by name; names are ASCII).
///
/// # Panics
/// When a table has more than 45 columns: the program does not compile then.
pub const fn order(columns: &[Column]) -> Order {
    let count = columns.len() + 3;
    assert!(
        count <= MEMBERS_MAX,
        "a table has more columns than an order holds"
    );
    let mut order = [0; MEMBERS_MAX];
    let mut next = 0;
    while next < count {
        let mut at = next;
        while at > 0 && is_before(member(columns, next), member(columns, order[at - 1] as usize)) {
            order[at] = order[at - 1];
            at -= 1;
        }
        #[allow(clippy::cast_possible_truncation, reason = "less than MEMBERS_MAX")]
        {
            order[at] = next as u8;
        }
        next += 1;
    }
    Order(order)
}

impl Table {
    /// Appends a row as canonical JSON: its id, those of its values that `keep` takes by position, and where it is
    /// given its version and entry.
    fn write(
        &self,
        id: Uuid,
        values: &[Val],
        keep: impl Fn(usize, &Column) -> bool,
        seal: Option<(u64, u64)>,
        out: &mut String,
    ) {
        let width = self.columns.len();
        let mut mark = '{';
        for position in self.order.0[..width + 3]
            .iter()
            .map(|position| usize::from(*position))
        {
            let kept = match position.checked_sub(width) {
                None => keep(position, &self.columns[position]),
                Some(0) => true,
                Some(_) => seal.is_some(),
            };
            if !kept {
                continue;
            }
            out.push(mark);
            mark = ',';
            out.push('"');
            out.push_str(member(self.columns, position));
            out.push_str("\":");
            match (position.checked_sub(width), seal) {
                (None, _) => write_value(values.get(position).unwrap_or(&Val::Null), out),
                (Some(0), _) => write_uuid(id, out),
                (Some(1), Some((version, _))) => write_number(version, out),
                (_, Some((_, entry))) => write_number(entry, out),
                (_, None) => {}
            }
        }
        out.push('}');
    }
}

/// Appends the row before and after a change as canonical JSON, as an entry shows them.
///
/// Secrets are left out. With `brief`, only what differs is shown.
pub fn write_images<T: Record>(before: Option<&T>, after: &T, brief: bool, out: &mut String) {
    let (old, new) = (before.map(Record::values), after.values());
    let shown = |values: &[Val], position: usize, column: &Column| {
        let empty = column.sparse && values.get(position) == Some(&Val::Null);
        let differs = || {
            old.as_ref()
                .is_none_or(|old| old.get(position) != new.get(position))
        };
        !column.secret && if brief { differs() } else { !empty }
    };
    out.push_str("{\"after\":");
    T::TABLE.write(
        after.id(),
        &new,
        |position, column| shown(&new, position, column),
        None,
        out,
    );
    if let Some(old) = &old {
        out.push_str(",\"before\":");
        T::TABLE.write(
            after.id(),
            old,
            |position, column| shown(old, position, column),
            None,
            out,
        );
    }
    out.push('}');
}

fn write_uuid(id: Uuid, out: &mut String) {
    let mut buffer = Uuid::encode_buffer();
    out.push('"');
    out.push_str(id.hyphenated().encode_lower(&mut buffer));
    out.push('"');
}

fn write_number(number: impl std::fmt::Display, out: &mut String) {
    let _ = write!(out, "{number}");
}

fn write_value(value: &Val, out: &mut String) {
    match value {
        Val::Null => out.push_str("null"),
        // Beyond 2^53 - 1 a JSON number is not exact.
        Val::Int(number) if number.unsigned_abs() < 1 << 53 => write_number(number, out),
        Val::Int(number) => {
            let _ = write!(out, "\"{number}\"");
        }
        Val::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Val::Text(text) => json::write_string(text, out),
        Val::Bytes(bytes) => {
            out.push('"');
            json::write_hex(bytes, out);
            out.push('"');
        }
        Val::Uuid(id) => write_uuid(*id, out),
        Val::Time(time) => {
            out.push('"');
            time.write(out);
            out.push('"');
        }
        // A text: most readers of JSON keep no more than 53 bits of a number.
        Val::Amount(amount) => {
            let _ = write!(out, "\"{amount}\"");
        }
    }
}

/// Appends a row as its digest covers it: JCS(row without salt).
pub fn write_row(table: &Table, id: Uuid, values: &[Val], (version, entry): (u64, u64), out: &mut String) {
    let keep =
        |position: usize, column: &Column| !column.leaves_out(values.get(position).unwrap_or(&Val::Null));
    table.write(id, values, keep, Some((version, entry)), out);
}

/// SHA-256(salt ‖ JCS(row without salt)) of a row as stored.
pub fn row_digest(
    table: &Table,
    id: Uuid,
    values: &[Val],
    version: u64,
    entry: u64,
    salt: &Salt,
) -> [u8; 32] {
    let mut text = String::with_capacity(512);
    write_row(table, id, values, (version, entry), &mut text);
    commitment::commit(salt, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use evidence::time::Timestamp;

    use super::*;
    use crate::custody::{Account, Amount, House, Owner};
    use crate::record::Kind;
    use crate::tables::SEALED;

    /// What is written is its own canonical form (RFC 8785): members in order, nothing spelled otherwise.
    #[test]
    fn rows_are_written_in_canonical_form() {
        let uuid = Uuid::from_u128(0x0123_4567_89ab_cdef);
        let values = |table: &Table, filled: bool| -> Vec<Val> {
            let value = |column: &Column| match column.kind {
                _ if !filled => Val::Null,
                Kind::Int => Val::Int(i64::MAX),
                Kind::Bool => Val::Bool(true),
                Kind::Text => "a \"b\"\n\u{e9}".into(),
                Kind::Bytes => vec![0, 255].into(),
                Kind::Uuid => uuid.into(),
                Kind::Time => Val::Time(Timestamp::EPOCH),
                Kind::Amount => Val::Amount(Amount::new(-5).unwrap()),
            };
            table.columns.iter().map(value).collect()
        };
        for table in SEALED {
            for filled in [false, true] {
                let mut text = String::new();
                table.write(
                    uuid,
                    &values(table, filled),
                    |_, _| true,
                    Some((7, 1 << 60)),
                    &mut text,
                );
                let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
                let members = parsed.as_object().unwrap().len();
                assert_eq!(members, table.columns.len() + 3, "{}", table.name);
                // Indexes beyond 2^53 do not come back from a float: only their digits are compared.
                let text = text.replace(&(1_u64 << 60).to_string(), "0");
                let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(json::canonical(&parsed), text, "{}", table.name);
            }
        }
    }

    #[test]
    fn images_show_what_differs_and_no_secret() {
        let owner = Owner::House(House::Fees);
        let asset = Uuid::from_u128(1);
        let before = crate::custody::Balance::open(asset, owner, Timestamp::EPOCH);
        let mut after = before.clone();
        after.posted = Amount::new(5).unwrap();
        let mut text = String::new();
        write_images(Some(&before), &after, true, &mut text);
        let id = Account { asset, owner }.id();
        assert_eq!(
            text,
            format!(r#"{{"after":{{"id":"{id}","posted":"5"}},"before":{{"id":"{id}","posted":"0"}}}}"#)
        );
        let mut whole = String::new();
        write_images(None, &after, false, &mut whole);
        assert!(
            !whole.contains("closed_at") && whole.contains(r#""house":"fees""#),
            "{whole}"
        );
    }
}
