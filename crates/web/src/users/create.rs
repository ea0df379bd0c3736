//! `POST /v1/users`

use domain::Act;
use domain::identity::permission::ROLE_LEN_MAX;
use domain::identity::user::{CreateUser, EMAIL_LEN_MAX, FULL_NAME_LEN_MAX, USERNAME_LEN_MAX};
use engine::identity::{FirstCredential, NewUser};
use http::HeaderValue;
use http::StatusCode;
use http::header::LOCATION;
use schemars::JsonSchema;
use serde::Deserialize;
use views::UserMade;

use super::{TAG, USERNAME, made, role_named};
use crate::call::{Answer, Call};
use crate::openapi::{Content, Doc, Reply};
use crate::password::NewPassword;
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "create_user",
    tag: "users",
    summary: "Create a user",
    description: "With a password, with an invitation by which the user sets one, or else with a one-time password \
                  that must be changed at first login. One of the role `service`, an application, has no password unless \
                  you ask for one: make it an API key. Nobody can give a role that may do more than they may.",
    body: Some(Content::taken::<Input>(&[
        (
            "invited",
            r#"{"username":"ann","email":"ann@example.com","role":"developer","invite":true}"#,
        ),
        (
            "with a one-time password",
            r#"{"username":"bob","role":"viewer"}"#,
        ),
    ])),
    replies: &[
        Reply::shown::<UserMade>("201", "The user, and what is shown once.")
            .with(&[TAG, ("Location", "Where the user is.")]),
    ],
    refusals: CreateUser::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Not `me`, `.`, `..` nor like a UUID, which mean something else where users are named.
    #[schemars(length(min = 1, max = USERNAME_LEN_MAX), regex(pattern = USERNAME))]
    username: String,
    #[schemars(length(max = EMAIL_LEN_MAX))]
    email: Option<String>,
    #[schemars(length(min = 1, max = FULL_NAME_LEN_MAX))]
    full_name: Option<String>,
    #[schemars(length(max = ROLE_LEN_MAX))]
    role: String,
    password: Option<NewPassword>,
    #[schemars(extend("default" = false))]
    invite: Option<bool>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let first = match (input.password, input.invite.unwrap_or(false)) {
        (Some(_), true) => {
            return Err(Problem::field(
                "invite",
                "give either `password` or `invite`, not both",
            ));
        }
        (Some(NewPassword(text)), false) => Some(FirstCredential::Password {
            text,
            temporary: false,
        }),
        (None, true) => Some(FirstCredential::Invitation),
        (None, false) => None,
    };
    let role = role_named(&call, &input.role)?;
    let new = NewUser {
        username: input.username,
        email: input.email,
        full_name: input.full_name,
        first: first.unwrap_or_else(|| FirstCredential::usual(&role)),
        role,
    };
    let engine = &call.app.engine;
    let created = engine.create_user(call.caller()?, call.origin(), new).await?;
    let id = created.user.id;
    let mut response = made(&call, StatusCode::CREATED, created).await?;
    if let Ok(value) = HeaderValue::try_from(format!("/v1/users/{id}")) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(response)
}
