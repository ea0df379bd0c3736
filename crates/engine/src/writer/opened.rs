//! Balances that are not there. A user's row says how many balances the user has, and every asset has its house accounts:
//! so what was removed by hand is not opened anew at zero.

use std::collections::{BTreeMap, HashMap};

use domain::custody::{Balance, House, Owner};
use domain::identity::user::User;
use domain::record::{Record, Sealed};
use domain::tables::RowKey;
use domain::{Draft, Facts, RowWrite};
use evidence::{Salt, Timestamp};
use store::{Conn, Head};
use uuid::Uuid;

use super::link::Way;
use crate::error::Error;
use crate::random;

fn removed(id: Uuid, what: &str) -> Error {
    Error::Tampered {
        table: Balance::TABLE.name,
        id,
        what: format!("{what} was removed or added by hand: it is not opened anew"),
    }
}

/// Checks that balances which are not there never were.
pub(super) async fn check_absent(conn: &mut Conn, facts: &Facts, absent: &[RowKey]) -> Result<(), Error> {
    let is_absent = |id: Uuid| absent.contains(&(Balance::TABLE.name, id));
    if !absent.iter().any(|(table, _)| *table == Balance::TABLE.name) {
        return Ok(());
    }
    let mut of_users = BTreeMap::new();
    for asset in facts.assets.keys() {
        for house in House::ALL {
            let id = Balance::id_of(*asset, Owner::House(*house));
            if is_absent(id) {
                return Err(removed(id, "of its asset, which has it from the beginning,"));
            }
        }
        for user in facts.users.keys() {
            let id = Balance::id_of(*asset, Owner::User(*user));
            if is_absent(id) {
                of_users.insert(*user, id);
            }
        }
    }
    let counts = store::custody::count_of_balances(conn, of_users.keys().copied()).await?;
    let since = store::custody::balances_counted_since(conn).await?;
    for (id, balance) in of_users {
        let Some(Sealed { row: user, .. }) = facts.users.get(&id) else {
            continue;
        };
        let there = counts.get(&id).copied().unwrap_or_default();
        let as_said = if user.balances.is_none() && user.created_at < since {
            !has_moved(conn, balance).await?
        } else {
            user.balances.unwrap_or_default() == there
        };
        if !as_said {
            return Err(removed(balance, "or another balance of its user"));
        }
    }
    Ok(())
}

/// Whether an operation moved something on a balance: what is asked of users who are older than the count, until they are
/// counted.
async fn has_moved(conn: &mut Conn, balance: Uuid) -> Result<bool, Error> {
    let size = Head::load(conn).await?.map_or(0, |head| head.edge.size());
    let found = store::custody::last_movement(conn, balance, None, size).await?;
    Ok(found.is_some())
}

/// Counts the balances that a batch opens in the rows of their users: in the last entry that opens one, or changes a user.
pub(super) async fn count(
    way: &mut Way<'_>,
    facts: &Facts,
    drafts: &mut [&mut Draft],
    now: Timestamp,
) -> Result<(), Error> {
    let mut opened: BTreeMap<Uuid, u64> = BTreeMap::new();
    let mut last = None;
    for (position, draft) in drafts.iter().enumerate() {
        for write in &draft.writes {
            match write {
                RowWrite::Balance(balance) if balance.version == 1 => {
                    let Some(user) = balance.row.user_id else { continue };
                    *opened.entry(user).or_default() += 1;
                }
                RowWrite::User(_) => {}
                _ => continue,
            }
            last = Some(position);
        }
    }
    let Some(draft) = last.filter(|_| !opened.is_empty()).map(|last| &mut drafts[last]) else {
        return Ok(());
    };
    let users = || opened.keys().filter_map(|user| facts.users.get(user));
    let uncounted = users().filter(|user| user.row.balances.is_none());
    let uncounted: Vec<Uuid> = uncounted.map(|user| user.row.id).collect();
    let there = if uncounted.is_empty() {
        HashMap::new()
    } else {
        store::custody::count_of_balances(way.conn()?, uncounted.into_iter()).await?
    };
    let row = |user: &Sealed<_>| {
        let mut user: Sealed<User> = user.clone();
        let before = user.row.balances.or(there.get(&user.row.id).copied());
        user.row.balances = Some(before.unwrap_or_default() + opened[&user.row.id]);
        user.row.updated_at = now;
        user.version += 1;
        user.salt = Salt(random::array::<16>()?);
        Ok(RowWrite::from(user))
    };
    let rows = users().map(row).collect::<Result<_, Error>>()?;
    draft.derive(rows).map_err(|error| {
        Error::problem(
            format!("a payload does not read back: {error}"),
            "report this as a bug",
        )
    })
}
