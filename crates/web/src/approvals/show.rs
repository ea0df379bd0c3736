//! `GET /v1/approvals/{id}`

use domain::identity::Permission;

use super::{PATH, UNKNOWN, body, unknown};
use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "show_approval",
    tag: "approvals",
    summary: "One approval",
    description: "With its votes, and its status by the clock. `arguments` are what it is bound to; `shown` is the same for \
                  people: names, decimals, and address and label of a destination.",
    parameters: &[PATH],
    replies: &[Reply {
        headers: &[("ETag", "The approval's version.")],
        ..Reply::new(
            "200",
            "The approval.",
            &[Content::new(
                "application/json",
                r##"{"$ref":"#/components/schemas/Approval"}"##,
                super::example!(),
            )],
        )
    }],
    problems: &[UNKNOWN],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id("approval").await?;
    let identity = call.identity()?;
    let all = identity.principal.holds(Permission::ApprovalsRead);
    let own = Some(identity.user.id);
    let found = call.app.engine.approval(id).await?;
    let visible = found.filter(|view| all || view.approval.requested_by == own);
    let view = visible.ok_or_else(|| unknown(id))?;
    Ok(tagged(json(&body(&call, &view).await?)?, view.version))
}
