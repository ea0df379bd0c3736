//! Users: a file per verb, and what they share.

pub(crate) mod create;
pub(crate) mod disable;
pub(crate) mod enable;
pub(crate) mod erase;
mod include;
pub(crate) mod invite;
pub(crate) mod list;
pub(crate) mod reset_password;
pub(crate) mod reset_second_factor;
pub(crate) mod role;
pub(crate) mod show;
pub(crate) mod update;

use domain::identity::token::Token;
use domain::identity::user::User;
use domain::identity::{Permission, Role};
use domain::record::Sealed;
use domain::{Command, Refusal, RefusalKind, Reply as CommandReply};
use engine::identity::CreatedUser;
use evidence::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Parameter, Reply};
use crate::problem::Problem;

/// The user in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "Id, user name or e-mail address.",
    r#"{"type":"string","examples":["ann"]}"#,
)];

/// The version that the caller has seen.
const IF_MATCH: &[Parameter] = &[Parameter::header(
    "If-Match",
    "The `ETag` that you read, or `*` for any version.",
    r#"{"type":"string","examples":["\"1\""]}"#,
)
.required()];

const PRECONDITION: [(&str, &str, &str); 3] = [
    (
        "412",
        "version_mismatch",
        "somebody changed the user meanwhile; read it again",
    ),
    ("428", "if_match_required", "the header `If-Match` is missing"),
    (
        "400",
        "malformed_if_match",
        "`If-Match` is neither one entity tag nor `*`",
    ),
];
const UNKNOWN: (&str, &str, &str) = ("404", "unknown_user", "there is no such user");
const EXCEEDS: (&str, &str, &str) = ("403", "exceeds_own", "the user's role may do more than you may");
const ERASED: (&str, &str, &str) = ("409", "user_erased", "the user was erased");
const LAST_ADMIN: (&str, &str, &str) = ("409", "last_admin", "it is the last active admin");
const TAKEN: (&str, &str, &str) = ("409", "username_taken", "another user has this name");
const EMAIL_TAKEN: (&str, &str, &str) = ("409", "email_taken", "another user has this e-mail address");

/// An example of a user.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-7000-8000-0000000000ab","username":"ann","email":"ann@example.com","full_name":"Ann Example","role":"developer","active":true,"created_at":"2026-11-20T08:00:00.000000Z","updated_at":"2026-11-20T08:00:00.000000Z","password_changed_at":null,"password_change_required":false,"erased_at":null,"version":1}"#
    };
}
pub(crate) use example;

/// A user as the answer.
pub(crate) const ANSWER: Reply = Reply {
    headers: &[("ETag", "The user's version.")],
    ..Reply::new(
        "200",
        "The user as it is now.",
        &[Content::new(
            "application/json",
            r##"{"$ref":"#/components/schemas/User"}"##,
            example!(),
        )],
    )
};

/// A user as answers show it.
#[derive(Serialize)]
pub(crate) struct UserBody<'a> {
    id: Uuid,
    username: &'a str,
    email: Option<&'a str>,
    full_name: Option<&'a str>,
    role: &'a str,
    active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    password_changed_at: Option<Timestamp>,
    password_change_required: bool,
    erased_at: Option<Timestamp>,
    version: u64,
}

impl UserBody<'_> {
    /// Shows a user.
    pub fn of(user: &User, version: u64) -> UserBody<'_> {
        UserBody {
            id: user.id,
            username: &user.username,
            email: user.email.as_deref(),
            full_name: user.full_name.as_deref(),
            role: user.role.as_str(),
            active: user.active,
            created_at: user.created_at,
            updated_at: user.updated_at,
            password_changed_at: user.password_changed_at,
            password_change_required: user.password_temporary,
            erased_at: user.erased_at,
            version,
        }
    }
}

/// A user with what is shown once.
#[derive(Serialize)]
struct CreatedBody<'a> {
    user: UserBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_time_password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<&'a str>,
}

impl CreatedBody<'_> {
    fn of(made: &CreatedUser) -> CreatedBody<'_> {
        CreatedBody {
            user: UserBody::of(&made.user, made.version),
            one_time_password: made.one_time_password.as_deref(),
            invitation: made.invitation.as_ref().map(Token::secret),
        }
    }
}

/// The schema of a user with what is shown once.
const CREATED: &str = r##"{"type":"object","required":["user"],"properties":{"user":{"$ref":"#/components/schemas/User"},"one_time_password":{"type":"string","description":"To be changed at first login. Shown now and never again."},"invitation":{"type":"string","description":"Token of the invitation, for `POST /v1/auth/invitation`. Shown now and never again."}}}"##;

fn unknown(text: &str, field: &str) -> Problem {
    let message = format!("there is no user {text:?}");
    let refusal = Refusal::new(RefusalKind::NotFound, "unknown_user", message).field(field);
    engine::Error::from(refusal).into()
}

/// The user that a text means. Who may not see all users learns of no one but themselves, not even who is there.
pub(crate) async fn meant_or_self(
    call: &Call,
    text: &str,
    permission: Permission,
) -> Result<Sealed<User>, Problem> {
    let own = call.identity()?.user.id;
    let found = call.app.engine.user_meant(text).await?;
    if found.as_ref().map(|user| user.row.id) != Some(own) {
        call.require(permission).await?;
    }
    found.ok_or_else(|| unknown(text, "user"))
}

/// The id of the user in the path, for a command. Where there is no such user, it is one that nobody has: the command
/// then decides as it would of anyone, so that who may not change users learns nothing of who is there.
async fn of_path(call: &mut Call) -> Result<Uuid, Problem> {
    let text = call.path().await?;
    let user = call.app.engine.user_meant(&text).await?;
    Ok(user.map_or(Uuid::nil(), |user| user.row.id))
}

/// What became of a command about the user in the path.
fn problem(error: engine::Error) -> Problem {
    match error {
        engine::Error::Refused { mut refusal, entry } if refusal.code == UNKNOWN.1 => {
            // The id in it is not what was asked for.
            "there is no such user".clone_into(&mut refusal.message);
            engine::Error::Refused { refusal, entry }.into()
        }
        error => error.into(),
    }
}

/// A role's name.
fn role_named(call: &Call, text: &str) -> Result<Role, Problem> {
    let rules = call.app.engine.rules();
    Role::parse(text)
        .filter(|role| rules.role(role).is_some())
        .ok_or_else(|| {
            let known: Vec<_> = rules.roles().iter().map(|rule| rule.name.as_str()).collect();
            Problem::field("role", format!("must be one of {}", known.join(", ")))
        })
}

/// Carries out a command that answers with the user.
async fn changed(call: &Call, command: Command) -> Answer {
    let engine = &call.app.engine;
    let answer = engine.submit(call.caller()?, call.origin(), command).await;
    match answer.map_err(problem)?.reply {
        CommandReply::User { user, version } => shown(&user, version),
        other => Err(Problem::internal(&format_args!("answered with {other:?}"))),
    }
}

fn shown(user: &User, version: u64) -> Answer {
    Ok(tagged(json(&UserBody::of(user, version))?, version))
}
