//! The sealed tables, once: what follows from a row's type is made from this list. It stands above the rows and below
//! the verbs.

use std::collections::HashMap;
use std::sync::Arc;

use evidence::commitment::Salt;
use uuid::Uuid;

use crate::approval::{Approval, Vote};
use crate::audit::erasure::Erasure;
use crate::audit::hold::LegalHold;
use crate::audit::known::KnownEntry;
use crate::audit::pruning::Pruning;
use crate::custody::destination::Destination;
use crate::custody::kyc::{KycDocument, KycRecord};
use crate::custody::operation::{ChainOutput, Operations};
use crate::custody::sum::{Sum, Tally};
use crate::custody::{Asset, Balance, Operation};
use crate::governance::Agent;
use crate::identity::api_key::ApiKey;
use crate::identity::invitation::Invitation;
use crate::identity::rules::Rules;
use crate::identity::second_factor::SecondFactor;
use crate::identity::session::Session;
use crate::identity::user::User;
use crate::record::{DecodeError, Record, Sealed, Table, Val};
use crate::workflow::conversation::Conversation;
use crate::workflow::execution::{Execution, ExecutionDay, ExecutionDays};
use crate::workflow::metric::Metric;
use crate::workflow::step::ExecutionStep;

/// A row that is kept among the facts.
pub trait Kept: Record {
    /// Takes in a version of a row.
    fn keep(row: Sealed<Self>, facts: &mut Facts);
}

/// A row by its table and id.
pub type RowKey = (&'static str, Uuid);

macro_rules! tables {
    (@rows $name:ident) => { HashMap<Uuid, Sealed<$name>> };
    (@rows $name:ident $rows:ident) => { $rows };
    ($($name:ident in $field:ident, $kind:literal $(as $rows:ident)?;)*) => {
        /// Every sealed table, in the order of their references.
        pub const SEALED: &[&Table] = &[$(<$name as Record>::TABLE),*];

        /// A row of any of them: one to be written, in the version it will have, or one that is known.
        #[derive(Clone, Debug, PartialEq)]
        pub enum RowWrite { $(
            #[doc = concat!("A row of `", stringify!($field), "`.")]
            $name(Box<Sealed<$name>>),
        )* }

        $(impl From<Sealed<$name>> for RowWrite {
            fn from(row: Sealed<$name>) -> RowWrite { RowWrite::$name(Box::new(row)) }
        })*

        impl RowWrite {
            /// The row as values.
            pub fn values(&self) -> RowValues {
                match self { $(RowWrite::$name(row) => RowValues::of(row)),* }
            }

            /// Its table and id.
            pub fn key(&self) -> RowKey {
                match self { $(RowWrite::$name(row) => (<$name as Record>::TABLE.name, row.row.id())),* }
            }

            /// How many bytes it takes in memory, about.
            pub fn bytes(&self) -> usize {
                let fixed = match self { $(RowWrite::$name(row) => size_of_val(&**row)),* };
                let texts = self.values().values.into_iter().map(|value| match value {
                    Val::Text(text) => text.len(),
                    Val::Bytes(bytes) => bytes.len(),
                    _ => 0,
                });
                fixed + texts.sum::<usize>()
            }

            /// The value of the column of this name.
            pub fn value(&self, column: &str) -> Option<Val> {
                match self { $(RowWrite::$name(row) => row.row.value(column)),* }
            }

            /// Notes which entry writes it.
            pub fn written_by(&mut self, entry: u64) {
                match self { $(RowWrite::$name(row) => row.entry = entry),* }
            }
        }

        /// What is known while a batch is decided: the rows that its commands need, changed as it is decided.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Facts {
            /// The rules in force.
            pub rules: Arc<Rules>,
            $(
                #[doc = concat!("[`", stringify!($name), "`] by id.")]
                pub $field: tables!(@rows $name $($rows)?),
            )*
            /// Entries by id.
            pub entries: HashMap<Uuid, KnownEntry>,
            /// Ids of entries by index.
            pub entry_ids: HashMap<u64, Uuid>,
            /// How sums change by what was taken in.
            pub tally: Tally,
            /// How the counts of executions change by what was taken in.
            pub run_days: ExecutionDays,
        }

        $(impl Kept for $name {
            fn keep(row: Sealed<$name>, facts: &mut Facts) {
                facts.$field.insert(row.row.id(), row);
            }
        })*

        impl Facts {
            /// Takes in a row.
            pub fn take(&mut self, row: RowWrite) {
                match row { $(RowWrite::$name(row) => $name::keep(*row, self)),* }
            }

            /// Every row.
            pub fn rows(&self) -> Vec<RowWrite> {
                let mut found = Vec::new();
                $(found.extend(self.$field.values().cloned().map(RowWrite::from));)*
                found
            }

            /// Whether a thing of this kind and id is there.
            pub(crate) fn has(&self, kind: &str, id: Uuid) -> bool {
                match kind { $($kind => self.$field.get(&id).is_some(),)* _ => false }
            }

            /// Whether this row is among them.
            pub fn holds(&self, (table, id): RowKey) -> bool {
                $(if table == <$name as Record>::TABLE.name {
                    return self.$field.get(&id).is_some();
                })*
                false
            }

            /// Every row, with the index of the entry that wrote it.
            pub fn sealed_rows(&self) -> Vec<(RowValues, u64)> {
                let mut found = Vec::new();
                $(found.extend(self.$field.values().map(|row| (RowValues::of(row), row.entry)));)*
                found
            }
        }
    };
}

