//! `probity approval show`.

use clap::Args;
use engine::Engine;
use engine::custody::{ApprovalView, Subject};
use uuid::Uuid;

use super::{as_json, meaning};
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, minute};
use crate::table;

/// Arguments of `probity approval show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Id of the approval
    approval: Uuid,
}

/// Shows.
pub async fn run(context: &Context, args: ShowArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let view = engine.approval(args.approval).await?.ok_or_else(|| {
        let message = format!("there is no approval {}", args.approval);
        Failure::no(
            "unknown_approval",
            message,
            "see what there is: probity approval list",
        )
    })?;
    let subject = engine.approval_subject(&view.approval).await?;
    if context.json() {
        output::json(&as_json(&view, subject.as_ref()))?;
    } else {
        let pairs = pairs(&engine, &view, subject.as_ref()).await?;
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

async fn pairs(
    engine: &Engine,
    view: &ApprovalView,
    subject: Option<&Subject>,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let approval = &view.approval;
    let mut people = People::default();
    let arguments = match subject {
        Some(_) => meaning::shown(subject),
        None => serde_json::from_str(&approval.arguments).unwrap_or_default(),
    };
    let mut pairs = vec![
        ("Id", approval.id.to_string()),
        ("Action", approval.action.clone()),
    ];
    pairs.extend(subject.map(meaning::pairs).unwrap_or_default());
    pairs.extend([
        (
            "Arguments",
            serde_json::to_string_pretty(&arguments).unwrap_or_default(),
        ),
        ("Digest", evidence::json::hex(&approval.digest)),
        ("Asked by", people.by(engine, approval.requested_by).await?),
        ("Asked", minute(approval.requested_at)),
    ]);
    if let Some(reason) = &approval.reason {
        pairs.push(("Reason", reason.clone()));
    }
    pairs.extend([
        ("Status", approval.status.as_str().to_owned()),
        ("Expires", minute(approval.expires_at)),
        ("Quorum", approval.quorum.to_string()),
    ]);
    for vote in &view.votes {
        let name = people.name(engine, vote.user_id).await?;
        let way = if vote.approve { "for it" } else { "against it" };
        let reason = vote.reason.as_ref();
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        pairs.push((
            "Vote",
            format!("{name}, {way}, {}{reason}", minute(vote.voted_at)),
        ));
    }
    if let Some(at) = approval.decided_at {
        pairs.push(("Decided", minute(at)));
    }
    if let Some(at) = approval.used_at {
        pairs.push(("Used", minute(at)));
    }
    pairs.push(("Version", view.version.to_string()));
    Ok(pairs)
}
