//! Assets: a file per verb, and what they share.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod supply;

use std::sync::Arc;

use domain::custody::Asset;
use domain::custody::asset::CODE_LEN_MAX;
use evidence::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::call::Call;
use crate::custody::not_found;
use crate::openapi::Parameter;
use crate::problem::Problem;

/// The asset in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "Code, in any case, or id.",
    r#"{"type":"string","minLength":1,"maxLength":36,"pattern":"^[A-Za-z0-9._-]+$","examples":["BTC"]}"#,
)];

/// An example of an asset.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-7000-8000-0000000000ba","code":"BTC","name":"Bitcoin","scale":8,"chain":"bitcoin","created_at":"2026-11-20T08:00:00.000000Z"}"#
    };
}
pub(crate) use example;

/// An asset as answers show it.
#[derive(Serialize)]
struct AssetBody<'a> {
    id: Uuid,
    code: &'a str,
    name: &'a str,
    scale: u64,
    chain: Option<&'a str>,
    created_at: Timestamp,
}

impl AssetBody<'_> {
    fn of(asset: &Asset) -> AssetBody<'_> {
        AssetBody {
            id: asset.id,
            code: &asset.code,
            name: &asset.name,
            scale: asset.scale,
            chain: asset.chain.as_deref(),
            created_at: asset.created_at,
        }
    }
}

/// The asset of the path.
async fn of_path(call: &mut Call) -> Result<Arc<Asset>, Problem> {
    let text = call.path().await?;
    // Nothing longer is a code, and an id is not much longer.
    let readable = text.len() <= CODE_LEN_MAX.max(64);
    let found = if readable {
        call.app.engine.asset_meant(&text).await?
    } else {
        None
    };
    found.ok_or_else(|| not_found("unknown_asset", "id", format!("there is no asset {text:?}")))
}
