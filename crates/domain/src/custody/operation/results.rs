//! Every result that an operation can have, in the order in which it is checked; `docs/custody.md` shows this table.

use crate::refusal::{Refusal, RefusalKind};

/// A refusal of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationResult {
    /// Stable code.
    pub code: &'static str,
    /// What sort of refusal.
    pub kind: RefusalKind,
    /// Whether the id that was brought stays refused.
    pub sticks: bool,
    /// What it says.
    pub meaning: &'static str,
}

const fn result(code: &'static str, kind: RefusalKind, meaning: &'static str) -> OperationResult {
    OperationResult {
        code,
        kind,
        sticks: false,
        meaning,
    }
}

/// A result that is a matter of state: the id stays refused.
const fn state(code: &'static str, kind: RefusalKind, meaning: &'static str) -> OperationResult {
    OperationResult {
        sticks: true,
        ..result(code, kind, meaning)
    }
}

use RefusalKind::{Conflict, Forbidden, Invalid, NotFound};

/// What refuses a new operation, in the order of the checks.
pub const CREATE: &[OperationResult] = &[
    result(
        "permission_missing",
        Forbidden,
        "the caller holds neither `custody:write` nor, for a transfer or withdrawal from an own balance, `custody:own`",
    ),
    result(
        "scope_missing",
        Forbidden,
        "the API key's scopes do not include that permission",
    ),
    result(
        "idempotency_key_reused",
        Invalid,
        "the `Idempotency-Key` came with another request before",
    ),
    result(
        "id_conflict",
        Conflict,
        "the id is there with other content; `field` says which",
    ),
    result(
        "refused_before",
        Conflict,
        "the id was refused before, and the answer was erased since",
    ),
    result(
        "output_conflict",
        Conflict,
        "the output of the transaction was reported before with other content; `field` says which",
    ),
    result(
        "invalid_field",
        Invalid,
        "a field is out of its bounds, or does not go with the kind of operation",
    ),
    state("unknown_asset", NotFound, "there is no such asset"),
    state(
        "unknown_user",
        NotFound,
        "there is no such user, so no balance can be opened",
    ),
    state(
        "unknown_operation",
        NotFound,
        "there is no operation of the id to be reversed",
    ),
    state(
        "already_reversed",
        Conflict,
        "the operation to be reversed was reversed before",
    ),
    state(
        "not_reversible",
        Conflict,
        "the operation to be reversed moved nothing, or is a reversal",
    ),
    state(
        "reversal_differs",
        Conflict,
        "the reversal is not the same amount back between the same balances",
    ),
    state(
        "unknown_destination",
        NotFound,
        "the user has no such destination for the asset",
    ),
    state("destination_cooling_off", Conflict, "the destination is too new"),
    state("debit_closed", Conflict, "the debit balance is closed"),
    state("credit_closed", Conflict, "the credit balance is closed"),
    result(
        "limit_unreadable",
        Conflict,
        "a limit in the configuration cannot be said in the asset's scale",
    ),
    state(
        "tier_limit",
        Conflict,
        "more than the user's tier allows in the window",
    ),
    result(
        "approval_required",
        Conflict,
        "the amount is above the threshold, or the output was credited and reversed, and no approval was named",
    ),
    result(
        "approval_not_needed",
        Conflict,
        "an approval was named, and none is needed",
    ),
    result("unknown_approval", NotFound, "there is no such approval"),
    result(
        "approval_not_own",
        Forbidden,
        "the approval was requested by somebody else",
    ),
    result(
        "approval_differs",
        Conflict,
        "the approval is for another action or other arguments",
    ),
    result(
        "approval_not_granted",
        Conflict,
        "the approval is not granted: pending, rejected, withdrawn, used or expired",
    ),
    result(
        "approval_quorum",
        Conflict,
        "the approval was granted by fewer people than the rule demands",
    ),
    state(
        "insufficient_funds",
        Conflict,
        "less is available above the debit balance's minimum",
    ),
    state(
        "above_maximum",
        Conflict,
        "the credit balance would be above its maximum",
    ),
    state(
        "amount_overflow",
        Conflict,
        "a balance would have more than 38 digits",
    ),
];

