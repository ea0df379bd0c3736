//! How rows are found and held for a decision. The order of the list is the order in which rows are locked: for change
//! what may be changed, then against change what is only relied on. It is reviewed, and ARCHITECTURE.md shows it.

use std::collections::{BTreeMap, BTreeSet};

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::approval::{Approval, Vote};
use crate::audit::hold::LegalHold;
use crate::audit::pruning::Pruning;
use crate::context::Caller;
use crate::custody::chain::spellings;
use crate::custody::destination::Destination;
use crate::custody::kyc::{KycDocument, KycRecord};
use crate::custody::operation::ChainOutput;
use crate::custody::sum::Sum;
use crate::custody::{Asset, Balance, Operation};
use crate::governance::Agent;
use crate::identity::Rules;
use crate::identity::api_key::ApiKey;
use crate::identity::invitation::Invitation;
use crate::identity::second_factor::SecondFactor;
use crate::identity::session::Session;
use crate::identity::user::User;
use crate::record::{DecodeError, Table};
use crate::tables::{Facts, Kept, Stored};
use crate::workflow::conversation::Conversation;
use crate::workflow::execution::{Execution, ExecutionDay};
use crate::workflow::metric::Metric;
use crate::workflow::step::ExecutionStep;

/// A way to find rows.
#[derive(Debug)]
pub struct Look {
    /// Its name.
    pub name: &'static str,
    /// Its place in the order of the locks.
    pub position: usize,
    /// What it finds.
    pub source: Source,
    /// By what.
    pub by: By,
    /// Which rows only; all of them must hold.
    pub only: &'static [Only],
    /// How rows are held until the transaction ends.
    pub hold: Hold,
}

/// What a look finds.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// Rows of a sealed table, and how one becomes a fact.
    Rows(&'static Table, fn(Stored, &mut Facts) -> Result<(), DecodeError>),
    /// Entries of the log.
    Entries,
}

