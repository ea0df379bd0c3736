//! Steps of an operation: a file per verb, and what they share.

mod cancel;
mod capture;
mod complete;
mod fail;
mod mark_unknown;
mod release;
mod report;
mod resolve;
mod start;

pub(crate) use cancel::Cancel;
pub(crate) use capture::Capture;
pub(crate) use complete::Complete;
pub(crate) use fail::Fail;
pub(crate) use mark_unknown::MarkUnknown;
pub(crate) use release::Release;
pub(crate) use report::Report;
pub(crate) use resolve::Resolve;
pub(crate) use start::Start;

use std::borrow::Cow;

use domain::code::Code;
pub(super) use domain::custody::operation::REMARK_LEN_MAX;
use domain::custody::operation::Step;
use domain::identity::Permission;
use domain::{Command, Reply as CommandReply};
use engine::custody::{Made, NewStep, StepKind};
use http::StatusCode;
use uuid::Uuid;
use views::{Noun, Operation, OperationView, Show, Viewer};

use super::redacted;
use crate::call::Call;
use crate::change::{Asked, IfMatch, Says, Subject};
use crate::nouns;
use crate::openapi::Content;
use crate::problem::Problem;

/// A body that may say what is newly known of the transaction.
macro_rules! with_transaction {
    ($(#[$meta:meta])* struct $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($own)*
            /// The asset's own chain unless given.
            #[schemars(
                length(min = 1, max = domain::custody::chain::CHAIN_LEN_MAX),
                regex(pattern = crate::custody::CHAIN)
            )]
            chain: Option<String>,
            #[schemars(length(min = 1, max = domain::custody::chain::TX_HASH_LEN_MAX))]
            tx_hash: Option<String>,
            #[schemars(range(max = i64::MAX))]
            output: Option<u64>,
            #[schemars(range(max = i64::MAX))]
            block: Option<u64>,
            #[schemars(range(max = i64::MAX))]
            confirmations: Option<u64>,
            /// The transactions beside it, all of them: they take the place of those that were known.
            #[schemars(length(max = domain::custody::operation::TRANSACTIONS_MAX))]
            transactions: Option<Vec<crate::operations::transactions::Further>>,
        }

        impl $name {
            fn transaction(&mut self) -> domain::custody::operation::Transaction {
                let further = self.transactions.take();
                domain::custody::operation::Transaction {
                    chain: self.chain.take(),
                    tx_hash: self.tx_hash.take(),
                    output: self.output,
                    block: self.block,
                    confirmations: self.confirmations,
                    further: further.map(crate::operations::transactions::asked),
                }
            }
        }
    };
}
use with_transaction;

/// An operation that a step changed or made.
pub(crate) struct Stepped {
    /// The operation.
    pub(super) view: OperationView,
    /// Whether the same had been done before.
    pub(super) before: bool,
}

impl Subject for Stepped {
    type View<'a> = Cow<'a, OperationView>;

    const NAME: &'static str = Operation::NAMES.0;
    const TAG: &'static str = Operation::TAG;
    const LIST: &'static str = "/v1/operations";
    const UNKNOWN: &'static Code = Operation::UNKNOWN;
    const SHOWN: Content = Content::shown::<OperationView>();
    const MADE_BEFORE: StatusCode = StatusCode::OK;
    const REPEATS: bool = true;

    async fn of(call: &Call, reply: CommandReply) -> Result<Option<Stepped>, Problem> {
        let mut states: Vec<Made> = reply.try_into().unwrap_or_default();
        let Some(made) = states.pop() else {
            return Ok(None);
        };
        let before = made.replayed;
        let view = call.app.engine.view_stepped(made).await?;
        let view = OperationView::of(view, Viewer::of(call.identity()?));
        Ok(Some(Stepped { view, before }))
    }

    fn version(&self) -> (Uuid, u64) {
        self.view.version()
    }

    fn before(&self, _: Option<u64>) -> bool {
        self.before
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<Cow<'a, OperationView>, Problem> {
        Ok(Cow::Borrowed(&self.view))
    }

    fn unmade(view: &mut Cow<'_, OperationView>) {
        view.to_mut().leave_out_ids();
    }

    fn redacted(call: &Call, problem: Problem) -> Problem {
        redacted(call, problem)
    }
}

/// A step of an operation: what it is for is documented by itself.
const CHANGES: Says = Says {
    if_match: IfMatch::May,
    checked_first: true,
    ..Says::CHANGES
};

/// The command that is a step of the operation in the path. It is looked up before the command is decided: one that the
/// caller may not see is not there.
async fn step(asked: &Asked<'_>, step: impl Into<Step>) -> Result<Command, Problem> {
    taken(asked, StepKind::Other(step.into())).await
}

async fn taken(asked: &Asked<'_>, kind: StepKind) -> Result<Command, Problem> {
    let call = asked.call;
    let viewer = Viewer::of(call.identity()?);
    if !viewer.holds(Permission::CustodyWrite) {
        let id = asked.id.to_string();
        let seen = Operation::find(&call.app.engine, viewer, &id).await?;
        seen.ok_or_else(|| nouns::missing::<Operation>(&id))?;
    }
    let step = NewStep {
        operation: asked.id,
        version: asked.version,
        kind,
    };
    Ok(call.app.engine.prepare_step(step).await?.command())
}
