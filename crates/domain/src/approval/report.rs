//! What came of what an approval was used for: said once, by who used it.

use super::row::INTERNAL;
use super::{ARGUMENTS_LEN_MAX, Approval, ApprovalOutcome, ApprovalStatus};
use crate::prelude::*;
use crate::refusal::check_object;

/// Reports how what an approval was used for ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportOutcome {
    /// The approval.
    pub approval: Uuid,
    /// How it ended.
    pub outcome: ApprovalOutcome,
    /// What came of it, as canonical JSON of at most 256 KiB: an object.
    pub result: Option<String>,
}

impl Act for ReportOutcome {
    act! {
        action: APPROVAL_OUTCOME, changes_access: false, target: "approval" = approval,
        refusals: INVALID_FIELD, UNKNOWN_APPROVAL, APPROVAL_NOT_OWN, APPROVAL_INTERNAL, APPROVAL_NOT_USED,
            APPROVAL_REPORTED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.approvals(Some(self.approval));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        if let Some(result) = &self.result {
            check_object("result", result, ARGUMENTS_LEN_MAX)?;
        }
        let before = super::find_for(by.who, facts, self.approval, "id")?;
        let row = &before.row;
        if !row.is_of(by.who) {
            let message = "only who used an approval says what came of it";
            return Err(code::APPROVAL_NOT_OWN.because(message));
        }
        if row.action.starts_with(INTERNAL) {
            let message = format!("what came of {} is in the operation itself", row.action);
            return Err(code::APPROVAL_INTERNAL.because(message));
        }
        if let (Some(outcome), Some(at)) = (row.outcome, row.outcome_at) {
            if outcome == self.outcome && row.result == self.result {
                return Ok(Decision::nothing(super::reply(facts, before)));
            }
            let message = format!(
                "it was reported as {} at {at}, and is said once",
                outcome.as_str()
            );
            return Err(code::APPROVAL_REPORTED.because(message));
        }
        let status = row.status_at(ctx.now);
        if status != ApprovalStatus::Used {
            let message = format!(
                "the approval is {}: use it before it is carried out",
                status.as_str()
            );
            return Err(code::APPROVAL_NOT_USED.because(message));
        }
        let after = Approval {
            outcome: Some(self.outcome),
            outcome_at: Some(ctx.now),
            result: self.result.clone(),
            ..row.clone()
        };
        let mut change = Change::new(by, ctx);
        change.alter(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "approval", self.approval);
        let reply = super::told(facts, after, before.version + 1);
        Ok(Decision::one(reply, draft))
    }
}
