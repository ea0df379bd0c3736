//! Users: a file per verb, and what they share.

mod active;
pub(crate) mod create;
pub(crate) mod erase;
mod include;
pub(crate) mod invite;
pub(crate) mod list;
pub(crate) mod reset_password;
mod reset_second_factor;
mod role;
pub(crate) mod show;
mod update;

pub(crate) use active::{Disable, Enable};
pub(crate) use reset_second_factor::ResetSecondFactor;
pub(crate) use role::GiveRole;
pub(crate) use update::Update;

use domain::Reply as CommandReply;
use domain::code;
use domain::identity::token::Token;
use domain::identity::user::User;
use domain::identity::{Permission, Role};
use domain::record::Sealed;
use engine::identity::CreatedUser;
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::call::Call;
use crate::change::Subject;
use crate::openapi::{Content, Listed, Parameter, Reply};
use crate::problem::Problem;

/// What a user name is made of.
const USERNAME: &str = "^[a-z0-9._-]+$";

/// The user in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "Id, user name or e-mail address.",
    r#"{"type":"string","examples":["ann"]}"#,
)];

const UNKNOWN: Listed = crate::custody::UNKNOWN_USER;

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
        &[Content::named::<UserBody<'static>>(example!())],
    )
};

/// A user.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub(crate) struct UserBody<'a> {
    id: Uuid,
    username: &'a str,
    email: Option<&'a str>,
    full_name: Option<&'a str>,
    role: &'a str,
    /// False once disabled or erased.
    active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    password_changed_at: Option<Timestamp>,
    /// Whether the password is a one-time password.
    password_change_required: bool,
    erased_at: Option<Timestamp>,
    /// Counts the changes; the same as in `ETag`.
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
#[derive(Serialize, JsonSchema)]
struct CreatedBody<'a> {
    user: UserBody<'a>,
    /// To be changed at first login. Shown now and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    one_time_password: Option<&'a str>,
    /// Token of the invitation, for `POST /v1/auth/invitation`. Shown now and never again.
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

/// An example of one with an invitation, and of one with a password.
const INVITED: &str = concat!(
    r#"{"user":"#,
    example!(),
    r#","invitation":"pri_0000000000000000000000000000000000000000000AbCdEf"}"#
);

const GIVEN_PASSWORD: &str = concat!(
    r#"{"user":"#,
    example!(),
    r#","one_time_password":"abcdefghijkmnpqrstuvwxyz"}"#
);

fn unknown(text: &str, field: &str) -> Problem {
    let message = format!("there is no user {text:?}");
    let refusal = code::UNKNOWN_USER.because(message).field(field);
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

/// The id of the user in the path, for a command.
async fn of_path(call: &mut Call) -> Result<Uuid, Problem> {
    let text = call.path().await?;
    Changed::meant(call, &text).await
}

/// What became of a command about the user in the path.
fn problem(error: engine::Error) -> Problem {
    without_user_id(error.into())
}

/// The refusal without the id, which is not what was asked for.
fn without_user_id(mut problem: Problem) -> Problem {
    if problem.code == UNKNOWN.1 {
        "there is no such user".clone_into(&mut problem.detail);
    }
    problem
}

/// A user that a command changed.
pub(crate) struct Changed {
    user: User,
    version: u64,
}

impl Subject for Changed {
    type View<'a> = UserBody<'a>;

    const NAME: &'static str = "user";
    const TAG: &'static str = "users";
    const LIST: &'static str = "/v1/users";
    const UNKNOWN: &'static code::Code = &code::UNKNOWN_USER;
    const SHOWN: Content = Content::named::<UserBody<'static>>(example!());
    const PATH: Option<Parameter> = Some(PATH[0]);

    /// Where there is no such user, it is one that nobody has: the command then decides as it would of anyone, so that
    /// who may not change users learns nothing of who is there.
    async fn meant(call: &Call, text: &str) -> Result<Uuid, Problem> {
        let user = call.app.engine.user_meant(text).await?;
        Ok(user.map_or(Uuid::nil(), |user| user.row.id))
    }

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<Changed>, Problem> {
        let changed = reply.try_into().ok();
        Ok(changed.map(|(user, version)| Changed { user, version }))
    }

    fn version(&self) -> (Uuid, u64) {
        (self.user.id, self.version)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<UserBody<'a>, Problem> {
        Ok(UserBody::of(&self.user, self.version))
    }

    fn redacted(_: &Call, problem: Problem) -> Problem {
        without_user_id(problem)
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
