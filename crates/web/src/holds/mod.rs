//! Legal holds: a file per verb, and what they share.

mod create;
mod release;

pub(crate) use create::Create;
pub(crate) use release::Release;

use domain::Reply as CommandReply;
use domain::audit::hold::LegalHold;
use domain::code::{self, Code};
use uuid::Uuid;
use views::HoldView;

use crate::call::Call;
use crate::change::Subject;
use crate::openapi::Content;
use crate::problem::Problem;

/// A hold that a command set or released, and its version.
impl Subject for (LegalHold, u64) {
    type View<'a> = HoldView;

    const NAME: &'static str = "legal hold";
    const TAG: &'static str = "audit";
    const LIST: &'static str = "/v1/audit/holds";
    const UNKNOWN: &'static Code = &code::UNKNOWN_HOLD;
    const SHOWN: Content = Content::shown::<HoldView>();

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<(LegalHold, u64)>, Problem> {
        Ok(reply.try_into().ok())
    }

    fn version(&self) -> (Uuid, u64) {
        (self.0.id, self.1)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<HoldView, Problem> {
        Ok(HoldView::of(self.0.clone(), self.1))
    }
}
