//! Rows of any sealed table as they are read for showing: by id, or a page by conditions.

use std::collections::{BTreeSet, HashMap};

use domain::RowWrite;
use domain::identity::user::User;
use domain::record::{Kind, Record, Sealed, Table, Val};
use store::conn::Lock;
use uuid::Uuid;

pub use store::conditions::Condition;
pub use store::custody::{OperationFilter, OperationPlace};
pub use store::query::{Order, Page};

use crate::engine::Engine;
use crate::error::Error;
use crate::told;

/// Rows that are read at once.
const CHUNK: u32 = 500;

impl Engine {
    /// The row of this id.
    pub async fn row<T: Record>(&self, id: Uuid) -> Result<Option<Sealed<T>>, Error> {
        self.one("id", Kind::Uuid, id.into()).await
    }

    /// The same, once it is known that the row is the one that its entry wrote.
    pub async fn row_proven<T>(&self, id: Uuid) -> Result<Option<Sealed<T>>, Error>
    where
        T: Record + Clone,
        RowWrite: From<Sealed<T>>,
    {
        self.one_proven("id", Kind::Uuid, id.into()).await
    }

    /// What is wrong with the row of this id: nothing where it is the one that its entry wrote, or is not there. It is read once
    /// more, and takes a look at its entry where this process does not know the seal.
    pub async fn row_doubt(&self, table: &'static Table, id: Uuid) -> Result<Option<String>, Error> {
        let mut conn = self.db().reader().await?;
        let checked = match store::sealed::stored(&mut conn, table, id).await {
            Ok(None) => return Ok(None),
            Ok(Some((row, entry))) => {
                self.shared()
                    .seals
                    .check_rows(&mut conn, vec![(row, entry)])
                    .await
            }
            Err(error) => Err(error.into()),
        };
        match checked {
            Err(Error::Tampered { table, id, what }) => {
                told::of_row(table, id, &what);
                Ok(Some(what))
            }
            checked => checked.map(|()| None),
        }
    }

    /// The rows of these ids, those that there are.
    pub async fn rows<T: Record>(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, T>, Error> {
        let found = self.rows_of::<T>("id", ids).await?;
        Ok(found
            .into_iter()
            .map(|sealed| (sealed.row.id(), sealed.row))
            .collect())
    }

    /// The rows whose column is one of these ids.
    pub async fn rows_of<T: Record>(
        &self,
        column: &'static str,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<Sealed<T>>, Error> {
        let rows = self.each_of::<T>(column, ids).await?.into_iter();
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The rows of these ids that there are and that read, for what is shown of them beside something else.
    pub async fn rows_that_read<T: Record>(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, T>, Error> {
        let mut found = HashMap::new();
        for row in self.each_of::<T>("id", ids).await? {
            match row.map_err(Error::from) {
                Ok(sealed) => drop(found.insert(sealed.row.id(), sealed.row)),
                Err(Error::Tampered { table, id, what }) => told::of_row(table, id, &what),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn each_of<T: Record>(
        &self,
        column: &'static str,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<Result<Sealed<T>, store::Error>>, Error> {
        let mut ids: Vec<Uuid> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = ids.into_iter().map(Val::Uuid).collect();
        let mut conn = self.db().reader().await?;
        Ok(store::sealed::each_by_key(&mut conn, column, Kind::Uuid, &ids, Lock::None).await?)
    }

    /// The rows that fulfil every condition, in the order of their ids, after the one of id `after`: at most so many, all
    /// unless given. With it, whether there are more.
    pub async fn select<T: Record>(
        &self,
        conditions: &[Condition],
        after: Option<Uuid>,
        limit: Option<u32>,
    ) -> Result<(Vec<Sealed<T>>, bool), Error> {
        self.select_in(Order::Ascending, conditions, after, limit).await
    }

    /// The same, in either order of the ids.
    pub async fn select_in<T: Record>(
        &self,
        order: Order,
        conditions: &[Condition],
        after: Option<Uuid>,
        limit: Option<u32>,
    ) -> Result<(Vec<Sealed<T>>, bool), Error> {
        let after = after.map(|id| vec![id.into()]);
        self.select_by((&["id"], order), conditions, after, limit).await
    }

    /// The same, in either order of these columns, after the row that has these values there.
    pub async fn select_by<T: Record>(
        &self,
        (by, order): (&[&str], Order),
        conditions: &[Condition],
        mut after: Option<Vec<Val>>,
        limit: Option<u32>,
    ) -> Result<(Vec<Sealed<T>>, bool), Error> {
        let mut found: Vec<Sealed<T>> = Vec::new();
        let mut left = limit.map(|limit| limit.saturating_add(1));
        loop {
            let wanted = left.unwrap_or(CHUNK).min(CHUNK);
            let page = {
                let mut conn = self.db().reader().await?;
                store::conditions::page_by::<T>(&mut conn, (by, order), conditions, after, wanted).await?
            };
            let last = page.len() < wanted as usize;
            found.extend(page);
            left = left.map(|left| left - wanted);
            if last || left == Some(0) {
                break;
            }
            after = found.last().map(|sealed| place(&sealed.row, by));
        }
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        let more = found.len() > limit;
        found.truncate(limit);
        Ok((found, more))
    }

    /// The users whom these texts name as ids, names or e-mail addresses, in any case. Erased ones have no names, and none is
    /// found by the id.
    pub async fn users_meant(&self, texts: impl IntoIterator<Item = &str>) -> Result<Vec<User>, Error> {
        let texts: BTreeSet<String> = texts.into_iter().map(str::to_ascii_lowercase).collect();
        let ids = texts.iter().filter_map(|text| Uuid::try_parse(text).ok());
        let ids: Vec<Val> = ids.map(Val::Uuid).collect();
        let names = texts.iter().filter(|text| !text.contains('\0'));
        let names: Vec<Val> = names.map(|text| text.as_str().into()).collect();
        let mut conn = self.db().reader().await?;
        let mut found = Vec::new();
        for (key, kind, keys) in [
            ("id", Kind::Uuid, &ids),
            ("lower(username)", Kind::Text, &names),
            ("email IS NOT NULL AND lower(email)", Kind::Text, &names),
        ] {
            found.extend(store::sealed::by_key::<User>(&mut conn, key, kind, keys, Lock::None).await?);
        }
        let users = found.into_iter().map(|sealed| sealed.row);
        Ok(users.filter(|user| user.erased_at.is_none()).collect())
    }

    /// The names of these users, of those that there are.
    pub async fn usernames(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, String>, Error> {
        let users = self.rows_that_read::<User>(ids).await?;
        Ok(users.into_iter().map(|(id, user)| (id, user.username)).collect())
    }
}

/// The values of a row in these columns.
pub fn place<T: Record>(row: &T, by: &[&str]) -> Vec<Val> {
    let value = |column: &&str| match *column {
        "id" => Some(row.id().into()),
        other => row.value(other),
    };
    by.iter().filter_map(value).collect()
}