// The row, where it is among the facts, and what a thing of it is called as the target of an entry.
tables! {
    User in users, "user";
    Agent in agents, "agent";
    ApiKey in api_keys, "api_key";
    Session in sessions, "session";
    Invitation in invitations, "invitation";
    SecondFactor in second_factors, "second_factor";
    Erasure in erasures, "erasure";
    Pruning in prunings, "pruning";
    LegalHold in legal_holds, "legal_hold";
    Asset in assets, "asset";
    Balance in balances, "balance";
    KycRecord in kyc_records, "kyc_record";
    KycDocument in kyc_documents, "kyc_document";
    Destination in destinations, "destination";
    Approval in approvals, "approval";
    Vote in votes, "vote";
    Operation in operations, "operation" as Operations;
    ChainOutput in chain_outputs, "chain_output";
    Sum in sums, "sum";
    Conversation in conversations, "conversation";
    Execution in executions, "execution";
    ExecutionDay in execution_days, "execution_day";
    Metric in metrics, "metric";
    ExecutionStep in steps, "step";
}

/// A stored row, as values.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its id.
    pub id: Uuid,
    /// Its values, in the order of the table's columns.
    pub values: Vec<Val>,
    /// Its version.
    pub version: u64,
    /// Index of the entry that wrote it.
    pub entry: u64,
    /// Its salt.
    pub salt: Salt,
}

impl Stored {
    /// The row as its type.
    pub fn decode<T: Record>(self) -> Result<Sealed<T>, DecodeError> {
        Ok(Sealed {
            row: T::from_values(self.id, self.values)?,
            version: self.version,
            entry: self.entry,
            salt: self.salt,
        })
    }
}

/// A row to be written, as values.
#[derive(Clone, Debug, PartialEq)]
pub struct RowValues {
    /// Its table.
    pub table: &'static Table,
    /// Its id.
    pub id: Uuid,
    /// Its version after the write.
    pub version: u64,
    /// Its salt.
    pub salt: Salt,
    /// Its values, in the order of the table's columns.
    pub values: Vec<Val>,
}

impl RowValues {
    /// A row as values.
    pub fn of<T: Record>(sealed: &Sealed<T>) -> RowValues {
        RowValues {
            table: T::TABLE,
            id: sealed.row.id(),
            version: sealed.version,
            salt: sealed.salt,
            values: sealed.row.values(),
        }
    }
}