/// What refuses a step of an operation that is there, in the order of the checks.
pub const STEP: &[OperationResult] = &[
    result(
        "permission_missing",
        Forbidden,
        "the caller holds neither `custody:write` nor, to cancel, capture or release what they asked for themselves of their own balance, `custody:own`",
    ),
    result(
        "scope_missing",
        Forbidden,
        "the API key's scopes do not include that permission",
    ),
    result("unknown_operation", NotFound, "there is no such operation"),
    result(
        "version_mismatch",
        RefusalKind::Precondition,
        "the operation is at another version than the one named",
    ),
    result(
        "id_conflict",
        Conflict,
        "the id of the capture is there with other content",
    ),
    result("invalid_field", Invalid, "a field is out of its bounds"),
    result(
        "operation_expired",
        Conflict,
        "the operation is past its time and holds nothing any more",
    ),
    result(
        "wrong_status",
        Conflict,
        "the operation's status does not allow the step",
    ),
    result(
        "wrong_kind",
        Conflict,
        "operations of this kind do not have the step",
    ),
    result(
        "kyc_expired",
        Conflict,
        "the tier under which it began is no longer good: it is on hold",
    ),
    result(
        "destination_removed",
        Conflict,
        "the destination of the withdrawal was removed since",
    ),
    result(
        "output_conflict",
        Conflict,
        "another operation is of this output of the transaction",
    ),
    result(
        "limit_unreadable",
        Conflict,
        "the threshold in the configuration cannot be said in the asset's scale",
    ),
    result(
        "approval_required",
        Conflict,
        "the step needs an approval, and none was named",
    ),
    result(
        "approval_not_needed",
        Conflict,
        "an approval was named, and none is needed",
    ),
    result("unknown_approval", NotFound, "there is no such approval"),
    result(
        "approval_not_own",
        Forbidden,
        "the approval was requested by somebody else",
    ),
    result(
        "approval_differs",
        Conflict,
        "the approval is for another step or other arguments",
    ),
    result(
        "approval_not_granted",
        Conflict,
        "the approval is not granted: pending, rejected, withdrawn, used or expired",
    ),
    result(
        "approval_quorum",
        Conflict,
        "the approval was granted by fewer people than the rule demands",
    ),
    result("exceeds_held", Conflict, "more is to be captured than is held"),
    result("credit_closed", Conflict, "the credit balance is closed"),
    result(
        "above_maximum",
        Conflict,
        "the credit balance would be above its maximum",
    ),
    result(
        "amount_overflow",
        Conflict,
        "a balance would have more than 38 digits",
    ),
];

/// The result of this code.
pub fn find(code: &str) -> Option<&'static OperationResult> {
    CREATE.iter().chain(STEP).find(|result| result.code == code)
}

/// Marks a refusal of a new operation whose id stays refused.
pub(super) fn stick(mut refusal: Refusal) -> Refusal {
    refusal.sticks = CREATE
        .iter()
        .any(|result| result.code == refusal.code && result.sticks);
    refusal
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn table(results: &[OperationResult]) -> String {
        let mut text = "| | code | stays refused | meaning |\n|---|---|---|---|\n".to_owned();
        for (number, result) in (1..).zip(results) {
            let sticks = if result.sticks { "yes" } else { "" };
            let _ = writeln!(
                text,
                "| {number} | `{}` | {sticks} | {} |",
                result.code, result.meaning
            );
        }
        text
    }

    /// The documentation shows these tables, in this order.
    #[test]
    fn documented() {
        let page = include_str!("../../../../../docs/custody.md");
        for (mark, results) in [("create", CREATE), ("step", STEP)] {
            let begin = format!("<!-- {mark} -->\n");
            let (_, rest) = page.split_once(&begin).unwrap();
            let (shown, _) = rest.split_once("<!-- end -->").unwrap();
            assert!(
                shown == table(results),
                "the table {mark} is now:\n{}",
                table(results)
            );
        }
    }

    #[test]
    fn each_code_once_and_of_one_kind() {
        for results in [CREATE, STEP] {
            for (position, result) in results.iter().enumerate() {
                assert!(
                    results[..position].iter().all(|other| other.code != result.code),
                    "{}",
                    result.code
                );
                assert_eq!(find(result.code).unwrap().kind, result.kind, "{}", result.code);
            }
        }
    }
}
