//! Facts: the rows that a batch's commands need, loaded once, and changed as the batch is decided.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use evidence::commitment::Salt;
use uuid::Uuid;

use crate::audit::erase::Erasure;
use crate::audit::known::KnownEntry;
use crate::decision::Draft;
use crate::identity::api_key::ApiKey;
use crate::identity::invitation::Invitation;
use crate::identity::permission::Role;
use crate::identity::rules::Rules;
use crate::identity::second_factor::SecondFactor;
use crate::identity::session::Session;
use crate::identity::user::User;
use crate::record::{Record, Sealed, Table, Val};

/// Which rows commands read, by key. Sets are ordered, so that rows are locked in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Calling API keys with their owners: read and share-locked.
    pub callers: BTreeSet<Uuid>,
    /// Calling sessions with their users: read and share-locked.
    pub calling_sessions: BTreeSet<Uuid>,
    /// Users to change, by id.
    pub users: BTreeSet<Uuid>,
    /// Users by name, in lower case.
    pub usernames: BTreeSet<String>,
    /// Users by e-mail address, in lower case.
    pub emails: BTreeSet<String>,
    /// Whether every admin is needed, to know whether one is the last.
    pub admins: bool,
    /// API keys to change, by id.
    pub api_keys: BTreeSet<Uuid>,
    /// API keys, to change, by their owner.
    pub api_keys_of: BTreeSet<Uuid>,
    /// Sessions to change, by id.
    pub sessions: BTreeSet<Uuid>,
    /// Sessions that have not ended, to change, by their user.
    pub sessions_of: BTreeSet<Uuid>,
    /// Invitations that are open, to change, by their user.
    pub invitations_of: BTreeSet<Uuid>,
    /// Second factors to change, by user.
    pub second_factors: BTreeSet<Uuid>,
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

    /// Adds a user by e-mail address, in any case.
    pub fn email(&mut self, email: &str) {
        if !email.contains('\0') {
            self.emails.insert(email.to_ascii_lowercase());
        }
    }
}

/// What is known while a batch is decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The rules in force.
    pub rules: Arc<Rules>,
    /// Users by id.
    pub users: HashMap<Uuid, Sealed<User>>,
    /// API keys by id.
    pub api_keys: HashMap<Uuid, Sealed<ApiKey>>,
    /// Sessions by id.
    pub sessions: HashMap<Uuid, Sealed<Session>>,
    /// Invitations by id.
    pub invitations: HashMap<Uuid, Sealed<Invitation>>,
    /// Second factors by their user.
    pub second_factors: HashMap<Uuid, Sealed<SecondFactor>>,
    /// Entries by id.
    pub entries: HashMap<Uuid, KnownEntry>,
    /// Ids of entries by index.
    pub entry_ids: HashMap<u64, Uuid>,
}

/// Those of one user, oldest first.
fn of_user<T>(rows: &HashMap<Uuid, Sealed<T>>, belongs: impl Fn(&T) -> bool) -> Vec<&Sealed<T>>
where
    T: Record,
{
    let mut found: Vec<_> = rows.values().filter(|sealed| belongs(&sealed.row)).collect();
    // UUIDv7: the order of ids is the order of making.
    found.sort_unstable_by_key(|sealed| sealed.row.id());
    found
}

impl Facts {
    /// The user of this name, in any case.
    pub fn user_named(&self, name: &str) -> Option<&Sealed<User>> {
        self.users
            .values()
            .find(|user| user.row.username.eq_ignore_ascii_case(name))
    }

    /// The user of this e-mail address, in any case.
    pub fn user_with_email(&self, email: &str) -> Option<&Sealed<User>> {
        let has = |user: &&Sealed<User>| {
            let own = user.row.email.as_deref();
            own.is_some_and(|own| own.eq_ignore_ascii_case(email))
        };
        self.users.values().find(has)
    }

    /// Whether an active admin other than this user is there.
    pub fn other_admin(&self, id: Uuid) -> bool {
        let other =
            |user: &Sealed<User>| user.row.id != id && user.row.active && user.row.role == Role::ADMIN;
        self.users.values().any(other)
    }

    /// The user's sessions that have not ended, oldest first.
    pub fn sessions_of(&self, user: Uuid) -> Vec<&Sealed<Session>> {
        of_user(&self.sessions, |session| {
            session.user_id == user && session.ended_at.is_none()
        })
    }

    /// The user's API keys, revoked ones too, oldest first.
    pub fn api_keys_of(&self, user: Uuid) -> Vec<&Sealed<ApiKey>> {
        of_user(&self.api_keys, |key| key.user_id == user)
    }

    /// The user's invitations that are neither accepted nor withdrawn, oldest first.
    pub fn invitations_of(&self, user: Uuid) -> Vec<&Sealed<Invitation>> {
        of_user(&self.invitations, |invitation| {
            invitation.user_id == user && invitation.closed_at.is_none()
        })
    }

    /// Every row that has a seal, with the index of the entry that wrote it.
    pub fn sealed_rows(&self) -> Vec<(RowValues, u64)> {
        fn all<T: Record>(rows: &HashMap<Uuid, Sealed<T>>, found: &mut Vec<(RowValues, u64)>) {
            found.extend(rows.values().map(|row| (RowValues::of(row), row.entry)));
        }
        let mut found = Vec::new();
        all(&self.users, &mut found);
        all(&self.api_keys, &mut found);
        all(&self.sessions, &mut found);
        all(&self.invitations, &mut found);
        all(&self.second_factors, &mut found);
        found
    }

    /// Takes in what a decision writes, so that later commands of the batch see it.
    pub fn apply(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            for write in &draft.writes {
                match write {
                    RowWrite::User(row) => drop(self.users.insert(row.row.id, row.clone())),
                    RowWrite::ApiKey(row) => drop(self.api_keys.insert(row.row.id, row.clone())),
                    RowWrite::Session(row) => drop(self.sessions.insert(row.row.id, row.clone())),
                    RowWrite::Invitation(row) => drop(self.invitations.insert(row.row.id, row.clone())),
                    RowWrite::SecondFactor(row) => {
                        drop(self.second_factors.insert(row.row.user_id, row.clone()));
                    }
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

macro_rules! row_writes {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A row to be written, in the version it will have.
        #[derive(Clone, Debug, PartialEq)]
        pub enum RowWrite { $($(#[$doc])* $name(Sealed<$name>)),* }

        $(impl From<Sealed<$name>> for RowWrite {
            fn from(row: Sealed<$name>) -> RowWrite { RowWrite::$name(row) }
        })*

        impl RowWrite {
            /// The row as values.
            pub fn values(&self) -> RowValues {
                match self { $(RowWrite::$name(row) => RowValues::of(row)),* }
            }
        }
    };
}
row_writes! {
    /// A user.
    User,
    /// An API key.
    ApiKey,
    /// A session.
    Session,
    /// An invitation.
    Invitation,
    /// A second factor.
    SecondFactor,
    /// The mark of an erased entry.
    Erasure,
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
