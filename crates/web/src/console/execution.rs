//! The page of an execution.

use console::ExecutionPage;
use views::{Approval, Asked, Execution, Given, Noun, Paging, Viewer};

use crate::call::{Answer, Call};
use crate::console::frame;
use crate::console::one::One;
use crate::problem::Problem;
use crate::query::Fields;

/// How many rows of the timeline are shown at first.
const SHOWN_USUAL: usize = 200;
/// Most approvals that are shown with it; their list has the rest.
const APPROVALS_MAX: u32 = 50;
/// What the address says where all rows are to be shown.
const ALL: &str = "rows=all";

/// Shows an execution.
pub(crate) async fn show(mut call: Call) -> Answer {
    let one = One::<Execution>::found(&mut call).await?;
    let (frame, page) = one.page(&call, &[]).await?;
    let given = Fields::parse(call.parts.uri.query().unwrap_or_default())?;
    let id = one.whole.execution.id;
    let page = ExecutionPage {
        one: page,
        shown: if given.get("rows") == "all" {
            usize::MAX
        } else {
            SHOWN_USUAL
        },
        all: format!("{}?{ALL}", call.parts.uri.path()),
        approvals: approvals(&call, Given::Id(id)).await?,
        whole: one.whole,
    };
    Ok(frame::answer(&frame, &console::execution(&frame.look, &page)))
}

/// The approvals that an execution asked for, as far as this reader sees them.
async fn approvals(call: &Call, execution: Given) -> Result<Vec<(String, String, String)>, Problem> {
    let identity = call.identity()?;
    let mut lists = call.app.site.lists_for(&identity.principal);
    if !lists.any(|list| list.key == Approval::KEY) {
        return Ok(Vec::new());
    }
    let asked = Asked(vec![("execution", execution)]);
    let paging = Paging {
        limit: Some(APPROVALS_MAX),
        ..Paging::ALL
    };
    let page = Approval::page(&call.app.engine, Viewer::of(identity), &asked, paging).await?;
    let views = page.views.into_iter();
    Ok(views
        .map(|view| (view.action, view.status.as_str().to_owned(), view.id.to_string()))
        .collect())
}
