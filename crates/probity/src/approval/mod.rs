//! `probity approval`: a file per verb.

mod list;
mod meaning;
mod request;
mod show;
mod use_once;
mod vote;
mod withdraw;

use domain::approval::ApprovalStatus;
use engine::Answer;
use engine::custody::{ApprovalView, Subject};
use evidence::Timestamp;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{counted, minute};
use crate::parse;
use crate::verb::{Told, Work, verbs};

verbs! {
    /// What can be done about approvals.
    ApprovalCommand {
        /// Ask for an approval of something outside Probity
        #[command(
            after_help = "For an operation, use --request-approval with probity operation.\n\n\
                Example:\n  probity approval request deploy.production --arguments '{\"version\":\"1.2\"}' \
                --reason 'Fixes logins'"
        )]
        Request(request::RequestArgs),
        /// List approvals, oldest first
        #[command(after_help = "Example:\n  probity approval list --status pending")]
        List(list::ListArgs) => list::run,
        /// Show an approval with its votes
        #[command(after_help = "Example:\n  probity approval show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(show::ShowArgs) => show::run,
        /// Vote on an approval; a vote against it rejects it
        #[command(after_help = "A person votes, and not the one who asked.\n\n\
                Example:\n  probity approval vote 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --approve --as cleo")]
        Vote(vote::VoteArgs),
        /// Use an approval that was granted, once, before doing what it is for
        #[command(
            after_help = "Example:\n  probity approval use 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d deploy.production \
                --arguments '{\"version\":\"1.2\"}'"
        )]
        Use(use_once::UseArgs),
        /// Take back an approval that one asked for
        #[command(after_help = "Example:\n  probity approval withdraw 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Withdraw(withdraw::WithdrawArgs),
    }
}

/// An approval as JSON, as the clock has it.
fn as_json(view: &ApprovalView, subject: Option<&Subject>) -> Value {
    let ApprovalView {
        approval,
        version,
        votes,
    } = view;
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let arguments: Value = serde_json::from_str(&approval.arguments).unwrap_or_default();
    let votes: Vec<_> = votes
        .iter()
        .map(|vote| {
            json!({
                "user_id": vote.user_id,
                "approve": vote.approve,
                "reason": vote.reason,
                "voted_at": vote.voted_at.to_string(),
            })
        })
        .collect();
    json!({
        "id": approval.id,
        "action": approval.action,
        "arguments": arguments,
        "shown": meaning::shown(subject),
        "digest": evidence::json::hex(&approval.digest),
        "reason": approval.reason,
        "requested_by": approval.requested_by,
        "requested_at": approval.requested_at.to_string(),
        "quorum": approval.quorum,
        "status": approval.status.as_str(),
        "expires_at": approval.expires_at.to_string(),
        "decided_at": time(approval.decided_at),
        "used_at": time(approval.used_at),
        "votes": votes,
        "version": version,
    })
}

/// How an approval stands now, and what it is about.
pub async fn told(work: &Work<'_>, mut answer: Answer<ApprovalView>) -> Result<Told, Failure> {
    let view = &mut answer.reply;
    view.approval = view.approval.clone().as_of(parse::now());
    let ApprovalView { approval, votes, .. } = &answer.reply;
    let subject = work.engine.approval_subject(approval).await?;
    let missing = match approval.status {
        ApprovalStatus::Pending => {
            let given = votes.iter().filter(|vote| vote.approve).count() as u64;
            let missing = approval.quorum.saturating_sub(given);
            format!(": {} more until it is granted", counted(missing, "vote", "votes"))
        }
        _ => String::new(),
    };
    let status = approval.status.as_str();
    let sentence = format!("The approval of {} is {status}{missing}.", approval.action);
    let json = as_json(&answer.reply, subject.as_ref());
    let mut pairs = subject.as_ref().map(meaning::pairs).unwrap_or_default();
    pairs.push(("Id", approval.id.to_string()));
    pairs.push(("Expires", format!("{} UTC", minute(approval.expires_at))));
    Ok(Told::sentence(&answer, json, &sentence).with(&pairs))
}
