//! `probity approval list`.

use clap::Args;
use domain::approval::ApprovalStatus;
use engine::custody::ApprovalView;
use serde_json::json;

use super::as_json;
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column};
use crate::user;

/// Approvals that are read at once.
const CHUNK: u32 = 500;

/// Arguments of `probity approval list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// pending, granted, rejected, used, withdrawn or expired
    #[arg(long, value_parser = status)]
    status: Option<ApprovalStatus>,
    /// Asked for by this user: name, id or e-mail address
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

fn status(text: &str) -> Result<ApprovalStatus, String> {
    ApprovalStatus::read("status", text).map_err(|error| error.message)
}

/// Lists.
pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let by = match &args.by {
        Some(name) => Some(user::find(&engine, name).await?.row.id),
        None => None,
    };
    let mut views: Vec<ApprovalView> = Vec::new();
    let mut after = None;
    loop {
        let page = engine.approvals(args.status, by, after, CHUNK).await?;
        let last = page.len() < CHUNK as usize;
        after = page.last().map(|view| view.approval.id);
        views.extend(page);
        if last {
            break;
        }
    }
    if context.json() {
        let approvals = views.iter().map(|view| &view.approval);
        let subjects = engine.approval_subjects(approvals).await?;
        let json = |view: &ApprovalView| as_json(view, subjects.get(&view.approval.id));
        let approvals: Vec<_> = views.iter().map(json).collect();
        output::json(&json!({ "approvals": approvals }))?;
    } else {
        let mut people = People::default();
        let mut rows = Vec::new();
        for view in &views {
            let approval = &view.approval;
            let given = view.votes.iter().filter(|vote| vote.approve).count();
            rows.push(vec![
                approval.id.to_string(),
                approval.action.clone(),
                people.by(&engine, approval.requested_by).await?,
                approval.status.as_str().to_owned(),
                format!("{given}/{}", approval.quorum),
            ]);
        }
        if !rows.is_empty() {
            output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
        }
        context.remark(&counted(rows.len() as u64, "approval", "approvals"));
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

const COLUMNS: [Column; 5] = [
    column("id", Elide::Never),
    column("action", Elide::Start),
    column("asked by", Elide::End),
    column("status", Elide::Never),
    column("votes", Elide::Never),
];
