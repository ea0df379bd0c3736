//! Looking at users, sessions and keys.

use std::collections::HashMap;

use domain::audit::EntryFilter;
use domain::identity::invitation::Invitation;
use domain::identity::second_factor::SecondFactor;
use domain::identity::session::Session;
use domain::identity::user::User;
use domain::record::{Kind, Record, Sealed, Val};
use domain::{Facts, RowWrite};
use evidence::Timestamp;
use store::Conn;
use store::conditions::Condition;
use store::conn::Lock;
use store::entries::StoredEntry;
use store::query::Page;
use store::side::SeenKind;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::random;

/// When each of some users, sessions or keys was last seen.
type Seen = HashMap<Uuid, Timestamp>;

/// What there is to know of a user beside its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserState {
    /// When the user last logged in, a few seconds late.
    pub last_login_at: Option<Timestamp>,
    /// Whether a second factor is needed at login.
    pub second_factor: bool,
    /// Whether an invitation can be accepted, and until when.
    pub invited_until: Option<Timestamp>,
    /// Sessions that can be used.
    pub sessions: u64,
}

/// Most entries of an API key that are counted.
const WRITTEN_MAX: u32 = 100_000;

/// What an API key did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// When it was last used, a few seconds late.
    pub last_used_at: Option<Timestamp>,
    /// Entries that it wrote.
    pub entries: u64,
}

/// What a session is to be to be used.
pub fn session_in_use(now: Timestamp) -> Condition {
    Condition::All(vec![
        Condition::Has("ended_at", false),
        Condition::After("expires_at", now.into()),
        Condition::After("idle_expires_at", now.into()),
    ])
}

/// That a text is this one in any case. SQLite knows the cases of ASCII letters, PostgreSQL in some columns all.
fn in_any_case(lower: &'static str, text: &str) -> Condition {
    let cases = [text.to_ascii_lowercase(), text.to_lowercase()];
    Condition::Any(cases.map(|text| Condition::Is(lower, text.into())).into())
}

/// What a user of this full name is.
pub fn user_called(name: &str) -> [Condition; 2] {
    [
        Condition::Has("full_name", true),
        in_any_case("lower(full_name)", name),
    ]
}

/// What an API key of this name is.
pub fn key_called(name: &str) -> Condition {
    in_any_case("lower(name)", name)
}

/// What an API key is of which these are the first characters, those that are shown.
pub fn key_shown(begin: &str) -> Condition {
    Condition::Is("shown", begin.into())
}

async fn one<T: Record>(
    conn: &mut Conn,
    key: &str,
    kind: Kind,
    value: Val,
) -> Result<Option<Sealed<T>>, Error> {
    Ok(store::sealed::by_key(conn, key, kind, &[value], Lock::None)
        .await?
        .pop())
}

/// How a user of this name is looked up; none where nobody can have it.
fn by_name(name: &str) -> Option<(&'static str, Val)> {
    let value = || name.to_ascii_lowercase().into();
    (!name.contains('\0')).then(|| ("lower(username)", value()))
}

/// The same of a name or an e-mail address.
pub(crate) fn by_login(login: &str) -> Option<(&'static str, Val)> {
    let by_name = by_name(login)?;
    let key = "email IS NOT NULL AND lower(email)";
    Some(if login.contains('@') {
        (key, by_name.1)
    } else {
        by_name
    })
}

impl Engine {
    /// The row whose `key` is this value; the key is the last word, what is before it a condition.
    pub(crate) async fn one<T: Record>(
        &self,
        key: &str,
        kind: Kind,
        value: Val,
    ) -> Result<Option<Sealed<T>>, Error> {
        one(&mut *self.db().reader().await?, key, kind, value).await
    }

    /// The same, once it is known that the row is the one that its entry wrote: for what is remembered, or decided on.
    pub(crate) async fn one_proven<T>(
        &self,
        key: &str,
        kind: Kind,
        value: Val,
    ) -> Result<Option<Sealed<T>>, Error>
    where
        T: Record + Clone,
        RowWrite: From<Sealed<T>>,
    {
        let mut conn = self.db().reader().await?;
        let found = one(&mut conn, key, kind, value).await?;
        self.prove(&mut conn, found.as_slice()).await?;
        Ok(found)
    }

    /// Checks that rows are those that their entries wrote.
    pub(crate) async fn prove<T>(&self, conn: &mut Conn, rows: &[Sealed<T>]) -> Result<(), Error>
    where
        T: Record + Clone,
        RowWrite: From<Sealed<T>>,
    {
        let mut facts = Facts::default();
        for row in rows {
            facts.take(row.clone().into());
        }
        self.shared().seals.check_snapshot(conn, &facts).await
    }

