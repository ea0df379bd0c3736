//! Assets: a file per verb, and what they share.

mod create;
pub(crate) mod supply;

pub(crate) use create::Create;

use domain::Reply as CommandReply;
use domain::code::{self, Code};
use domain::custody::Asset;
use http::StatusCode;
use uuid::Uuid;
use views::AssetView;

use crate::call::Call;
use crate::change::Subject;
use crate::openapi::Content;
use crate::problem::Problem;

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
