//! `POST /v1/api-keys`

use domain::Act;
use domain::governance::agent::NAME_LEN_MAX as AGENT_LEN_MAX;
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

use crate::agents;
use crate::call::{Answer, Call, json_with};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "create_api_key",
    tag: "api_keys",
    summary: "Create an API key",
    description: "For oneself, or for the `user` named. A key may do what its owner's role allows, narrowed by its \
                  scopes. One for an `agent` is its owner's, and acts as the agent, on behalf of the owner; it has no \
                  scopes but `read`, `governance` and `workflows`. Its secret is shown once.",
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
    /// The agent that it is for: name or id. Its owner then is the agent's, whom `user` may name too.
    #[schemars(length(max = AGENT_LEN_MAX))]
    agent: Option<String>,
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
    let engine = &call.app.engine;
    let agent = match &input.agent {
        Some(text) => Some(agents::named(&call, "agent", text).await?),
        None => None,
    };
    let owner = match (input.user, agent) {
        (Some(owner), _) => owner,
        (None, Some(agent)) => engine.owner_of_agent(agent).await?,
        (None, None) => call.identity()?.user.username.clone(),
    };
    let new = NewApiKey {
        owner,
        agent,
        name: input.name,
        scopes: scopes.collect::<Result<_, _>>()?,
        expires_at: input.expires_at,
        requests_per_minute: input.requests_per_minute,
    };
    let created = engine.create_api_key(call.caller()?, call.origin(), new).await?;
    let made = ApiKeyMade::of(engine, created, None).await?;
    let mut response = json_with(StatusCode::CREATED, &made)?;
    if let Ok(value) = HeaderValue::try_from(format!("/v1/api-keys/{}", made.api_key.id)) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(response)
}
