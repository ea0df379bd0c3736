//! Lists of users and API keys.

use domain::identity::Role;
use domain::identity::api_key::ApiKey;
use domain::identity::user::User;
use domain::record::{Record, Sealed, Val};
use uuid::Uuid;

use crate::conn::Conn;
use crate::error::Error;
use crate::query::like_literal;
use crate::sealed;

/// Users that fulfil every condition given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// A text in the user name, e-mail address or full name, in any case (of ASCII letters).
    pub text: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// Whether the user is active.
    pub active: Option<bool>,
}

/// Conditions with their parameters.
#[derive(Default)]
pub(crate) struct Conditions {
    texts: Vec<String>,
    args: Vec<Val>,
}

impl Conditions {
    /// Adds a condition; every `?` in it stands for the same parameter.
    pub(crate) fn add(&mut self, condition: &str, value: impl Into<Val>) {
        self.args.push(value.into());
        self.texts
            .push(condition.replace('?', &format!("${}", self.args.len())));
    }

    /// A page of a table's rows in the order of ids, which is the order of making.
    pub(crate) async fn page<T: Record>(
        mut self,
        conn: &mut Conn,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Sealed<T>>, Error> {
        if let Some(after) = after {
            self.add("id > ?", after);
        }
        let mut sql = sealed::select(T::TABLE);
        if !self.texts.is_empty() {
            sql.push_str(" WHERE ");
            sql.push_str(&self.texts.join(" AND "));
        }
        self.args.push(Val::Int(limit.into()));
        let limit = self.args.len();
        sql.push_str(" ORDER BY id LIMIT $");
        sql.push_str(&limit.to_string());
        let rows = conn.all(&sql, &self.args).await?;
        rows.into_iter()
            .map(|row| sealed::decode(sealed::read(T::TABLE, row)?))
            .collect()
    }
}

/// A page of users, oldest first, after the one of id `after`.
pub async fn users(
    conn: &mut Conn,
    filter: &UserFilter,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<User>>, Error> {
    let mut conditions = Conditions::default();
    if let Some(text) = &filter.text {
        if text.contains('\0') {
            return Ok(Vec::new());
        }
        let pattern = format!("%{}%", like_literal(&text.to_ascii_lowercase()));
        let columns = ["username", "email", "full_name"];
        let like: Vec<_> = columns
            .iter()
            .map(|column| format!("lower({column}) LIKE ? ESCAPE '\\'"))
            .collect();
        conditions.add(&format!("({})", like.join(" OR ")), pattern);
    }
    if let Some(role) = &filter.role {
        conditions.add("role = ?", role.as_str());
    }
    if let Some(active) = filter.active {
        conditions.add("active = ?", active);
    }
    conditions.page(conn, after, limit).await
}

/// A page of API keys, oldest first, after the one of id `after`; of one owner, where given.
pub async fn api_keys(
    conn: &mut Conn,
    owner: Option<Uuid>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<ApiKey>>, Error> {
    let mut conditions = Conditions::default();
    if let Some(owner) = owner {
        conditions.add("user_id = ?", owner);
    }
    conditions.page(conn, after, limit).await
}

/// How many entries a credential wrote, by a walk over the index of who wrote what.
pub async fn entries_by(conn: &mut Conn, credential: Uuid) -> Result<u64, Error> {
    let sql = "SELECT count(*) FROM entries WHERE recorded_by_id = $1";
    let row = conn.opt(sql, &[credential.into()]).await?;
    row.map_or(Ok(0), |row| row.unsigned(0))
}
