//! API keys: a file per verb, and what they share.

pub(crate) mod create;
pub(crate) mod revoke;
pub(crate) mod rotate;

use domain::identity::api_key::ApiKey;
use views::ApiKeyView;

use crate::call::Call;
use crate::openapi::Parameter;
use crate::problem::Problem;

/// The key in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The key's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000aa"]}"#,
)];

/// A key that was just made, with its owner's name.
async fn with_owner(call: &Call, key: ApiKey) -> Result<ApiKeyView, Problem> {
    let missing = || Problem::internal(&format_args!("API key {} is not there", key.id));
    let found = call.app.engine.api_key(key.id).await?;
    Ok(ApiKeyView::of(found.ok_or_else(missing)?))
}
