//! Users.

use evidence::payload::RowImages;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::context::Context;
use crate::decision::{Decision, Draft, Reply};
use crate::facts::{Facts, RowWrite};
use crate::identity::permission::Role;
use crate::identity::{Authority, Principal};
use crate::record::{Columns, DecodeError, Kind, Record, Sealed, Table, Val, column, secret};
use crate::refusal::{FieldError, Refusal, RefusalKind};

/// Longest user name, in characters.
pub const USERNAME_LEN_MAX: usize = 64;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Id.
    pub id: Uuid,
    /// Name to log in by; unique in any case.
    pub username: String,
    /// E-mail address; unique in any case.
    pub email: Option<String>,
    /// Full name.
    pub full_name: Option<String>,
    /// Role.
    pub role: Role,
    /// False once disabled.
    pub active: bool,
    /// Argon2id hash in PHC form.
    pub password_hash: Option<String>,
    /// True while the password must be changed at the next login.
    pub password_temporary: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Record for User {
    const TABLE: &'static Table = &Table {
        name: "users",
        columns: &[
            column("username", Kind::Text),
            column("email", Kind::Text),
            column("full_name", Kind::Text),
            column("role", Kind::Text),
            column("active", Kind::Bool),
            secret("password_hash", Kind::Text),
            column("password_temporary", Kind::Bool),
            column("created_at", Kind::Time),
            column("updated_at", Kind::Time),
        ],
    };

    fn id(&self) -> Uuid {
        self.id
    }

    fn values(&self) -> Vec<Val> {
        vec![
            self.username.clone().into(),
            self.email.clone().into(),
            self.full_name.clone().into(),
            self.role.as_str().into(),
            self.active.into(),
            self.password_hash.clone().into(),
            self.password_temporary.into(),
            self.created_at.into(),
            self.updated_at.into(),
        ]
    }

    fn from_values(id: Uuid, values: Vec<Val>) -> Result<User, DecodeError> {
        let mut columns = Columns::new(Self::TABLE, values);
        Ok(User {
            id,
            username: columns.text()?,
            email: columns.optional_text()?,
            full_name: columns.optional_text()?,
            role: {
                let word = columns.text()?;
                Role::parse(&word).ok_or_else(|| columns.error(format!("{word:?} is not a role")))?
            },
            active: columns.bool()?,
            password_hash: columns.optional_text()?,
            password_temporary: columns.bool()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }
}

/// Makes a user.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateUser {
    /// Name: 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub username: String,
    /// Role.
    pub role: Role,
    /// Argon2id hash of a first password.
    pub password_hash: Option<String>,
    /// Whether that password must be changed at first login.
    pub password_temporary: bool,
}

impl std::fmt::Debug for CreateUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateUser")
            .field("username", &self.username)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl CreateUser {
    /// Checks the bounds.
    pub fn validate(&self) -> Result<(), FieldError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        if self.username.is_empty()
            || self.username.len() > USERNAME_LEN_MAX
            || !self.username.chars().all(allowed)
        {
            return Err(FieldError::new(
                "username",
                format!("must be 1 to {USERNAME_LEN_MAX} characters of a-z, 0-9, '.', '_' and '-'"),
            ));
        }
        Ok(())
    }
}

/// Decides [`CreateUser`].
pub fn create(
    facts: &Facts,
    command: &CreateUser,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    command.validate()?;
    if facts.user_named(&command.username).is_some() {
        let message = format!("user name {:?} is taken", command.username);
        return Err(Refusal::new(RefusalKind::Conflict, "username_taken", message).field("username"));
    }
    let user = User {
        id: ctx.id(1),
        username: command.username.clone(),
        email: None,
        full_name: None,
        role: command.role,
        active: true,
        password_hash: command.password_hash.clone(),
        password_temporary: command.password_temporary,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    let mut payload = who.payload(ctx);
    payload.changes = vec![RowImages {
        before: None,
        after: Some(user.image()),
    }];
    let mut draft =
        Draft::new(ctx.id(0), who, authority, "user.create", ctx.salt(0), &payload).on("user", user.id);
    draft.writes = vec![RowWrite::User(Sealed {
        row: user.clone(),
        version: 1,
        entry: 0,
        salt: ctx.salt(1),
    })];
    Ok(Decision {
        reply: Reply::User(user),
        drafts: vec![draft],
    })
}
