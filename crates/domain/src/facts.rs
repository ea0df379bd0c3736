//! Facts: the rows that a batch's commands need, loaded once, and changed as the batch is decided.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use evidence::commitment::Salt;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::approval::{Approval, Vote};
use crate::audit::erase::Erasure;
use crate::audit::known::KnownEntry;
use crate::custody::destination::Destination;
use crate::custody::kyc::{KycDocument, KycRecord};
use crate::custody::operation::{ChainOutput, Operations};
use crate::custody::{Asset, Balance, Operation};
use crate::decision::Draft;
use crate::identity::api_key::ApiKey;
use crate::identity::invitation::Invitation;
use crate::identity::permission::Role;
use crate::identity::rules::Rules;
use crate::identity::second_factor::SecondFactor;
use crate::identity::session::Session;
use crate::identity::user::User;
use crate::record::{Record, Sealed, Table, Val};
use crate::refusal::Refusal;

/// Which rows commands read, by key. Sets are ordered, so that rows are locked in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The time of the batch.
    pub now: Timestamp,
    /// The beginning of the longest window of a limit.
    pub limited_since: Timestamp,
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
    /// Assets by id.
    pub assets: BTreeSet<Uuid>,
    /// Users to rely on, by id.
    pub owners: BTreeSet<Uuid>,
    /// Assets by code, in lower case.
    pub asset_codes: BTreeSet<String>,
    /// Balances to change, by id.
    pub balances: BTreeSet<Uuid>,
    /// Operations to change, by id.
    pub operations: BTreeSet<Uuid>,
    /// Operations and claims by the key of a transaction's hash.
    pub tx_hashes: BTreeSet<String>,
    /// Reversals of operations, by the key of the hash of a transaction that these name.
    pub reversed_of: BTreeSet<String>,
    /// Reversals, by what they reverse.
    pub reversals_of: BTreeSet<Uuid>,
    /// Pending operations past their time, to change, by their debit balance.
    pub due_of: BTreeSet<Uuid>,
    /// Operations that count against the limits of these balances, in the longest window.
    pub limited_of: BTreeSet<Uuid>,
    /// KYC records to change, by id.
    pub kyc_records: BTreeSet<Uuid>,
    /// KYC records that were approved or are pending, to change, by user.
    pub kyc_of: BTreeSet<Uuid>,
    /// KYC records to rely on, by user.
    pub tier_of: BTreeSet<Uuid>,
    /// KYC documents, to change, by their record.
    pub documents_of: BTreeSet<Uuid>,
    /// Destinations to change, by id.
    pub destinations: BTreeSet<Uuid>,
    /// Destinations in use, by user.
    pub destinations_of: BTreeSet<Uuid>,
    /// Approvals to change, by id; with their votes.
    pub approvals: BTreeSet<Uuid>,
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

    /// Operations of a transaction, by the key of its hash; with their reversals, where those matter.
    pub(crate) fn hash(&mut self, key: &str, reversals: bool) {
        if key.contains('\0') {
            return;
        }
        self.tx_hashes.insert(key.to_owned());
        if reversals {
            self.reversed_of.insert(key.to_owned());
        }
    }

    /// A user with all that hangs on its credentials.
    pub(crate) fn account(&mut self, user: Uuid) {
        self.users.insert(user);
        self.sessions_of.insert(user);
        self.invitations_of.insert(user);
        self.second_factors.insert(user);
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
    /// Assets by id.
    pub assets: HashMap<Uuid, Sealed<Asset>>,
    /// Balances by id.
    pub balances: HashMap<Uuid, Sealed<Balance>>,
    /// Operations by id.
    pub operations: Operations,
    /// Claims to outputs of transactions by id.
    pub chain_outputs: HashMap<Uuid, Sealed<ChainOutput>>,
    /// KYC records by id.
    pub kyc_records: HashMap<Uuid, Sealed<KycRecord>>,
    /// KYC documents by id.
    pub kyc_documents: HashMap<Uuid, Sealed<KycDocument>>,
    /// Destinations by id.
    pub destinations: HashMap<Uuid, Sealed<Destination>>,
    /// Approvals by id.
    pub approvals: HashMap<Uuid, Sealed<Approval>>,
    /// Votes on approvals by id.
    pub votes: HashMap<Uuid, Sealed<Vote>>,
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

    /// Takes in what a decision writes, so that later commands of the batch see it.
    pub fn apply(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            draft.writes.iter().for_each(|write| self.take(write));
            for index in &draft.erases {
                if let Some(entry) = self.entry_ids.get(index).and_then(|id| self.entries.get_mut(id)) {
                    entry.payload = None;
                }
            }
        }
    }
}

