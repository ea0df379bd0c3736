//! API keys.

use evidence::payload::RowImages;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::context::Context;
use crate::decision::{Decision, Draft, Reply};
use crate::facts::{Facts, RowWrite};
use crate::identity::permission::Scope;
use crate::identity::{Authority, Principal};
use crate::record::{Columns, DecodeError, Kind, Record, Sealed, Table, Val, column, secret};
use crate::refusal::{FieldError, Refusal, RefusalKind};

/// Longest name of a key, in characters.
pub const NAME_LEN_MAX: usize = 100;

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Id.
    pub id: Uuid,
    /// Its owner.
    pub user_id: Uuid,
    /// A name for people.
    pub name: String,
    /// The first characters of the secret, to recognise it by.
    pub shown: String,
    /// SHA-256 of the secret.
    pub hash: Vec<u8>,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer good.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// The scopes as one text, separated by spaces.
    pub fn scopes_text(&self) -> String {
        self.scopes
            .iter()
            .map(|scope| scope.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl Record for ApiKey {
    const TABLE: &'static Table = &Table {
        name: "api_keys",
        columns: &[
            column("user_id", Kind::Uuid),
            column("name", Kind::Text),
            column("shown", Kind::Text),
            secret("hash", Kind::Bytes),
            column("scopes", Kind::Text),
            column("created_at", Kind::Time),
            column("expires_at", Kind::Time),
            column("revoked_at", Kind::Time),
        ],
    };

    fn id(&self) -> Uuid {
        self.id
    }

    fn values(&self) -> Vec<Val> {
        vec![
            self.user_id.into(),
            self.name.clone().into(),
            self.shown.clone().into(),
            self.hash.clone().into(),
            self.scopes_text().into(),
            self.created_at.into(),
            self.expires_at.into(),
            self.revoked_at.into(),
        ]
    }

    fn from_values(id: Uuid, values: Vec<Val>) -> Result<ApiKey, DecodeError> {
        let mut columns = Columns::new(Self::TABLE, values);
        Ok(ApiKey {
            id,
            user_id: columns.uuid()?,
            name: columns.text()?,
            shown: columns.text()?,
            hash: columns.bytes()?,
            scopes: {
                let words = columns.text()?;
                let scopes: Option<Vec<Scope>> = words.split(' ').map(Scope::parse).collect();
                scopes.ok_or_else(|| columns.error(format!("{words:?} names an unknown scope")))?
            },
            created_at: columns.time()?,
            expires_at: columns.optional_time()?,
            revoked_at: columns.optional_time()?,
        })
    }
}

/// Makes an API key. The secret is made outside: only its hash comes here.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateApiKey {
    /// User name of the owner.
    pub owner: String,
    /// A name for people: 1 to 100 characters.
    pub name: String,
    /// At least one scope.
    pub scopes: Vec<Scope>,
    /// From when it is no longer good.
    pub expires_at: Option<Timestamp>,
    /// The first characters of the secret.
    pub shown: String,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
}

impl std::fmt::Debug for CreateApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateApiKey")
            .field("owner", &self.owner)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl CreateApiKey {
    fn validate(&self, now: Timestamp) -> Result<(), FieldError> {
        let length = self.name.chars().count();
        if length == 0 || length > NAME_LEN_MAX || self.name.chars().any(char::is_control) {
            return Err(FieldError::new(
                "name",
                format!("must be 1 to {NAME_LEN_MAX} printable characters"),
            ));
        }
        if self.scopes.is_empty() {
            let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            return Err(FieldError::new(
                "scopes",
                format!("must name at least one of {}", all.join(", ")),
            ));
        }
        if self.expires_at.is_some_and(|expiry| expiry <= now) {
            return Err(FieldError::new("expires_at", format!("must be after now, {now}")));
        }
        Ok(())
    }
}

/// Decides [`CreateApiKey`].
pub fn create(
    facts: &Facts,
    command: &CreateApiKey,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    command.validate(ctx.now)?;
    let owner = facts.user_named(&command.owner).ok_or_else(|| {
        Refusal::new(
            RefusalKind::NotFound,
            "unknown_user",
            format!("there is no user {:?}", command.owner),
        )
        .field("user")
    })?;
    let mut scopes = command.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    let key = ApiKey {
        id: ctx.id(1),
        user_id: owner.row.id,
        name: command.name.clone(),
        shown: command.shown.clone(),
        hash: command.hash.to_vec(),
        scopes,
        created_at: ctx.now,
        expires_at: command.expires_at,
        revoked_at: None,
    };
    Ok(written(key, None, "api_key.create", who, authority, ctx))
}

/// Decides the revocation of the key `id`; a second revocation changes nothing.
pub fn revoke(
    facts: &Facts,
    id: Uuid,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    let before = facts.api_keys.get(&id).ok_or_else(|| {
        Refusal::new(
            RefusalKind::NotFound,
            "unknown_api_key",
            format!("there is no API key {id}"),
        )
        .field("id")
    })?;
    if before.row.revoked_at.is_some() {
        return Ok(Decision {
            reply: Reply::ApiKey(before.row.clone()),
            drafts: Vec::new(),
        });
    }
    let after = ApiKey {
        revoked_at: Some(ctx.now),
        ..before.row.clone()
    };
    Ok(written(
        after,
        Some(before),
        "api_key.revoke",
        who,
        authority,
        ctx,
    ))
}

fn written(
    key: ApiKey,
    before: Option<&Sealed<ApiKey>>,
    action: &'static str,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Decision {
    let mut payload = who.payload(ctx);
    payload.changes = vec![RowImages {
        before: before.map(|sealed| sealed.row.image()),
        after: Some(key.image()),
    }];
    let mut draft =
        Draft::new(ctx.id(0), who, authority, action, ctx.salt(0), &payload).on("api_key", key.id);
    let version = before.map_or(1, |sealed| sealed.version + 1);
    draft.writes = vec![RowWrite::ApiKey(Sealed {
        row: key.clone(),
        version,
        entry: 0,
        salt: ctx.salt(1),
    })];
    Decision {
        reply: Reply::ApiKey(key),
        drafts: vec![draft],
    }
}
