//! Loading facts: every row that a batch's commands need, in a few set-based reads.

use std::collections::{BTreeSet, HashMap};

use domain::approval::{Approval, Vote};
use domain::custody::chain::spellings;
use domain::custody::destination::Destination;
use domain::custody::kyc::{KycDocument, KycRecord};
use domain::custody::operation::ChainOutput;
use domain::custody::{Asset, Balance, Operation};
use domain::facts::{Facts, Needs};
use domain::identity::Role;
use domain::identity::api_key::ApiKey;
use domain::identity::invitation::Invitation;
use domain::identity::second_factor::SecondFactor;
use domain::identity::session::Session;
use domain::identity::user::User;
use domain::record::{Kind, Record, Sealed, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::{self, Head};
use crate::pg::PgConn;
use crate::pg::pipeline::{Param, Step};
use crate::row::Row;
use crate::sealed;

fn ids<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> Vec<Val> {
    ids.into_iter().map(|id| Val::Uuid(*id)).collect()
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<Val> {
    texts.into_iter().map(|text| text.as_str().into()).collect()
}

fn put<T: Record>(rows: Vec<Row>, facts: &mut HashMap<Uuid, Sealed<T>>) -> Result<(), Error> {
    for row in rows {
        let sealed = sealed::decode::<T>(sealed::read(T::TABLE, row)?)?;
        facts.insert(sealed.row.id(), sealed);
    }
    Ok(())
}

/// What a read gives.
#[derive(Clone, Copy)]
enum What {
    Users,
    ApiKeys,
    Sessions,
    Invitations,
    SecondFactors,
    Assets,
    Balances,
    Operations,
    ChainOutputs,
    KycRecords,
    KycDocuments,
    Destinations,
    Approvals,
    Votes,
    Entries,
}

impl What {
    fn select(self) -> String {
        match self {
            What::Users => sealed::select(User::TABLE),
            What::ApiKeys => sealed::select(ApiKey::TABLE),
            What::Sessions => sealed::select(Session::TABLE),
            What::Invitations => sealed::select(Invitation::TABLE),
            What::SecondFactors => sealed::select(SecondFactor::TABLE),
            What::Assets => sealed::select(Asset::TABLE),
            What::Balances => sealed::select(Balance::TABLE),
            What::Operations => sealed::select(Operation::TABLE),
            What::ChainOutputs => sealed::select(ChainOutput::TABLE),
            What::KycRecords => sealed::select(KycRecord::TABLE),
            What::KycDocuments => sealed::select(KycDocument::TABLE),
            What::Destinations => sealed::select(Destination::TABLE),
            What::Approvals => sealed::select(Approval::TABLE),
            What::Votes => sealed::select(Vote::TABLE),
            What::Entries => StoredEntry::SELECT.to_owned(),
        }
    }

    fn take(self, rows: Vec<Row>, facts: &mut Facts) -> Result<(), Error> {
        match self {
            What::Users => put(rows, &mut facts.users),
            What::ApiKeys => put(rows, &mut facts.api_keys),
            What::Sessions => put(rows, &mut facts.sessions),
            What::Invitations => put(rows, &mut facts.invitations),
            What::SecondFactors => put(rows, &mut facts.second_factors),
            What::Assets => put(rows, &mut facts.assets),
            What::Balances => put(rows, &mut facts.balances),
            What::Operations => {
                for row in rows {
                    let row = sealed::read(Operation::TABLE, row)?;
                    facts.operations.insert(sealed::decode(row)?);
                }
                Ok(())
            }
            What::ChainOutputs => put(rows, &mut facts.chain_outputs),
            What::KycRecords => put(rows, &mut facts.kyc_records),
            What::KycDocuments => put(rows, &mut facts.kyc_documents),
            What::Destinations => put(rows, &mut facts.destinations),
            What::Approvals => put(rows, &mut facts.approvals),
            What::Votes => put(rows, &mut facts.votes),
            What::Entries => {
                for row in rows {
                    let entry = StoredEntry::read(&row)?.known()?;
                    if let Some(place) = entry.place {
                        facts.entry_ids.insert(place.index, entry.id);
                    }
                    facts.entries.insert(entry.id, entry);
                }
                Ok(())
            }
        }
    }
}

/// One read: rows whose key, the word before `[key]` or the last one of the condition, is one of some.
struct Read {
    what: What,
    condition: &'static str,
    kind: Kind,
    keys: Vec<Val>,
    /// What the condition takes beside the keys, as `$2`.
    more: Option<Val>,
    lock: Lock,
}

impl Read {
    fn sql(&self) -> String {
        format!("{} WHERE {}", self.what.select(), self.condition)
    }

    /// Whether it reads API keys that call, and that nothing changes.
    fn of_callers_alone(&self) -> bool {
        matches!(self.what, What::ApiKeys) && self.lock == Lock::Share
    }
}

/// The hash of an operation's first transaction without its blanks and in lower case, as the index has it: it finds what
/// was stored in any spelling, before there was a rule.
pub(crate) const SPELT_HASH: &str = "tx_hash IS NOT NULL AND lower(replace(tx_hash, ' ', ''))";

/// Operations that claim outputs of a transaction, the key of whose hash is one of some.
const OF_CLAIMS: &str = "id IN (SELECT operation_id FROM chain_outputs WHERE tx_hash [key])";

/// Their reversals.
const REVERSALS_OF_CLAIMS: &str =
    "reverses_id IN (SELECT operation_id FROM chain_outputs WHERE tx_hash [key])";

/// Reversals of operations whose first transaction is one of some.
const REVERSALS_OF_SPELT: &str = "reverses_id IN (SELECT id FROM operations WHERE tx_hash IS NOT NULL AND lower(replace(tx_hash, ' ', '')) [key])";

/// What is to be read, in the order in which it is locked: for change what may be changed, against change what is
/// only relied on. A row that is both is locked for change first.
fn plan(needs: &Needs) -> Vec<Read> {
    let (update, share, none) = (Lock::Update, Lock::Share, Lock::None);
    let mut reads = Vec::new();
    let mut read = |what, condition, kind, keys: Vec<Val>, lock| {
        if !keys.is_empty() {
            reads.push(Read {
                what,
                condition,
                kind,
                keys,
                more: None,
                lock,
            });
        }
    };
    let callers = ids(needs.callers.difference(&needs.api_keys));
    let sessions = ids(needs.calling_sessions.difference(&needs.sessions));
    read(What::ApiKeys, "id", Kind::Uuid, ids(&needs.api_keys), update);
    read(
        What::ApiKeys,
        "user_id",
        Kind::Uuid,
        ids(&needs.api_keys_of),
        update,
    );
    read(What::ApiKeys, "id", Kind::Uuid, callers, share);
    read(What::Sessions, "id", Kind::Uuid, ids(&needs.sessions), update);
    let open = "ended_at IS NULL AND user_id";
    read(What::Sessions, open, Kind::Uuid, ids(&needs.sessions_of), update);
    read(What::Sessions, "id", Kind::Uuid, sessions, share);
    let open = "closed_at IS NULL AND user_id";
    read(
        What::Invitations,
        open,
        Kind::Uuid,
        ids(&needs.invitations_of),
        update,
    );
    read(
        What::SecondFactors,
        "id",
        Kind::Uuid,
        ids(&needs.second_factors),
        update,
    );
    read(What::Users, "id", Kind::Uuid, ids(&needs.users), update);
    let owners = ids(needs.owners.difference(&needs.users));
    read(What::Users, "id", Kind::Uuid, owners, share);
    if needs.admins {
        let admin = vec![Role::ADMIN.as_str().into()];
        read(What::Users, "role", Kind::Text, admin, update);
    }
    let names = texts(&needs.usernames);
    read(What::Users, "lower(username)", Kind::Text, names, share);
    let email = "email IS NOT NULL AND lower(email)";
    read(What::Users, email, Kind::Text, texts(&needs.emails), share);
    read(What::Entries, "id", Kind::Uuid, ids(&needs.entry_ids), none);
    let indexes = needs.entry_indexes.iter().map(|index| head::int(*index).into());
    read(What::Entries, "entry", Kind::Int, indexes.collect(), update);
    plan_custody(needs, &mut reads);
    reads
}

/// The reads of custody and approvals, after those of identity.
fn plan_custody(needs: &Needs, reads: &mut Vec<Read>) {
    let (update, share, none) = (Lock::Update, Lock::Share, Lock::None);
    let mut read = |what, condition, set: &BTreeSet<Uuid>, lock| {
        if !set.is_empty() {
            reads.push(Read {
                what,
                condition,
                kind: Kind::Uuid,
                keys: ids(set),
                more: None,
                lock,
            });
        }
    };
    // An asset never changes.
    read(What::Assets, "id", &needs.assets, none);
    read(What::Approvals, "id", &needs.approvals, update);
    read(What::Votes, "approval_id", &needs.approvals, share);
    read(What::KycRecords, "id", &needs.kyc_records, update);
    let open = "status IN ('pending', 'approved') AND user_id";
    read(What::KycRecords, open, &needs.kyc_of, update);
    read(What::KycRecords, "user_id", &needs.tier_of, share);
    read(What::KycDocuments, "record_id", &needs.documents_of, update);
    read(What::Destinations, "id", &needs.destinations, update);
    let used = "removed_at IS NULL AND user_id";
    read(What::Destinations, used, &needs.destinations_of, share);
    read(What::Operations, "id", &needs.operations, update);
    read(What::Operations, "reverses_id", &needs.reversals_of, none);
    let timed = |condition, set: &BTreeSet<Uuid>, time: Timestamp, lock| Read {
        what: What::Operations,
        condition,
        kind: Kind::Uuid,
        keys: ids(set),
        more: Some(Val::Time(time)),
        lock,
    };
    if !needs.due_of.is_empty() {
        let due = "status = 'pending' AND expires_at <= $2 AND debit_id";
        reads.push(timed(due, &needs.due_of, needs.now, update));
    }
    let mut by_text = |what, condition, set: &BTreeSet<String>| {
        if !set.is_empty() {
            reads.push(Read {
                what,
                condition,
                kind: Kind::Text,
                keys: texts(set),
                more: None,
                lock: none,
            });
        }
    };
    by_text(What::Assets, "lower(code)", &needs.asset_codes);
    by_text(What::ChainOutputs, "tx_hash", &needs.tx_hashes);
    let spelt = |keys: &BTreeSet<String>| keys.iter().flat_map(|key| spellings(key)).collect();
    by_text(What::Operations, SPELT_HASH, &spelt(&needs.tx_hashes));
    by_text(What::Operations, OF_CLAIMS, &needs.tx_hashes);
    by_text(What::Operations, REVERSALS_OF_CLAIMS, &needs.reversed_of);
    by_text(What::Operations, REVERSALS_OF_SPELT, &spelt(&needs.reversed_of));
    if !needs.balances.is_empty() {
        reads.push(Read {
            what: What::Balances,
            condition: "id",
            kind: Kind::Uuid,
            keys: ids(&needs.balances),
            more: None,
            lock: update,
        });
    }
    // After the balances' locks: who had them before may have used up what remains of a limit.
    if !needs.limited_of.is_empty() {
        let counted = "created_at > $2 AND limited_id";
        reads.push(timed(counted, &needs.limited_of, needs.limited_since, none));
    }
}

/// Loads what is needed, within a transaction that has begun, statement by statement; `locked` for one that writes.
pub async fn load(conn: &mut Conn, needs: &Needs, locked: bool) -> Result<Facts, Error> {
    let lock = |lock| if locked { lock } else { Lock::None };
    let mut facts = Facts::default();
    for read in plan(needs) {
        let more = read.more.as_slice();
        let rows = conn
            .keyed_with(&read.sql(), read.kind, &read.keys, more, lock(read.lock))
            .await?;
        read.what.take(rows, &mut facts)?;
    }
    let owners = owners(&facts);
    let rows = conn
        .keyed(
            &format!("{} WHERE id", What::Users.select()),
            Kind::Uuid,
            &ids(&owners),
            lock(Lock::Share),
        )
        .await?;
    put(rows, &mut facts.users)?;
    Ok(facts)
}

/// Users behind keys and sessions that were loaded, who were not loaded themselves.
fn owners(facts: &Facts) -> BTreeSet<Uuid> {
    let keys = facts.api_keys.values().map(|key| key.row.user_id);
    let sessions = facts.sessions.values().map(|session| session.row.user_id);
    let all = keys.chain(sessions);
    all.filter(|id| !facts.users.contains_key(id)).collect()
}

/// Begins a transaction and loads what is needed, all in one round trip (PostgreSQL).
///
/// Where nothing but callers is needed, as for the usual batch of events without ids of their own, the head is
/// locked with it: such a batch is decided too fast for others to wait for that.
pub(crate) async fn begin_and_load(conn: &mut PgConn, needs: &Needs) -> Result<(Facts, Option<Head>), Error> {
    let reads = plan(needs);
    let texts: Vec<String> = reads
        .iter()
        .map(|read| PgConn::keyed_sql(&read.sql(), read.lock))
        .collect();
    let mut steps = vec![Step::plain("BEGIN ISOLATION LEVEL READ COMMITTED")];
    steps.extend(reads.iter().zip(&texts).map(|(read, sql)| {
        Step {
            sql,
            params: std::iter::once(Param::Many(read.kind, read.keys.clone()))
                .chain(read.more.clone().map(Param::One))
                .collect(),
        }
    }));
    let owners = owners_step(needs);
    if let Some((sql, params)) = &owners {
        let params = params.iter().map(|ids| Param::Many(Kind::Uuid, ids.clone()));
        steps.push(Step {
            sql,
            params: params.collect(),
        });
    }
    let with_head = reads.iter().all(Read::of_callers_alone);
    if with_head {
        steps.push(Step::plain(head::SELECT_LOCKED));
    }
    let mut answers = conn.pipeline(&steps).await?;
    let head = if with_head {
        let row = answers.pop().and_then(|rows| rows.into_iter().next());
        Some(Head::read(row)?.ok_or_else(head::missing)?)
    } else {
        None
    };
    let mut answers = answers.into_iter().skip(1);
    let mut facts = Facts::default();
    for read in &reads {
        read.what.take(answers.next().unwrap_or_default(), &mut facts)?;
    }
    put(answers.next().unwrap_or_default(), &mut facts.users)?;
    Ok((facts, head))
}

/// The statement that reads who is behind keys and sessions, and its arrays of ids: whose they are is not known yet,
/// so the server finds out. None where none are needed.
fn owners_step(needs: &Needs) -> Option<(String, Vec<Vec<Val>>)> {
    let keys: BTreeSet<Uuid> = needs.callers.union(&needs.api_keys).copied().collect();
    let sessions: BTreeSet<Uuid> = needs.calling_sessions.union(&needs.sessions).copied().collect();
    let users: BTreeSet<Uuid> = needs.api_keys_of.union(&needs.sessions_of).copied().collect();
    let mut parts = Vec::new();
    let mut params = Vec::new();
    for (part, set) in [
        ("SELECT user_id FROM api_keys WHERE id = ANY (?)", &keys),
        ("SELECT user_id FROM sessions WHERE id = ANY (?)", &sessions),
        ("SELECT unnest(?::uuid[])", &users),
    ] {
        if !set.is_empty() {
            params.push(ids(set));
            parts.push(part.replace('?', &format!("${}", params.len())));
        }
    }
    let sql = format!(
        "{} WHERE id IN ({}) ORDER BY id FOR SHARE",
        What::Users.select(),
        parts.join(" UNION ")
    );
    (!parts.is_empty()).then_some((sql, params))
}

/// Loads callers with their owners without locks, for authorising reads.
pub async fn load_unlocked(conn: &mut Conn, needs: &Needs) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    for (what, set) in [
        (What::ApiKeys, &needs.callers),
        (What::Sessions, &needs.calling_sessions),
    ] {
        let sql = format!("{} WHERE id", what.select());
        what.take(
            conn.keyed(&sql, Kind::Uuid, &ids(set), Lock::None).await?,
            &mut facts,
        )?;
    }
    let sql = format!("{} WHERE id", What::Users.select());
    let owners = ids(&owners(&facts));
    put(
        conn.keyed(&sql, Kind::Uuid, &owners, Lock::None).await?,
        &mut facts.users,
    )?;
    Ok(facts)
}