impl Facts {
    /// Takes in the entry of a refusal, so that later commands of the batch see that its id is taken.
    pub fn refused(&mut self, refusal: &Refusal, draft: &Draft) {
        if refusal.sticks {
            self.entries.insert(draft.id, KnownEntry::drafted(draft));
        }
    }
}

impl Facts {
    /// Whether a thing of this kind and id is there.
    pub(crate) fn has(&self, kind: &str, id: Uuid) -> bool {
        match kind {
            "user" => self.users.contains_key(&id),
            "session" => self.sessions.contains_key(&id),
            "balance" => self.balances.contains_key(&id),
            "operation" => self.operations.get(&id).is_some(),
            "kyc_record" => self.kyc_records.contains_key(&id),
            "destination" => self.destinations.contains_key(&id),
            "approval" => self.approvals.contains_key(&id),
            _ => self.api_keys.contains_key(&id),
        }
    }
}

/// Rows that are kept as facts, by id.
trait Rows<T: 'static> {
    fn put(&mut self, row: Sealed<T>);
    fn each(&self) -> impl Iterator<Item = &Sealed<T>>;
}

impl<T: Record + 'static> Rows<T> for HashMap<Uuid, Sealed<T>> {
    fn put(&mut self, row: Sealed<T>) {
        self.insert(row.row.id(), row);
    }

    fn each(&self) -> impl Iterator<Item = &Sealed<T>> {
        self.values()
    }
}

impl Rows<Operation> for Operations {
    fn put(&mut self, row: Sealed<Operation>) {
        self.insert(row);
    }

    fn each(&self) -> impl Iterator<Item = &Sealed<Operation>> {
        self.values()
    }
}

macro_rules! row_writes {
    ($($(#[$doc:meta])* $name:ident $(in $rows:ident)?,)*) => {
        /// A row to be written, in the version it will have.
        #[derive(Clone, Debug, PartialEq)]
        pub enum RowWrite { $($(#[$doc])* $name(Box<Sealed<$name>>)),* }

        $(impl From<Sealed<$name>> for RowWrite {
            fn from(row: Sealed<$name>) -> RowWrite { RowWrite::$name(Box::new(row)) }
        })*

        impl RowWrite {
            /// The row as values.
            pub fn values(&self) -> RowValues {
                match self { $(RowWrite::$name(row) => RowValues::of(row)),* }
            }
        }

        impl Facts {
            /// Takes in a row that is written.
            fn take(&mut self, write: &RowWrite) {
                match write { $(RowWrite::$name(_row) => { $(self.$rows.put(Sealed::clone(_row));)? }),* }
            }

            /// Every row that has a seal, with the index of the entry that wrote it.
            pub fn sealed_rows(&self) -> Vec<(RowValues, u64)> {
                let mut found = Vec::new();
                $($(found.extend(self.$rows.each().map(|row| (RowValues::of(row), row.entry)));)?)*
                found
            }
        }
    };
}
row_writes! {
    /// A user.
    User in users,
    /// An API key.
    ApiKey in api_keys,
    /// A session.
    Session in sessions,
    /// An invitation.
    Invitation in invitations,
    /// A second factor.
    SecondFactor in second_factors,
    /// The mark of an erased entry.
    Erasure,
    /// An asset.
    Asset in assets,
    /// A balance.
    Balance in balances,
    /// A KYC record.
    KycRecord in kyc_records,
    /// A KYC document.
    KycDocument in kyc_documents,
    /// A destination.
    Destination in destinations,
    /// An approval.
    Approval in approvals,
    /// A vote.
    Vote in votes,
    /// An operation.
    Operation in operations,
    /// A claim to an output of a transaction.
    ChainOutput in chain_outputs,
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
