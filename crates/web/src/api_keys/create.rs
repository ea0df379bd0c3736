//! `POST /v1/api-keys`

use domain::Act;
use domain::identity::Scope;
use domain::identity::api_key::{CreateApiKey, NAME_LEN_MAX, REQUESTS_PER_MINUTE_MAX};
use domain::identity::user::USERNAME_LEN_MAX;
use engine::identity::NewApiKey;
use evidence::Timestamp;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use views::ApiKeyMade;

use crate::call::{Answer, Call, json_with};
use crate::openapi::{Content, Doc, Reply};

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
    replies: &[Reply::shown::<ApiKeyMade>("201", "The key, with its secret.")
        .with(&[("Location", "Where the key is.")])],
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

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let scopes = input.scopes.iter().enumerate();
    let scopes = scopes.map(|(position, word)| Scope::read(&format!("scopes[{position}]"), word));
    let owner = match input.user {
        Some(owner) => owner,
        None => call.identity()?.user.username.clone(),
    };
    let new = NewApiKey {
        owner,
        name: input.name,
        scopes: scopes.collect::<Result<_, _>>()?,
        expires_at: input.expires_at,
        requests_per_minute: input.requests_per_minute,
    };
    let engine = &call.app.engine;
    let created = engine.create_api_key(call.caller()?, call.origin(), new).await?;
    let made = ApiKeyMade::of(engine, created, None).await?;
    let mut response = json_with(StatusCode::CREATED, &made)?;
    if let Ok(value) = HeaderValue::try_from(format!("/v1/api-keys/{}", made.api_key.id)) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(response)
}
