//! Balances: a file per verb, and what they share.

mod csv;
pub(crate) mod show;
pub(crate) mod statement;
mod update;

use domain::Reply as CommandReply;
use domain::code::Code;
use domain::custody::Balance;
use uuid::Uuid;
use views::{BalanceView, Noun, Show};

use crate::call::Call;
use crate::change::Subject;
use crate::openapi::Content;
use crate::problem::Problem;

pub(crate) use update::Update;

impl Subject for BalanceView {
    type View<'a> = &'a BalanceView;

    const NAME: &'static str = Balance::NAMES.0;
    const TAG: &'static str = Balance::TAG;
    const LIST: &'static str = "/v1/balances";
    const UNKNOWN: &'static Code = Balance::UNKNOWN;
    const SHOWN: Content = Content::shown::<BalanceView>();

    async fn of(call: &Call, reply: CommandReply) -> Result<Option<BalanceView>, Problem> {
        let CommandReply::Balance { balance, .. } = reply else {
            return Ok(None);
        };
        // As it is by the clock.
        let state = call.app.engine.balance(balance.id).await?;
        Ok(state.as_ref().map(BalanceView::of))
    }

    fn version(&self) -> (Uuid, u64) {
        (self.id, self.version)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<&'a BalanceView, Problem> {
        Ok(self)
    }
}
