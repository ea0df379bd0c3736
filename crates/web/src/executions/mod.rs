//! Executions: a file per verb, and what they share.

mod finish;
pub(crate) mod heartbeat;
mod start;

use domain::Reply as CommandReply;
use domain::code::{self, Code};
use domain::workflow::execution::Execution;
use uuid::Uuid;
use views::ExecutionView;

use crate::call::Call;
use crate::change::Subject;
use crate::openapi::Content;
use crate::problem::Problem;

pub(crate) use finish::{Cancel, Complete, Fail};
pub(crate) use start::Start;

impl Subject for (Execution, u64) {
    type View<'a> = ExecutionView;

    const NAME: &'static str = "execution";
    const TAG: &'static str = "workflows";
    const LIST: &'static str = "/v1/executions";
    const UNKNOWN: &'static Code = &code::UNKNOWN_EXECUTION;
    const SHOWN: Content = Content::shown::<ExecutionView>();
    const TAGGED: bool = false;
    const REPEATS: bool = true;

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<Self>, Problem> {
        Ok(reply.try_into().ok())
    }

    fn version(&self) -> (Uuid, u64) {
        (self.0.id, self.1)
    }

    async fn view<'a>(&'a self, call: &'a Call) -> Result<ExecutionView, Problem> {
        Ok(ExecutionView::of_one(&call.app.engine, self.0.clone()).await?)
    }
}
