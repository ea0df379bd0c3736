//! `probity approval`: a file per verb.

mod evidence;
mod outcome;
mod request;
mod use_once;
mod vote;
mod withdraw;

use domain::approval::ApprovalStatus;
use engine::Answer;
use engine::custody::ApprovalView as Read;
use views::{Approval, ApprovalView, Viewer};

use crate::failure::Failure;
use crate::nouns::{self, ListArgs, ShowArgs};
use crate::output::{counted, moment};
use crate::parse;
use crate::verb::{Printout, Work, json, verbs};

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
        List(ListArgs<Approval>) => nouns::list,
        /// Show an approval with its votes
        #[command(after_help = "Example:\n  probity approval show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<Approval>) => nouns::show,
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
        /// Say what came of what an approval was used for, once
        #[command(
            after_help = "Example:\n  probity approval outcome 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d succeeded \
                --result '{\"release\":\"1.2\"}'"
        )]
        Outcome(outcome::OutcomeArgs),
        /// Print what proves an approval, for probity-verify: request, votes, use, outcome and policies
        #[command(after_help = "Example:\n  probity approval evidence 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d > approval.jsonl")]
        Evidence(evidence::EvidenceArgs) => evidence::run,
        /// Take back an approval that one asked for
        #[command(after_help = "Example:\n  probity approval withdraw 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Withdraw(withdraw::WithdrawArgs),
    }
}

/// How an approval stands now, and what it is about.
pub async fn printout(work: &Work<'_>, mut answer: Answer<Read>) -> Result<Printout, Failure> {
    answer.reply.approval = answer.reply.approval.as_of(parse::now());
    let view = ApprovalView::of_one(work.engine, Viewer::OPERATOR, answer.reply.clone()).await?;
    let missing = match view.status {
        ApprovalStatus::Pending => {
            let missing = view.quorum.saturating_sub(view.votes_for);
            format!(": {} more until it is granted", counted(missing, "vote", "votes"))
        }
        _ => String::new(),
    };
    let status = view.status.as_str();
    let sentence = format!("The approval of {} is {status}{missing}.", view.action);
    let rule = view.policy.as_ref().and_then(|policy| policy.rule.as_deref());
    let mut details = view.about();
    details.push(("Policy", rule.into()));
    details.push(("Id", view.id.into()));
    details.push(("Expires", moment(view.expires_at).into()));
    let pairs = nouns::pairs(work.engine, &details).await?;
    Ok(Printout::sentence(&answer, json(&view)?, &sentence).with(&pairs))
}
