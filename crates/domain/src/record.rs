//! Rows as values: what a sealed table is, and how a struct becomes a row of one.

mod canonical;
mod read;

use evidence::commitment::Salt;
use evidence::time::Timestamp;
use uuid::Uuid;

pub use canonical::{Order, order, row_digest, write_images, write_row};
pub use read::{RowText, read_row};

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
#[allow(
    clippy::struct_excessive_bools,
    reason = "marks that have nothing to do with each other"
)]
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
    /// Never changes once the row is there, so that a change of the row need not touch it, nor any index on it.
    pub fixed: bool,
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

    /// The same, for a column that never changes.
    #[must_use]
    pub const fn fixed(mut self) -> Column {
        self.fixed = true;
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
        fixed: false,
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
    /// The value of the column of this name.
    fn value(&self, column: &str) -> Option<Val> {
        let position = Self::TABLE.columns.iter().position(|one| one.name == column)?;
        self.values().into_iter().nth(position)
    }
    /// The row from values in that order.
    fn from_values(id: Uuid, values: Vec<Val>) -> Result<Self, DecodeError>;
}

/// Whether no column changes that never does.
pub fn keeps_fixed<T: Record>(before: &T, after: &T) -> bool {
    let values = before.values().into_iter().zip(after.values());
    let mut columns = T::TABLE.columns.iter().zip(values);
    columns.all(|(column, (before, after))| !column.fixed || before == after)
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
/// had rows already, see [`Column::added`], `[sparse]` that it is NULL in most rows, `[fixed]` that it never changes.
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
