//! The page of an approval.

use console::ApprovalPage;
use domain::approval::ApprovalStatus;
use domain::identity::Permission;
use views::{Approval, Cell, Show, Viewer};

use crate::call::{Answer, Call};
use crate::console::one::One;
use crate::console::{approved, frame};

/// Where votes are sent.
const VOTE: &str = "/approvals/{id}/vote";

/// Shows an approval.
pub(crate) async fn show(mut call: Call) -> Answer {
    let one = One::<Approval>::found(&mut call).await?;
    let voters: Vec<Cell> = one.whole.votes.iter().map(|vote| Cell::User(vote.user)).collect();
    let (frame, mut page) = one.page(&call, &voters).await?;
    // One votes on the page itself, beside what one votes on.
    page.actions.retain(|action| !action.href.ends_with("/vote"));
    let identity = call.identity()?;
    let view = one.whole;
    let hindrance = Approval::hinders(&view, Viewer::of(identity), "vote");
    let offered = call
        .app
        .site
        .forms_for(&identity.principal)
        .any(|form| form.path == VOTE);
    page.actions.extend(approved::carries_out(&call, &view)?);
    let id = view.id.to_string();
    let proves = identity.principal.holds(Permission::AuditRead);
    let page = ApprovalPage {
        vote: (offered && hindrance.is_none() && !page.tampered).then(|| VOTE.replace("{id}", &id)),
        hindrance: hindrance.filter(|_| view.status == ApprovalStatus::Pending),
        evidence: proves.then(|| format!("/v1/approvals/{id}/evidence")),
        one: page,
        view,
    };
    Ok(frame::answer(&frame, &console::approval(&frame.look, &page)))
}
