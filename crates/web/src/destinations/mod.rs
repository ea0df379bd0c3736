//! Destinations of withdrawals: a file per verb, and what they share.

mod add;
mod remove;

use domain::Reply as CommandReply;
use domain::code::{self, Code};
use domain::custody::destination::Destination;
use uuid::Uuid;
use views::DestinationView;

use crate::call::Call;
use crate::change::Subject;
use crate::openapi::Content;
use crate::problem::Problem;

pub(crate) use add::Add;
pub(crate) use remove::Remove;

impl Subject for Destination {
    type View<'a> = DestinationView;

    const NAME: &'static str = "destination";
    const TAG: &'static str = "destinations";
    const LIST: &'static str = "/v1/destinations";
    const UNKNOWN: &'static Code = &code::UNKNOWN_DESTINATION;
    const SHOWN: Content = Content::shown::<DestinationView>();
    const TAGGED: bool = false;

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<Destination>, Problem> {
        Ok(match reply {
            CommandReply::Destination(row) => Some(row),
            _ => None,
        })
    }

    fn version(&self) -> (Uuid, u64) {
        // It has no entity tag: nothing that depends on its version is changed.
        (self.id, 1)
    }

    async fn view<'a>(&'a self, call: &'a Call) -> Result<DestinationView, Problem> {
        Ok(DestinationView::of(&call.app.engine, self.clone()).await?)
    }
}