    /// The user of this id.
    pub async fn user(&self, id: Uuid) -> Result<Option<Sealed<User>>, Error> {
        self.one("id", Kind::Uuid, id.into()).await
    }

    /// The user of this name, in any case.
    pub async fn user_named(&self, name: &str) -> Result<Option<Sealed<User>>, Error> {
        self.found_by(by_name(name)).await
    }

    /// The user of this name or e-mail address, in any case. A user name cannot hold `@`.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<Sealed<User>>, Error> {
        self.found_by(by_login(login)).await
    }

    async fn found_by(&self, way: Option<(&str, Val)>) -> Result<Option<Sealed<User>>, Error> {
        match way {
            Some((key, value)) => self.one(key, Kind::Text, value).await,
            None => Ok(None),
        }
    }

    /// The user that a text means: an id, a name or an e-mail address.
    pub async fn user_meant(&self, text: &str) -> Result<Option<Sealed<User>>, Error> {
        match Uuid::try_parse(text) {
            Ok(id) => self.user(id).await,
            Err(_) => self.user_by_login(text).await,
        }
    }

    /// What there is to know of a user beside its row.
    pub async fn user_state(&self, id: Uuid) -> Result<UserState, Error> {
        let now = random::now();
        let factor = self.second_factor(id).await?;
        let in_use = [Condition::Is("user_id", id.into()), session_in_use(now)];
        let sessions = self.select::<Session>(&in_use, None, None).await?.0.len() as u64;
        let last_login_at = self.users_seen([id]).await?.remove(&id);
        let mut conn = self.db().reader().await?;
        let key = "closed_at IS NULL AND user_id";
        let invitations =
            store::sealed::by_key::<Invitation>(&mut conn, key, Kind::Uuid, &[id.into()], Lock::None).await?;
        let open = invitations.into_iter().map(|sealed| sealed.row.expires_at);
        Ok(UserState {
            last_login_at,
            second_factor: factor.is_some_and(|factor| factor.is_confirmed()),
            invited_until: open.filter(|end| *end > now).max(),
            sessions,
        })
    }

    /// A user's second factor, if there is a row of one.
    pub(super) async fn second_factor(&self, user: Uuid) -> Result<Option<SecondFactor>, Error> {
        let found = self.one::<SecondFactor>("id", Kind::Uuid, user.into()).await?;
        Ok(found.map(|sealed| sealed.row))
    }

    /// The invitation of this hash, while it can be accepted.
    pub(super) async fn open_invitation(&self, hash: &[u8; 32]) -> Result<Option<Invitation>, Error> {
        let found = self
            .one::<Invitation>("hash", Kind::Bytes, hash.as_slice().into())
            .await?;
        let now = random::now();
        let open = |row: &Invitation| row.closed_at.is_none() && now < row.expires_at;
        Ok(found.map(|sealed| sealed.row).filter(open))
    }

    /// When users last logged in, a few seconds late.
    pub async fn users_seen(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<Seen, Error> {
        self.seen(SeenKind::User, ids).await
    }

    /// When sessions were last used, a few seconds late.
    pub async fn sessions_seen(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<Seen, Error> {
        self.seen(SeenKind::Session, ids).await
    }

    async fn seen(&self, kind: SeenKind, ids: impl IntoIterator<Item = Uuid>) -> Result<Seen, Error> {
        let ids: Vec<_> = ids.into_iter().collect();
        let mut conn = self.db().reader().await?;
        Ok(store::side::seen(&mut conn, kind, &ids)
            .await?
            .into_iter()
            .collect())
    }

    /// A session, whether it has ended or not.
    pub async fn session(&self, id: Uuid) -> Result<Option<Session>, Error> {
        let found = self.one::<Session>("id", Kind::Uuid, id.into()).await?;
        Ok(found.map(|sealed| sealed.row))
    }

    /// What an API key did. The entries are counted, which in a log of millions takes a while.
    pub async fn api_key_use(&self, id: Uuid) -> Result<KeyUse, Error> {
        let last_used_at = self.seen(SeenKind::ApiKey, [id]).await?.remove(&id);
        let mut conn = self.db().reader().await?;
        Ok(KeyUse {
            last_used_at,
            entries: store::entries::written_by(&mut conn, id, WRITTEN_MAX).await?,
        })
    }

    /// Entries as they are stored.
    pub(super) async fn stored_entries(
        &self,
        filter: &EntryFilter,
        page: Page,
    ) -> Result<Vec<StoredEntry>, Error> {
        let size = *self.size().borrow();
        let mut conn = self.db().reader().await?;
        let mut entries = store::query::page(&mut conn, filter, page, size).await?;
        entries.sort_unstable_by_key(|entry| entry.entry);
        Ok(entries)
    }
}
