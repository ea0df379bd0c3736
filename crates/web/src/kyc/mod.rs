//! KYC records: a file per verb, and what they share.

mod approve;
mod check;
mod reject;
mod revoke;
mod submit;
pub(crate) mod tier;

pub(crate) use approve::Approve;
pub(crate) use check::Check;
pub(crate) use reject::Reject;
pub(crate) use revoke::Revoke;
pub(crate) use submit::Submit;

use domain::code::{self, Code};
use domain::custody::kyc::DecideKyc;
use domain::{Command, Reply as CommandReply};
use engine::custody::KycView;
use uuid::Uuid;
use views::KycRecordView;

use crate::call::Call;
use crate::change::{Asked, Subject};
use crate::openapi::Content;
use crate::problem::Problem;

impl Subject for KycView {
    type View<'a> = KycRecordView;

    const NAME: &'static str = "KYC record";
    const TAG: &'static str = "kyc";
    const LIST: &'static str = "/v1/kyc";
    const UNKNOWN: &'static Code = &code::UNKNOWN_KYC_RECORD;
    const SHOWN: Content = Content::shown::<KycRecordView>();

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<KycView>, Problem> {
        Ok(match reply {
            CommandReply::Kyc {
                record,
                version,
                documents,
            } => Some(KycView {
                record: record.as_of(engine::now()),
                version,
                documents,
            }),
            _ => None,
        })
    }

    fn version(&self) -> (Uuid, u64) {
        (self.record.id, self.version)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<KycRecordView, Problem> {
        Ok(KycRecordView::of(self.clone()))
    }

    fn unmade(view: &mut KycRecordView) {
        view.documents.iter_mut().for_each(|document| document.id = None);
    }

    /// The refusal without the user that the caller did not name.
    fn redacted(_: &Call, mut problem: Problem) -> Problem {
        if problem.code == Self::UNKNOWN.name {
            "there is no such KYC record".clone_into(&mut problem.detail);
        }
        problem
    }
}

/// Decides on the record in the path.
async fn decide<D>(asked: &Asked<'_>, decision: D) -> Result<Command, Problem>
where
    Command: From<DecideKyc<D>>,
{
    // Where there is no such record, the command says so, to those who may decide.
    let found = asked.call.app.engine.kyc_record(asked.id).await?;
    let command = DecideKyc {
        record: asked.id,
        user: found.map_or(Uuid::nil(), |view| view.record.user_id),
        version: asked.version,
        decision,
    };
    Ok(command.into())
}
