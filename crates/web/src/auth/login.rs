//! `POST /v1/auth/login`

use domain::identity::Must;
use domain::identity::login::LogIn;
use domain::identity::user::EMAIL_LEN_MAX;
use domain::{Act, code};
use engine::identity::LogInRequest;
use http::header::SET_COOKIE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use views::{SessionView, Shown, UserView};

use crate::call::{Answer, Call, json};
use crate::credential;
use crate::openapi::{Content, Doc, Reply, listed};
use crate::password::Password;

pub(crate) const DOC: Doc = Doc {
    id: "log_in",
    tag: "account",
    summary: "Log in",
    description: "Begins a session. Its token is shown once: send it as `Authorization: Bearer`; or ask for a cookie, \
                  which a browser then sends by itself. Where the user has a second factor, the answer is \
                  `second_factor_needed` until `totp` or `recovery_code` is sent too. `must` says what has to be done \
                  before the session is good for anything else: a one-time \
                  password is changed, and so is one of which bcrypt, where the user was imported, had read a part. \
                  Every wrong name, password and disabled user is \
                  answered alike, and after the same time.",
    body: Some(Content::taken::<Input>(&[(
        "password",
        r#"{"username":"ann","password":"correct horse battery staple"}"#,
    )])),
    replies: &[Reply::shown::<Output>("200", "The session.")
        .with(&[("Set-Cookie", "The session, if `cookie` was asked for.")])],
    problems: &[listed(&code::TOO_MANY_LOGINS)],
    refusals: LogIn::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// User name or e-mail address, in any case.
    #[schemars(length(min = 1, max = EMAIL_LEN_MAX))]
    username: String,
    password: Password,
    /// Code of the second factor: 6 digits.
    #[schemars(length(max = 64))]
    totp: Option<String>,
    /// Instead of `totp`; each works once.
    #[schemars(length(max = 64))]
    recovery_code: Option<String>,
    /// Answer with a cookie instead of a token. Only from this server's own pages.
    #[schemars(extend("default" = false))]
    cookie: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// The session's token, unless a cookie was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    session: SessionView,
    user: UserView,
    /// What must be done first.
    must: Option<Must>,
}

impl Shown for Output {
    fn example() -> Output {
        Output {
            token: Some("prs_0000000000000000000000000000000000000000000AbCdEf".to_owned()),
            session: SessionView::example(),
            user: UserView::example(),
            must: None,
        }
    }
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let cookie = input.cookie.unwrap_or(false);
    if cookie {
        // Else another site's page could log its own user in here.
        credential::from_our_pages(&call.parts)?;
    }
    let request = LogInRequest {
        name: input.username,
        password: input.password.0,
        totp: input.totp,
        recovery_code: input.recovery_code,
    };
    let done = call.app.engine.log_in(request, call.origin()).await?;
    let mut response = json(&Output {
        token: (!cookie).then(|| done.token.secret().to_owned()),
        session: SessionView::of(done.session.clone()),
        user: UserView::of(&done.user, done.version),
        must: done.must,
    })?;
    if let Some(value) = credential::set_cookie(done.token.secret(), &done.session).filter(|_| cookie) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    Ok(response)
}
