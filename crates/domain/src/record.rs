//! Rows as values: what a sealed table is, and the digest that its entry commits to.

use std::fmt::Write as _;

use evidence::commitment::{self, Salt};
use evidence::json;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::custody::Amount;

/// One SQL value, the same on both engines.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// SQL NULL.
    Null,
    /// 64-bit integer.
    Int(i64),
    /// Truth value.
    Bool(bool),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// UUID.
    Uuid(Uuid),
    /// Moment in microseconds.
    Time(Timestamp),
    /// Amount in an asset's smallest unit.
    Amount(Amount),
}

impl<T: Into<Val>> From<Option<T>> for Val {
    fn from(value: Option<T>) -> Val {
        value.map_or(Val::Null, Into::into)
    }
}

macro_rules! val_from {
    ($($type:ty => $variant:ident),*) => { $(
        impl From<$type> for Val {
            fn from(value: $type) -> Val { Val::$variant(value.into()) }
        }
    )* };
}
val_from!(i64 => Int, bool => Bool, String => Text, &str => Text, Vec<u8> => Bytes, &[u8] => Bytes, Uuid => Uuid, Timestamp => Time, Amount => Amount);

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `bigint` / `INTEGER`.
    Int,
    /// `boolean` / `INTEGER` 0 or 1.
    Bool,
    /// `text` / `TEXT`.
    Text,
    /// `bytea` / `BLOB`.
    Bytes,
    /// `uuid` / `BLOB` of 16 bytes.
    Uuid,
    /// `timestamptz` / `INTEGER` of microseconds.
    Time,
    /// `numeric(38,0)` / `TEXT`.
    Amount,
}

/// A column of a sealed table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name in SQL and in row images.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Left out of row images in the audit log (the row's digest covers it all the same).
    pub secret: bool,
    /// Came to a table that had rows already. Its NULL is left out of the row's digest, so that rows sealed before
    /// the column was there stay as they were sealed; any other value is in.
    pub added: bool,
    /// NULL in most rows: its NULL is left out of the row's digest and of row images.
    pub sparse: bool,
}

impl Column {
    /// The same, for a column whose value never leaves its table.
    #[must_use]
    pub const fn secret(mut self) -> Column {
        self.secret = true;
        self
    }

    /// The same, for a column that came to a table that had rows already. It must be nullable.
    #[must_use]
    pub const fn added(mut self) -> Column {
        self.added = true;
        self
    }

    /// The same, for a column that is NULL in most rows.
    #[must_use]
    pub const fn sparse(mut self) -> Column {
        self.sparse = true;
        self
    }

    /// Whether this value is left out of the row's digest.
    fn leaves_out(&self, value: &Val) -> bool {
        (self.added || self.sparse) && *value == Val::Null
    }
}

/// A plain column.
pub const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        secret: false,
        added: false,
        sparse: false,
    }
}

/// A sealed table: its key is the uuid column `id`; `version`, `entry` and `salt` come after the named columns.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Name in SQL.
    pub name: &'static str,
    /// Columns beside `id`, `version`, `entry` and `salt`.
    pub columns: &'static [Column],
    /// The order of the members of its rows in canonical JSON, see [`order`].
    pub order: Order,
}

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

/// Every sealed table.
pub const SEALED: &[&Table] = &[
    crate::identity::user::User::TABLE,
    crate::identity::api_key::ApiKey::TABLE,
    crate::identity::session::Session::TABLE,
    crate::identity::invitation::Invitation::TABLE,
    crate::identity::second_factor::SecondFactor::TABLE,
    crate::audit::erase::Erasure::TABLE,
    crate::custody::asset::Asset::TABLE,
    crate::custody::balance::Balance::TABLE,
    crate::custody::kyc::KycRecord::TABLE,
    crate::custody::kyc::KycDocument::TABLE,
    crate::custody::destination::Destination::TABLE,
    crate::approval::Approval::TABLE,
    crate::approval::Vote::TABLE,
    crate::custody::operation::Operation::TABLE,
];

/// A stored row that does not decode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{table}.{column}: {reason}")]
pub struct DecodeError {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// What is wrong with the value.
    pub reason: String,
}

/// A row of a sealed table.
pub trait Record: Sized + Clone {
    /// Its table.
    const TABLE: &'static Table;
    /// Its id.
    fn id(&self) -> Uuid;
    /// Its values, in the order of the table's columns.
    fn values(&self) -> Vec<Val>;
    /// The row from values in that order.
    fn from_values(id: Uuid, values: Vec<Val>) -> Result<Self, DecodeError>;
}

/// A row with its seal.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed<T> {
    /// The row.
    pub row: T,
    /// Counts its writes from 1.
    pub version: u64,
    /// Index of the entry that wrote it.
    pub entry: u64,
    /// Salt of its digest; new at each write.
    pub salt: Salt,
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
    let keep =
        |position: usize, column: &Column| !column.leaves_out(values.get(position).unwrap_or(&Val::Null));
    table.write(id, values, keep, Some((version, entry)), &mut text);
    commitment::commit(salt, text.as_bytes())
}

