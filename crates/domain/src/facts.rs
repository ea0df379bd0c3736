//! Facts: the rows that a batch's commands need, loaded once, and changed as the batch is decided.

use std::collections::{BTreeSet, HashMap};

use evidence::commitment::Salt;
use uuid::Uuid;

use crate::audit::erase::Erasure;
use crate::audit::known::KnownEntry;
use crate::decision::Draft;
use crate::identity::api_key::ApiKey;
use crate::identity::user::User;
use crate::record::{Record, Sealed, Table, Val};

/// Which rows commands read, by key. Sets are ordered, so that rows are locked in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Calling API keys with their owners: read and share-locked.
    pub callers: BTreeSet<Uuid>,
    /// Users to change, by id.
    pub users: BTreeSet<Uuid>,
    /// Users by name, in lower case.
    pub usernames: BTreeSet<String>,
    /// API keys to change, by id.
    pub api_keys: BTreeSet<Uuid>,
    /// Entries by id, to know whether one is taken.
    pub entry_ids: BTreeSet<Uuid>,
    /// Entries by index.
    pub entry_indexes: BTreeSet<u64>,
}

impl Needs {
    /// Adds a user by name, in any case. A name that no user can have is not looked for: U+0000 would make
    /// PostgreSQL refuse the look-up, and with it the whole batch.
    pub fn username(&mut self, name: &str) {
        if !name.contains('\0') {
            self.usernames.insert(name.to_ascii_lowercase());
        }
    }
}

/// What is known while a batch is decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Users by id.
    pub users: HashMap<Uuid, Sealed<User>>,
    /// API keys by id.
    pub api_keys: HashMap<Uuid, Sealed<ApiKey>>,
    /// Entries by id.
    pub entries: HashMap<Uuid, KnownEntry>,
    /// Ids of entries by index.
    pub entry_ids: HashMap<u64, Uuid>,
}

impl Facts {
    /// The user of this name, in any case.
    pub fn user_named(&self, name: &str) -> Option<&Sealed<User>> {
        self.users
            .values()
            .find(|user| user.row.username.eq_ignore_ascii_case(name))
    }

    /// Takes in what a decision writes, so that later commands of the batch see it.
    pub fn apply(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            for write in &draft.writes {
                match write {
                    RowWrite::User(user) => drop(self.users.insert(user.row.id, user.clone())),
                    RowWrite::ApiKey(key) => drop(self.api_keys.insert(key.row.id, key.clone())),
                    RowWrite::Erasure(_) => {}
                }
            }
            for index in &draft.erases {
                if let Some(entry) = self.entry_ids.get(index).and_then(|id| self.entries.get_mut(id)) {
                    entry.payload = None;
                }
            }
        }
    }
}

/// A row to be written, in the version it will have.
#[derive(Clone, Debug, PartialEq)]
pub enum RowWrite {
    /// A user.
    User(Sealed<User>),
    /// An API key.
    ApiKey(Sealed<ApiKey>),
    /// The mark of an erased entry.
    Erasure(Sealed<Erasure>),
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

impl RowWrite {
    /// The row as values.
    pub fn values(&self) -> RowValues {
        fn of<T: Record>(sealed: &Sealed<T>) -> RowValues {
            RowValues {
                table: T::TABLE,
                id: sealed.row.id(),
                version: sealed.version,
                salt: sealed.salt,
                values: sealed.row.values(),
            }
        }
        match self {
            RowWrite::User(row) => of(row),
            RowWrite::ApiKey(row) => of(row),
            RowWrite::Erasure(row) => of(row),
        }
    }
}
