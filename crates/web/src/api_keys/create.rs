//! `POST /v1/api-keys`

use domain::Act;
use domain::identity::Scope;
use domain::identity::api_key::CreateApiKey;
use domain::identity::api_key::{NAME_LEN_MAX, REQUESTS_PER_MINUTE_MAX};
use domain::identity::user::USERNAME_LEN_MAX;
use engine::identity::NewApiKey;
use evidence::Timestamp;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use views::{ApiKeyView, Shown};

use super::with_owner;
use crate::call::{Answer, Call, json_with};
use crate::openapi::{Content, Doc, Reply};
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "create_api_key",
    tag: "api_keys",
    summary: "Create an API key",
    description: "For oneself, or for the `user` named. A key may do what its owner's role allows, narrowed by its \
                  scopes. Its secret is shown once.",
    body: Some(Content::taken::<Input>(&[(
        "shop",
        r#"{"name":"shop","scopes":["read","write"],"requests_per_minute":600}"#,
    )])),
    replies: &[Reply {
        headers: &[("Location", "Where the key is.")],
        ..Reply::new(
            "201",
            "The key, with its secret.",
            &[Content::shown_here::<Made<'static>>()],
        )
    }],
    refusals: CreateApiKey::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    #[schemars(length(min = 1, max = NAME_LEN_MAX))]
    name: String,
    #[schemars(with = "Vec<Scope>", length(min = 1))]
    scopes: Vec<String>,
    /// User name of the owner; oneself unless given.
    #[schemars(length(max = USERNAME_LEN_MAX))]
    user: Option<String>,
    expires_at: Option<Timestamp>,
    /// Its own quota; that of the installation unless given.
    #[schemars(range(min = 1, max = REQUESTS_PER_MINUTE_MAX))]
    requests_per_minute: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Made<'a> {
    /// The secret. Shown now and never again.
    pub key: &'a str,
    pub api_key: ApiKeyView,
}

impl Shown for Made<'_> {
    fn example() -> Self {
        Made {
            key: "prb_4fGh2k0000000000000000000000000AbCdEf",
            api_key: ApiKeyView::example(),
        }
    }
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let mut scopes = Vec::new();
    for (position, word) in input.scopes.iter().enumerate() {
        let scope = Scope::parse(word).ok_or_else(|| {
            let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            Problem::field(
                format!("scopes[{position}]"),
                format!("must be one of {}", all.join(", ")),
            )
        })?;
        scopes.push(scope);
    }
    let owner = match input.user {
        Some(owner) => owner,
        None => call.identity()?.user.username.clone(),
    };
    let new = NewApiKey {
        owner,
        name: input.name,
        scopes,
        expires_at: input.expires_at,
        requests_per_minute: input.requests_per_minute,
    };
    let engine = &call.app.engine;
    let (key, token) = engine.create_api_key(call.caller()?, call.origin(), new).await?;
    let read = with_owner(&call, key).await?;
    let id = read.id;
    let made = Made {
        key: token.secret(),
        api_key: read,
    };
    let mut response = json_with(StatusCode::CREATED, &made)?;
    if let Ok(value) = HeaderValue::try_from(format!("/v1/api-keys/{id}")) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(response)
}
