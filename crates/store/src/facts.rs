//! Loading facts: every row that a batch's commands need, in a few set-based reads.

use std::collections::{BTreeSet, HashMap};

use domain::facts::{Facts, Needs};
use domain::identity::Role;
use domain::identity::api_key::ApiKey;
use domain::identity::user::User;
use domain::record::{Kind, Record, Sealed, Val};
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::entries;
use crate::error::Error;
use crate::row::Row;
use crate::sealed;

fn ids<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> Vec<Val> {
    ids.into_iter().map(|id| Val::Uuid(*id)).collect()
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<Val> {
    texts.into_iter().map(|text| text.as_str().into()).collect()
}

/// The rows of some users; the key is the last word of `key`, and what is before it a condition.
async fn by_user<T: Record>(
    conn: &mut Conn,
    key: &str,
    users: &BTreeSet<Uuid>,
) -> Result<Vec<Sealed<T>>, Error> {
    sealed::by_key::<T>(conn, key, Kind::Uuid, &ids(users), Lock::Update).await
}

fn put<T: Record>(rows: Vec<Sealed<T>>, facts: &mut HashMap<Uuid, Sealed<T>>) {
    facts.extend(rows.into_iter().map(|row| (row.row.id(), row)));
}

/// Loads what is needed, and locks it: for change what may be changed, against change what is only relied on.
pub async fn load(conn: &mut Conn, needs: &Needs) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    load_credentials(conn, needs, &mut facts).await?;
    load_users(conn, needs, &mut facts).await?;

    let mut known = entries::known_by_id(conn, &ids(&needs.entry_ids)).await?;
    let indexes: Vec<Val> = needs
        .entry_indexes
        .iter()
        .map(|index| crate::head::int(*index).into())
        .collect();
    known.append(&mut entries::known_by_index(conn, &indexes).await?);
    for entry in known {
        if let Some(place) = entry.place {
            facts.entry_ids.insert(place.index, entry.id);
        }
        facts.entries.insert(entry.id, entry);
    }
    Ok(facts)
}

/// Keys and sessions. A row that is both changed and relied on is locked for change.
async fn load_credentials(conn: &mut Conn, needs: &Needs, facts: &mut Facts) -> Result<(), Error> {
    let to_change = sealed::by_key(conn, "id", Kind::Uuid, &ids(&needs.api_keys), Lock::Update).await?;
    put(to_change, &mut facts.api_keys);
    let of = by_user(conn, "user_id", &needs.api_keys_of).await?;
    put(of, &mut facts.api_keys);
    let callers = ids(needs.callers.iter().filter(|id| !facts.api_keys.contains_key(id)));
    let callers = sealed::by_key(conn, "id", Kind::Uuid, &callers, Lock::Share).await?;
    put(callers, &mut facts.api_keys);

    let to_change = sealed::by_key(conn, "id", Kind::Uuid, &ids(&needs.sessions), Lock::Update).await?;
    put(to_change, &mut facts.sessions);
    let of = by_user(conn, "ended_at IS NULL AND user_id", &needs.sessions_of).await?;
    put(of, &mut facts.sessions);
    let calling = needs
        .calling_sessions
        .iter()
        .filter(|id| !facts.sessions.contains_key(id));
    let calling = sealed::by_key(conn, "id", Kind::Uuid, &ids(calling), Lock::Share).await?;
    put(calling, &mut facts.sessions);

    let open = by_user(conn, "closed_at IS NULL AND user_id", &needs.invitations_of).await?;
    put(open, &mut facts.invitations);
    let factors = by_user(conn, "id", &needs.second_factors).await?;
    put(factors, &mut facts.second_factors);
    Ok(())
}

/// Users to change, owners of what was loaded before, and users by name.
async fn load_users(conn: &mut Conn, needs: &Needs, facts: &mut Facts) -> Result<(), Error> {
    let to_change = sealed::by_key(conn, "id", Kind::Uuid, &ids(&needs.users), Lock::Update).await?;
    put(to_change, &mut facts.users);
    if needs.admins {
        let role = [Role::ADMIN.as_str().into()];
        let admins = sealed::by_key(conn, "role", Kind::Text, &role, Lock::Update).await?;
        put(admins, &mut facts.users);
    }
    let keys = facts.api_keys.values().map(|key| key.row.user_id);
    let sessions = facts.sessions.values().map(|session| session.row.user_id);
    let owners: BTreeSet<Uuid> = keys
        .chain(sessions)
        .filter(|id| !facts.users.contains_key(id))
        .collect();
    let owners = sealed::by_key(conn, "id", Kind::Uuid, &ids(&owners), Lock::Share).await?;
    put(owners, &mut facts.users);
    let names = texts(&needs.usernames);
    let found = sealed::by_key(conn, "lower(username)", Kind::Text, &names, Lock::Share).await?;
    put(found, &mut facts.users);
    let key = "email IS NOT NULL AND lower(email)";
    let found = sealed::by_key(conn, key, Kind::Text, &texts(&needs.emails), Lock::Share).await?;
    put(found, &mut facts.users);
    Ok(())
}

/// Whether nothing but callers is needed: the usual batch, of events without ids of their own.
pub(crate) fn only_callers(needs: &Needs) -> bool {
    *needs
        == Needs {
            callers: needs.callers.clone(),
            ..Needs::default()
        }
}

/// Statements that read callers and their owners by the array of the keys' ids, share-locked in key order (PostgreSQL).
pub(crate) fn callers_sql() -> [String; 2] {
    [
        format!(
            "{} WHERE id = ANY ($1) ORDER BY id FOR SHARE",
            sealed::select(ApiKey::TABLE)
        ),
        format!(
            "{} WHERE id IN (SELECT user_id FROM api_keys WHERE id = ANY ($1)) ORDER BY id FOR SHARE",
            sealed::select(User::TABLE)
        ),
    ]
}

/// Facts from the rows of [`callers_sql`].
pub(crate) fn of_callers(keys: Vec<Row>, owners: Vec<Row>) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    for row in keys {
        let key = sealed::decode::<ApiKey>(sealed::read(ApiKey::TABLE, row)?)?;
        facts.api_keys.insert(key.row.id, key);
    }
    for row in owners {
        let user = sealed::decode::<User>(sealed::read(User::TABLE, row)?)?;
        facts.users.insert(user.row.id, user);
    }
    Ok(facts)
}

/// Loads callers with their owners without locks, for authorising reads.
pub async fn load_unlocked(conn: &mut Conn, needs: &Needs) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    let keys = sealed::by_key(conn, "id", Kind::Uuid, &ids(&needs.callers), Lock::None).await?;
    put(keys, &mut facts.api_keys);
    let sessions = sealed::by_key(conn, "id", Kind::Uuid, &ids(&needs.calling_sessions), Lock::None).await?;
    put(sessions, &mut facts.sessions);
    let keys = facts.api_keys.values().map(|key| key.row.user_id);
    let sessions = facts.sessions.values().map(|session| session.row.user_id);
    let owners: BTreeSet<Uuid> = keys.chain(sessions).collect();
    let users = sealed::by_key(conn, "id", Kind::Uuid, &ids(&owners), Lock::None).await?;
    put(users, &mut facts.users);
    Ok(facts)
}
