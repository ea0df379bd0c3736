//! The threshold above which others must approve an operation, and the use of their approval.

use crate::{approval, code};
use evidence::time::Timestamp;
use uuid::Uuid;

use super::OperationKind;
use crate::change::Change;
use crate::custody::{Amount, Asset};
use crate::identity::Principal;
use crate::refusal::{BrokenRule, Refusal};
use crate::tables::Facts;

/// Who can give what is missing.
pub(super) const APPROVERS: &str =
    "who holds custody:approve, and is neither the one who asks nor the one who is paid";

/// How many must approve, and the rule that says so.
pub(super) type Demanded = (u64, BrokenRule);

/// The quorum and the rule, where an amount is above the threshold for such operations.
pub(super) fn above_threshold(
    facts: &Facts,
    asset: &Asset,
    kind: OperationKind,
    amount: Amount,
) -> Result<Option<Demanded>, Refusal> {
    let Some(rule) = facts.rules.custody.threshold_on(&asset.code, kind) else {
        return Ok(None);
    };
    let threshold = Amount::parse(&rule.amount, asset.digits()).map_err(|error| {
        let message = format!(
            "the threshold of {} {} in the configuration {error}",
            rule.amount, rule.asset
        );
        code::LIMIT_UNREADABLE.because(message)
    })?;
    if amount <= threshold {
        return Ok(None);
    }
    let broken = BrokenRule {
        rule: format!(
            "operations of kind {} of more than {} need the approval of {} other{}",
            kind.as_str(),
            asset.words(threshold),
            rule.quorum,
            if rule.quorum == 1 { " person" } else { " people" },
        ),
        limit: Some(threshold.to_decimal(asset.digits())),
        remaining: None,
        lifted_by: APPROVERS.to_owned(),
    };
    Ok(Some((rule.quorum, broken)))
}

/// What an output that was credited and reversed needs to be credited again: another person, or as many as the amount
/// demands.
pub(super) fn credited_again(demanded: Option<Demanded>) -> Demanded {
    demanded.unwrap_or_else(|| {
        let rule = BrokenRule {
            rule: "an output that was credited and reversed is credited again by two people".to_owned(),
            lifted_by: APPROVERS.to_owned(),
            ..BrokenRule::default()
        };
        (1, rule)
    })
}

/// The refusal of what lacks an approval, and how to get one.
fn needs_approval(rule: BrokenRule, action: &str) -> Refusal {
    let message = format!(
        "{}: request one for the action {action} with the same arguments (POST /v1/approvals), then send this again with its id \
         as `approval`",
        rule.rule
    );
    code::APPROVAL_REQUIRED
        .because(message)
        .field("approval")
        .by(rule)
}

/// What is to be done with an approval.
pub(super) struct Use<'a> {
    /// The approval that the command names.
    pub approval: Option<Uuid>,
    /// The verb.
    pub action: &'static str,
    /// What the command asks for, as an approval is bound to it.
    pub arguments: &'a dyn Fn() -> String,
}

/// Uses the approval that is demanded, and refuses one that is not: it would be lost.
pub(super) fn approve(
    change: &mut Change<'_>,
    facts: &Facts,
    demanded: Option<Demanded>,
    wanted: &Use<'_>,
    who: &Principal,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (quorum, rule, id) = match (demanded, wanted.approval) {
        (None, None) => return Ok(()),
        (None, Some(_)) => {
            let message = "this needs no approval: send it without one, so that none is lost";
            let refusal = code::APPROVAL_NOT_NEEDED.because(message);
            return Err(refusal.field("approval"));
        }
        (Some((_, rule)), None) => return Err(needs_approval(rule, wanted.action)),
        (Some((quorum, rule)), Some(id)) => (quorum, rule, id),
    };
    let asked = approval::Asked {
        action: wanted.action,
        arguments: &(wanted.arguments)(),
        quorum,
    };
    approval::consume(change, facts, id, &asked, who, now).map_err(|refusal| refusal.by(rule))
}