/// A type that a column can hold.
pub trait Field: Sized {
    /// The type of the column.
    const KIND: Kind;
    /// The value to be stored.
    fn to_val(&self) -> Val;
    /// The field from a stored value; otherwise what was expected instead.
    fn of_val(value: Val) -> Result<Self, String>;
}

macro_rules! fields {
    ($($type:ty => $variant:ident, $what:literal;)*) => { $(
        impl Field for $type {
            const KIND: Kind = Kind::$variant;
            fn to_val(&self) -> Val { Val::$variant(self.clone()) }
            fn of_val(value: Val) -> Result<Self, String> {
                match value {
                    Val::$variant(value) => Ok(value),
                    other => Err(format!("expected {}, found {other:?}", $what)),
                }
            }
        }
    )* };
}
fields! {
    i64 => Int, "an integer";
    bool => Bool, "a truth value";
    String => Text, "a text";
    Vec<u8> => Bytes, "bytes";
    Uuid => Uuid, "a UUID";
    Timestamp => Time, "a time";
    Amount => Amount, "an amount";
}

impl Field for u64 {
    const KIND: Kind = Kind::Int;

    fn to_val(&self) -> Val {
        Val::Int(i64::try_from(*self).unwrap_or(i64::MAX))
    }

    fn of_val(value: Val) -> Result<u64, String> {
        let number = i64::of_val(value)?;
        u64::try_from(number).map_err(|_| format!("{number} is negative"))
    }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;

    fn to_val(&self) -> Val {
        self.as_ref().map_or(Val::Null, Field::to_val)
    }

    fn of_val(value: Val) -> Result<Option<T>, String> {
        match value {
            Val::Null => Ok(None),
            value => T::of_val(value)
                .map(Some)
                .map_err(|expected| format!("{expected} (or NULL)")),
        }
    }
}

/// Makes an enum of words: their spelling, their look-up, and a column that holds one.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $text:literal])+ $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $text])+ $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The word in JSON, SQL and configuration.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            /// What `word` names.
            pub fn parse(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }

            /// What it is, in a sentence.
            pub fn description(self) -> &'static str {
                match self { $($name::$variant => concat!($($text),+).trim_ascii()),* }
            }

            /// What `word` names; otherwise which words there are.
            pub fn read(field: &str, word: &str) -> Result<$name, $crate::FieldError> {
                $name::parse(word).ok_or_else(|| {
                    let known: Vec<_> = $name::ALL.iter().map(|one| one.as_str()).collect();
                    $crate::FieldError::new(field, format!("must be one of {}", known.join(", ")))
                })
            }
        }

        impl $crate::record::Field for $name {
            const KIND: $crate::record::Kind = $crate::record::Kind::Text;

            fn to_val(&self) -> $crate::record::Val {
                self.as_str().into()
            }

            fn of_val(value: $crate::record::Val) -> Result<$name, String> {
                let word = <String as $crate::record::Field>::of_val(value)?;
                $name::parse(&word).ok_or_else(|| format!("{word:?} is not a {}", stringify!($name)))
            }
        }
    };
}

/// The field of a stored row; the error names the column.
pub fn field<T: Field>(
    table: &'static Table,
    column: &'static str,
    value: Option<Val>,
) -> Result<T, DecodeError> {
    T::of_val(value.unwrap_or(Val::Null)).map_err(|reason| DecodeError {
        table: table.name,
        column,
        reason,
    })
}

/// Makes a struct the row of a sealed table: one field a column, in this order, after the id.
///
/// `[secret]` after a field keeps its value out of row images; `[added]` says that the column came to a table that
/// had rows already, see [`Column::added`], and `[sparse]` that it is NULL in most rows.
#[macro_export]
macro_rules! record {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident in $table:literal {
            $(#[$id_doc:meta])*
            pub $id:ident: id,
            $($(#[$doc:meta])* pub $field:ident: $type:ty $([$mark:ident])*,)*
        }
    ) => {
        $(#[$attribute])*
        pub struct $name {
            $(#[$id_doc])*
            pub $id: uuid::Uuid,
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::record::Record for $name {
            const TABLE: &'static $crate::record::Table = &$crate::record::Table {
                name: $table,
                columns: {
                    const COLUMNS: &[$crate::record::Column] = &[$(
                        $crate::record::column(stringify!($field), <$type as $crate::record::Field>::KIND)$(.$mark())*
                    ),*];
                    COLUMNS
                },
                order: $crate::record::order(&[$(
                    $crate::record::column(stringify!($field), <$type as $crate::record::Field>::KIND)
                ),*]),
            };

            fn id(&self) -> uuid::Uuid {
                self.$id
            }

            fn values(&self) -> Vec<$crate::record::Val> {
                vec![$($crate::record::Field::to_val(&self.$field)),*]
            }

            fn from_values(
                id: uuid::Uuid,
                values: Vec<$crate::record::Val>,
            ) -> Result<Self, $crate::record::DecodeError> {
                let mut values = values.into_iter();
                Ok($name {
                    $id: id,
                    $($field: $crate::record::field(Self::TABLE, stringify!($field), values.next())?,)*
                })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::{Account, House, Owner};

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