/// What the keys of a look are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A column.
    Column(&'static str),
    /// A column, in lower case.
    Lower(&'static str),
    /// A column without its blanks and in lower case: it finds what was stored in any spelling, before there was a rule.
    Spelt(&'static str),
    /// A column that is what rows of another table give, which are found by the key.
    Through(&'static Through),
}

/// The way through another table.
#[derive(Debug, PartialEq, Eq)]
pub struct Through {
    /// The column of the rows that are looked for.
    pub column: &'static str,
    /// The other table.
    pub table: &'static str,
    /// The column of the other table that gives it.
    pub gives: &'static str,
    /// What the keys are compared with there.
    pub by: By,
}

/// Which rows a look finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// The column is NULL.
    Null(&'static str),
    /// The column is not NULL.
    NotNull(&'static str),
    /// The column is one of these words.
    OneOf(&'static str, &'static [&'static str]),
    /// The time of the column has come.
    Due(&'static str),
    /// The time of the column is within the longest window of a limit.
    InWindow(&'static str),
}

/// How rows are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// For change.
    Change,
    /// Against change by others.
    Rely,
    /// Not at all: they never change, or what is held already keeps them.
    Read,
}

/// The key of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// An id.
    Id(Uuid),
    /// A text.
    Text(String),
    /// An index in the log.
    Index(u64),
}

macro_rules! key_from {
    ($($type:ty => $variant:ident),*) => { $(
        impl From<$type> for Key {
            fn from(key: $type) -> Key { Key::$variant(key.to_owned()) }
        }
    )* };
}
key_from!(Uuid => Id, &Uuid => Id, &str => Text, String => Text, u64 => Index, &u64 => Index);

/// What can be looked for.
trait Sought {
    const SOURCE: Source;
}

impl<T: Kept> Sought for T {
    const SOURCE: Source = Source::Rows(T::TABLE, |row, facts| {
        T::keep(row.decode()?, facts);
        Ok(())
    });
}

macro_rules! looks {
    (@source KnownEntry) => { Source::Entries };
    (@source $row:ident) => { <$row as Sought>::SOURCE };
    ($($name:ident = $row:ident, $by:expr, $only:expr, $hold:ident;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names of the looks, numbered")]
        enum Position { $($name),* }

        $(
            #[doc = concat!("[`", stringify!($row), "`]")]
            pub static $name: Look = Look {
                name: stringify!($name),
                position: Position::$name as usize,
                source: looks!(@source $row),
                by: $by,
                only: $only,
                hold: Hold::$hold,
            };
        )*

        /// Every look, in the order of the locks.
        pub static LOOKS: &[&Look] = &[$(&$name),*];
    };
}

use By::{Column, Lower, Spelt};
use Only::{Due, InWindow, NotNull, Null, OneOf};

const fn through(through: &'static Through) -> By {
    By::Through(through)
}

looks! {
    API_KEY = ApiKey, Column("id"), &[], Change;
    API_KEYS_OF = ApiKey, Column("user_id"), &[], Change;
    CALLING_KEY = ApiKey, Column("id"), &[], Rely;
    SESSION = Session, Column("id"), &[], Change;
    SESSIONS_OF = Session, Column("user_id"), &[Null("ended_at")], Change;
    CALLING_SESSION = Session, Column("id"), &[], Rely;
    INVITATIONS_OF = Invitation, Column("user_id"), &[Null("closed_at")], Change;
    SECOND_FACTOR = SecondFactor, Column("id"), &[], Change;
    USER = User, Column("id"), &[], Change;
    USERS_IN_ROLE = User, Column("role"), &[], Change;
    USER_RELIED_ON = User, Column("id"), &[], Rely;
    OWNER_OF_KEY = User, through(&Through { column: "id", table: "api_keys", gives: "user_id", by: Column("id") }), &[], Rely;
    USER_OF_SESSION = User, through(&Through { column: "id", table: "sessions", gives: "user_id", by: Column("id") }), &[], Rely;
    OWNER_OF_AGENT = User, through(&Through { column: "id", table: "agents", gives: "user_id", by: Column("id") }), &[], Rely;
    USER_NAMED = User, Lower("username"), &[], Rely;
    USER_WITH_EMAIL = User, Lower("email"), &[NotNull("email")], Rely;
    AGENT = Agent, Column("id"), &[], Change;
    AGENTS_OF = Agent, Column("user_id"), &[], Change;
    AGENT_RELIED_ON = Agent, Column("id"), &[], Rely;
    AGENT_NAMED = Agent, Column("name"), &[], Rely;
    ENTRY = KnownEntry, Column("id"), &[], Read;
    ENTRY_AT = KnownEntry, Column("entry"), &[], Change;
    PRUNING = Pruning, Column("id"), &[], Change;
    ASSET = Asset, Column("id"), &[], Read;
    ASSET_TO_COUNT = Asset, Column("id"), &[], Change;
    ASSET_CODED = Asset, Lower("code"), &[], Read;
    APPROVAL = Approval, Column("id"), &[], Change;
    APPROVALS_OPEN_OF_AGENT = Approval, Column("agent_id"), &[OneOf("status", &["pending", "granted"])], Change;
    PENDING_BESIDE = Approval, through(&Through { column: "execution_id", table: "approvals", gives: "execution_id", by: Column("id") }), &[OneOf("status", &["pending"])], Rely;
    APPROVAL_READ = Approval, Column("id"), &[], Read;
    VOTE = Vote, Column("id"), &[], Change;
    VOTES_ON = Vote, Column("approval_id"), &[], Rely;
    KYC_RECORD = KycRecord, Column("id"), &[], Change;
    KYC_RECORDS_OPEN_OF = KycRecord, Column("user_id"), &[OneOf("status", &["pending", "approved"])], Change;
    KYC_RECORDS_OF = KycRecord, Column("user_id"), &[], Rely;
    DOCUMENTS_OF = KycDocument, Column("record_id"), &[], Change;
    DESTINATION = Destination, Column("id"), &[], Change;
    DESTINATIONS_IN_USE_OF = Destination, Column("user_id"), &[Null("removed_at")], Rely;
    OPERATION = Operation, Column("id"), &[], Change;
    REVERSALS_OF = Operation, Column("reverses_id"), &[], Read;
    DUE_OF = Operation, Column("debit_id"), &[OneOf("status", &["pending"]), Due("expires_at")], Change;
    OUTPUTS = ChainOutput, Column("tx_hash"), &[], Read;
    SPELT = Operation, Spelt("tx_hash"), &[NotNull("tx_hash")], Read;
    CLAIMING = Operation, through(&Through { column: "id", table: "chain_outputs", gives: "operation_id", by: Column("tx_hash") }), &[], Read;
    REVERSING_CLAIMING = Operation, through(&Through { column: "reverses_id", table: "chain_outputs", gives: "operation_id", by: Column("tx_hash") }), &[], Read;
    REVERSING_SPELT = Operation, through(&Through { column: "reverses_id", table: "operations", gives: "id", by: Spelt("tx_hash") }), &[], Read;
    BALANCE = Balance, Column("id"), &[], Change;
    // After the balances' locks: who had them before may have used up what remains of a limit.
    COUNTED_OF = Operation, Column("limited_id"), &[InWindow("created_at")], Read;
    CONVERSATION = Conversation, Column("id"), &[], Change;
    CONVERSATIONS_OF_THREAD = Conversation, Column("thread"), &[], Rely;
    CONVERSATION_RELIED_ON = Conversation, Column("id"), &[], Rely;
    EXECUTION = Execution, Column("id"), &[], Change;
    EXECUTION_OF_APPROVAL = Execution, through(&Through { column: "id", table: "approvals", gives: "execution_id", by: Column("id") }), &[], Change;
    EXECUTION_READ = Execution, Column("id"), &[], Read;
    METRIC = Metric, Column("id"), &[], Read;
    STEP = ExecutionStep, Column("id"), &[], Change;
    LEGAL_HOLD = LegalHold, Column("id"), &[], Change;
    // Once the head is locked or about to be proven: nothing else changes a sum.
    SUM = Sum, Column("id"), &[], Read;
    EXECUTION_DAY = ExecutionDay, Column("id"), &[], Read;
    // The same: a hold that is set meanwhile has no row yet that a lock could hold.
    HOLDS_ACTIVE = LegalHold, Column("status"), &[], Read;
    KEYS_HELD = ApiKey, through(&Through { column: "user_id", table: "legal_holds", gives: "user_id", by: Column("status") }), &[], Read;
    AGENTS_HELD = Agent, through(&Through { column: "user_id", table: "legal_holds", gives: "user_id", by: Column("status") }), &[], Read;
}

/// Which rows commands read, by look and key. Keys are ordered, so that rows are locked in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The time of the batch.
    pub now: Timestamp,
    /// The beginning of the longest window of a limit.
    pub limited_since: Timestamp,
    keys: BTreeMap<usize, BTreeSet<Key>>,
}

impl Needs {
    /// What decisions at a time need before commands are asked.
    pub fn at(now: Timestamp, rules: &Rules) -> Needs {
        Needs {
            now,
            limited_since: now.plus_seconds(-rules.custody.window_s_max().unwrap_or(0)),
            keys: BTreeMap::new(),
        }
    }

    /// The same time, and nothing that is needed.
    #[must_use]
    pub fn none(&self) -> Needs {
        let keys = BTreeMap::new();
        Needs { keys, ..*self }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.values().map(BTreeSet::len).sum()
    }

    /// Whether nothing is needed.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Adds the rows that a look finds by these keys. A text with U+0000 is the key of no row: PostgreSQL would refuse
    /// the look-up, and with it the whole batch.
    pub fn rows<K: Into<Key>>(&mut self, look: &'static Look, keys: impl IntoIterator<Item = K>) {
        let keys = keys.into_iter().map(Into::into);
        let mut keys = keys
            .filter(|key| !matches!(key, Key::Text(text) if text.contains('\0')))
            .peekable();
        if keys.peek().is_some() {
            self.keys.entry(look.position).or_default().extend(keys);
        }
    }

    /// Adds the row that a look finds by this key.
    pub fn row(&mut self, look: &'static Look, key: impl Into<Key>) {
        self.rows(look, [key.into()]);
    }

    /// Whether a look has this key.
    pub fn has(&self, look: &'static Look, key: impl Into<Key>) -> bool {
        let keys = self.keys.get(&look.position);
        keys.is_some_and(|keys| keys.contains(&key.into()))
    }

    /// How many keys a look has.
    pub fn count(&self, look: &'static Look) -> usize {
        self.keys.get(&look.position).map_or(0, BTreeSet::len)
    }

    /// What is to be read, in the order of the locks. What is changed by its id is not relied on by it too.
    pub fn plan(&self) -> Vec<(&'static Look, Vec<&Key>)> {
        let found = self.keys.iter().filter_map(|(position, keys)| {
            let look = *LOOKS.get(*position)?;
            let changed = look
                .change_by_id()
                .and_then(|change| self.keys.get(&change.position));
            let keys: Vec<&Key> = keys
                .iter()
                .filter(|key| !changed.is_some_and(|changed| changed.contains(*key)))
                .collect();
            (!keys.is_empty()).then_some((look, keys))
        });
        found.collect()
    }

    /// Whether it is nothing but API keys that call, with their owners and agents, whom nothing changes.
    pub fn keys_alone(&self) -> bool {
        let alone = [
            CALLING_KEY.position,
            OWNER_OF_KEY.position,
            AGENT_RELIED_ON.position,
        ];
        self.keys.keys().all(|position| alone.contains(position))
    }

    /// Who calls, with the user behind it.
    pub fn caller(&mut self, caller: &Caller) {
        match caller {
            Caller::ApiKey(id) => {
                self.row(&CALLING_KEY, id);
                self.row(&OWNER_OF_KEY, id);
            }
            Caller::AgentKey { key, agent } => {
                self.row(&CALLING_KEY, key);
                self.row(&OWNER_OF_KEY, key);
                self.row(&AGENT_RELIED_ON, agent);
            }
            Caller::Session(id) => {
                self.row(&CALLING_SESSION, id);
                self.row(&USER_OF_SESSION, id);
            }
            Caller::Operator { .. } | Caller::System { .. } => {}
        }
    }

    /// A user by name, in any case.
    pub fn username(&mut self, name: &str) {
        self.row(&USER_NAMED, name.to_ascii_lowercase());
    }

    /// A user by e-mail address, in any case.
    pub fn email(&mut self, email: &str) {
        self.row(&USER_WITH_EMAIL, email.to_ascii_lowercase());
    }

    /// Every admin, to know whether one is the last.
    pub(crate) fn admins(&mut self) {
        self.row(&USERS_IN_ROLE, crate::identity::Role::ADMIN.as_str());
    }

    /// A user with all that hangs on its credentials.
    pub(crate) fn account(&mut self, user: Uuid) {
        self.row(&USER, user);
        self.row(&SESSIONS_OF, user);
        self.row(&INVITATIONS_OF, user);
        self.row(&SECOND_FACTOR, user);
    }

    /// Approvals with their votes.
    pub(crate) fn approvals(&mut self, approvals: impl IntoIterator<Item = Uuid> + Clone) {
        self.rows(&VOTES_ON, approvals.clone());
        self.rows(&APPROVAL, approvals);
    }

    /// What goes on where an approval is no longer pending: the execution that waits for it, unless it waits for another.
    pub(crate) fn decided(&mut self, approval: Uuid) {
        self.row(&PENDING_BESIDE, approval);
        self.row(&EXECUTION_OF_APPROVAL, approval);
    }

    /// Operations of a transaction, by the key of its hash; with their reversals, where those matter.
    pub(crate) fn hash(&mut self, key: &str, reversals: bool) {
        self.row(&OUTPUTS, key);
        self.row(&CLAIMING, key);
        self.rows(&SPELT, spellings(key));
        if reversals {
            self.row(&REVERSING_CLAIMING, key);
            self.rows(&REVERSING_SPELT, spellings(key));
        }
    }
}

impl Look {
    /// The look that finds the same rows by their id for change, where this one only relies on them or reads them.
    fn change_by_id(&self) -> Option<&'static Look> {
        let (Source::Rows(table, _), true) =
            (self.source, self.by == Column("id") && self.hold != Hold::Change)
        else {
            return None;
        };
        LOOKS.iter().copied().find(|other| {
            other.hold == Hold::Change
                && other.by == self.by
                && matches!(other.source, Source::Rows(same, _) if std::ptr::eq(same, table))
        })
    }

    /// Whether the head must be locked before it, or be proven after it: what it finds nobody else can change then.
    pub fn is_behind_head(&self) -> bool {
        self.position >= SUM.position
    }

    /// Whether it finds the row of an id, or none: what is known of that row answers it.
    pub fn is_by_id(&self) -> bool {
        self.by == Column("id") && self.only.is_empty() && matches!(self.source, Source::Rows(..))
    }

    /// The table that it finds rows of.
    pub fn table(&self) -> &'static str {
        match self.source {
            Source::Rows(table, _) => table.name,
            Source::Entries => "entries",
        }
    }
}

#[cfg(test)]
#[path = "looks_tests.rs"]
mod tests;
