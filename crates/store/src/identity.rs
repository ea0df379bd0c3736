//! Lists of users and API keys.

use domain::identity::Role;
use domain::identity::user::User;
use domain::record::Sealed;
use uuid::Uuid;

use crate::conditions::{Condition, Where};
use crate::conn::Conn;
use crate::error::Error;

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

/// A page of users, oldest first, after the one of id `after`.
pub async fn users(
    conn: &mut Conn,
    filter: &UserFilter,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<User>>, Error> {
    let mut conditions = Where::default();
    if let Some(text) = &filter.text {
        conditions.add(&Condition::Holds(
            &["username", "email", "full_name"],
            text.clone(),
        ));
    }
    if let Some(role) = &filter.role {
        conditions.write("role = ?", [role.as_str().into()]);
    }
    if let Some(active) = filter.active {
        conditions.write("active = ?", [active.into()]);
    }
    conditions.page(conn, after, limit).await
}

/// How many entries a credential wrote, by a walk over the index of who wrote what.
pub async fn entries_by(conn: &mut Conn, credential: Uuid) -> Result<u64, Error> {
    let sql = "SELECT count(*) FROM entries WHERE recorded_by_id = $1";
    let row = conn.opt(sql, &[credential.into()]).await?;
    row.map_or(Ok(0), |row| row.unsigned(0))
}
