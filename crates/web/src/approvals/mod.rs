//! Approvals: a file per verb, and what they share.

mod arguments;
pub(crate) mod evidence;
mod outcome;
mod request;
pub(crate) mod show;
mod use_once;
mod vote;
mod withdraw;

pub(crate) use outcome::Outcome;
pub(crate) use request::Request;
pub(crate) use use_once::Use;
pub(crate) use vote::Vote;
pub(crate) use withdraw::Withdraw;

use domain::Reply as CommandReply;
use domain::code::{self, Code};
use engine::custody::ApprovalView;
use uuid::Uuid;
use views::Viewer;

use crate::call::Call;
use crate::change::Subject;
use crate::openapi::Content;
use crate::problem::Problem;

impl Subject for ApprovalView {
    type View<'a> = views::ApprovalView;

    const NAME: &'static str = "approval";
    const TAG: &'static str = "approvals";
    const LIST: &'static str = "/v1/approvals";
    const UNKNOWN: &'static Code = &code::UNKNOWN_APPROVAL;
    const SHOWN: Content = Content::shown::<views::ApprovalView>();

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<ApprovalView>, Problem> {
        Ok(match reply {
            CommandReply::Approval {
                approval,
                version,
                votes,
            } => Some(ApprovalView {
                approval: approval.as_of(engine::now()),
                version,
                votes,
            }),
            _ => None,
        })
    }

    fn version(&self) -> (Uuid, u64) {
        (self.approval.id, self.version)
    }

    async fn view<'a>(&'a self, call: &'a Call) -> Result<views::ApprovalView, Problem> {
        let viewer = Viewer::of(call.identity()?);
        Ok(views::ApprovalView::of_one(&call.app.engine, viewer, self.clone()).await?)
    }

    fn unmade(view: &mut views::ApprovalView) {
        view.page = None;
    }
}
