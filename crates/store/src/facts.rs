//! Loading facts: every row that a batch's commands need, in a few set-based reads.

use domain::facts::{Facts, Needs};
use domain::identity::api_key::ApiKey;
use domain::identity::user::User;
use domain::record::{Kind, Record, Val};
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::entries;
use crate::error::Error;
use crate::row::Row;
use crate::sealed;

fn ids<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> Vec<Val> {
    ids.into_iter().map(|id| Val::Uuid(*id)).collect()
}

/// Loads what is needed, and locks it: for change what may be changed, against change what is only relied on.
pub async fn load(conn: &mut Conn, needs: &Needs) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    let to_change =
        sealed::by_key::<ApiKey>(conn, "id", Kind::Uuid, &ids(&needs.api_keys), Lock::Update).await?;
    let callers: Vec<Val> = ids(needs.callers.difference(&needs.api_keys));
    let callers = sealed::by_key::<ApiKey>(conn, "id", Kind::Uuid, &callers, Lock::Share).await?;
    let owners: Vec<Val> = {
        let mut owners: Vec<Uuid> = callers
            .iter()
            .chain(&to_change)
            .map(|key| key.row.user_id)
            .collect();
        owners.sort_unstable();
        owners.dedup();
        owners.retain(|id| !needs.users.contains(id));
        ids(&owners)
    };
    facts.api_keys.extend(
        callers
            .into_iter()
            .chain(to_change)
            .map(|key| (key.row.id(), key)),
    );

    let names: Vec<Val> = needs.usernames.iter().map(|name| name.as_str().into()).collect();
    let mut users = sealed::by_key::<User>(conn, "id", Kind::Uuid, &ids(&needs.users), Lock::Update).await?;
    users.append(&mut sealed::by_key::<User>(conn, "id", Kind::Uuid, &owners, Lock::Share).await?);
    users
        .append(&mut sealed::by_key::<User>(conn, "lower(username)", Kind::Text, &names, Lock::Share).await?);
    facts
        .users
        .extend(users.into_iter().map(|user| (user.row.id, user)));

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
    let keys = sealed::by_key::<ApiKey>(conn, "id", Kind::Uuid, &ids(&needs.callers), Lock::None).await?;
    let owners: Vec<Uuid> = keys.iter().map(|key| key.row.user_id).collect();
    let users = sealed::by_key::<User>(conn, "id", Kind::Uuid, &ids(&owners), Lock::None).await?;
    facts
        .api_keys
        .extend(keys.into_iter().map(|key| (key.row.id, key)));
    facts
        .users
        .extend(users.into_iter().map(|user| (user.row.id, user)));
    Ok(facts)
}
