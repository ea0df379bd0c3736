//! Users: a file per verb, and what they share.

mod active;
pub(crate) mod create;
pub(crate) mod erase;
pub(crate) mod invite;
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
use domain::code::{self, Code};
use domain::identity::Role;
use domain::identity::user::User;
use engine::identity::CreatedUser;
use http::StatusCode;
use uuid::Uuid;
use views::{UserMade, UserView};

use crate::call::{Answer, Call, json_with, tagged};
use crate::change::Subject;
use crate::openapi::{Content, Parameter, Reply};
use crate::problem::Problem;

/// What a user name is made of.
const USERNAME: &str = "^[a-z0-9._-]+$";

/// The user in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "Id, user name or e-mail address.",
    r#"{"type":"string","examples":["ann"]}"#,
)];

/// The header with the version of a user.
const TAG: (&str, &str) = ("ETag", "The user's version.");

/// A user as the answer.
pub(crate) const ANSWER: Reply =
    Reply::new("200", "The user as it is now.", &[Content::shown::<UserView>()]).with(&[TAG]);

/// The answer that shows a user with what is shown once.
async fn made(call: &Call, status: StatusCode, made: CreatedUser) -> Answer {
    let version = made.version;
    let made = UserMade::of(&call.app.engine, made).await?;
    Ok(tagged(json_with(status, &made)?, version))
}

/// The id of the user in the path, for a command.
async fn of_path(call: &mut Call) -> Result<Uuid, Problem> {
    let text = call.path().await?;
    <(User, u64)>::meant(call, &text).await
}

/// What became of a command about the user in the path.
fn problem(error: engine::Error) -> Problem {
    without_user_id(error.into())
}

fn without_user_id(problem: Problem) -> Problem {
    problem.without_id(&code::UNKNOWN_USER, "user")
}

/// A user that a command changed, and its version.
impl Subject for (User, u64) {
    type View<'a> = UserView;

    const NAME: &'static str = "user";
    const TAG: &'static str = "users";
    const LIST: &'static str = "/v1/users";
    const UNKNOWN: &'static Code = &code::UNKNOWN_USER;
    const SHOWN: Content = Content::shown::<UserView>();
    const PATH: Option<Parameter> = Some(PATH[0]);

    /// Where there is no such user, it is one that nobody has: the command then decides as it would of anyone, so that
    /// who may not change users learns nothing of who is there.
    async fn meant(call: &Call, text: &str) -> Result<Uuid, Problem> {
        let user = call.app.engine.user_meant(text).await?;
        Ok(user.map_or(Uuid::nil(), |user| user.row.id))
    }

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<(User, u64)>, Problem> {
        Ok(reply.try_into().ok())
    }

    fn version(&self) -> (Uuid, u64) {
        (self.0.id, self.1)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<UserView, Problem> {
        Ok(UserView::of(&self.0, self.1))
    }

    fn redacted(_: &Call, problem: Problem) -> Problem {
        without_user_id(problem)
    }
}

/// A role's name.
pub(crate) fn role_named(call: &Call, text: &str) -> Result<Role, Problem> {
    let rules = call.app.engine.rules();
    Role::parse(text)
        .filter(|role| rules.role(role).is_some())
        .ok_or_else(|| {
            let known: Vec<_> = rules.roles().iter().map(|rule| rule.name.as_str()).collect();
            Problem::field("role", format!("must be one of {}", known.join(", ")))
        })
}
