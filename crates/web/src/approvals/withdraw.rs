//! `POST /v1/approvals/{id}/withdraw`

use domain::Command;

use super::{ANSWER, DECIDED, EXPIRED, PATH, UNKNOWN, changed, in_path};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::Doc;

pub(crate) const DOC: Doc = Doc {
    id: "withdraw_approval",
    tag: "approvals",
    summary: "Take back an approval that one asked for",
    description: "While it is pending, or granted and not used. Taking it back again is no error.",
    parameters: &[PATH, idempotency::DRY_RUN],
    replies: &[ANSWER],
    problems: &[
        UNKNOWN,
        ("403", "not_requester", "somebody else asked for it"),
        DECIDED,
        EXPIRED,
    ],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let id = in_path(&mut call).await?;
    changed(&call, Command::WithdrawApproval(id), dry_run).await
}
