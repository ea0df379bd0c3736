//! Assets: a file per verb, and what they share.

mod create;
pub(crate) mod show;
pub(crate) mod supply;

pub(crate) use create::Create;

use std::sync::Arc;

use domain::Reply as CommandReply;
use domain::code::{self, Code};
use domain::custody::Asset;
use domain::custody::asset::CODE_LEN_MAX;
use http::StatusCode;
use uuid::Uuid;
use views::AssetView;

use crate::call::Call;
use crate::change::Subject;
use crate::custody::absent;
use crate::openapi::{Content, Parameter};
use crate::problem::Problem;

/// The asset in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "Code, in any case, or id.",
    r#"{"type":"string","minLength":1,"maxLength":36,"pattern":"^[A-Za-z0-9._-]+$","examples":["BTC"]}"#,
)];

impl Subject for Asset {
    type View<'a> = AssetView;

    const NAME: &'static str = "asset";
    const TAG: &'static str = "custody";
    const LIST: &'static str = "/v1/assets";
    const UNKNOWN: &'static Code = &code::UNKNOWN_ASSET;
    const SHOWN: Content = Content::shown::<AssetView>();
    const TAGGED: bool = false;
    const MADE_BEFORE: StatusCode = StatusCode::OK;

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<Asset>, Problem> {
        Ok(match reply {
            CommandReply::Asset(asset) => Some(asset),
            _ => None,
        })
    }

    fn version(&self) -> (Uuid, u64) {
        // It never changes.
        (self.id, 1)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<AssetView, Problem> {
        Ok(AssetView::of(self))
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
    found.ok_or_else(|| absent(&code::UNKNOWN_ASSET, "id", format_args!("asset {text:?}")))
}
