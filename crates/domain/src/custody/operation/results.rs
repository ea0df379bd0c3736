//! Every result that an operation can have, in the order in which it is checked; `docs/custody.md` shows these tables.

use crate::code::{self, Code, Codes};
use crate::refusal::Refusal;

macro_rules! results {
    (@stays) => { false };
    (@stays stays) => { true };
    ($(#[$doc:meta])* $name:ident: $($code:ident $($stays:ident)?),* $(,)?) => {
        $(#[$doc])*
        /// With each, whether the id that was brought stays refused: it is a matter of state.
        pub const $name: &[(&Code, bool)] = &[$((&code::$code, results!(@stays $($stays)?))),*];

    };
}

results! {
    /// What refuses a new operation, in the order of the checks.
    CREATE:
    PERMISSION_MISSING,
    SCOPE_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    ID_CONFLICT,
    REFUSED_BEFORE,
    OUTPUT_CONFLICT,
    INVALID_FIELD,
    UNKNOWN_ASSET stays,
    UNKNOWN_USER stays,
    UNKNOWN_OPERATION stays,
    ALREADY_REVERSED stays,
    NOT_REVERSIBLE stays,
    REVERSAL_DIFFERS stays,
    UNKNOWN_DESTINATION stays,
    DESTINATION_COOLING_OFF stays,
    DEBIT_CLOSED stays,
    CREDIT_CLOSED stays,
    LIMIT_UNREADABLE,
    TIER_LIMIT stays,
    APPROVAL_REQUIRED,
    APPROVAL_NOT_NEEDED,
    UNKNOWN_APPROVAL,
    APPROVAL_NOT_OWN,
    APPROVAL_DIFFERS,
    APPROVAL_NOT_GRANTED,
    APPROVAL_QUORUM,
    INSUFFICIENT_FUNDS stays,
    ABOVE_MAXIMUM stays,
    AMOUNT_OVERFLOW stays,
}

results! {
    /// What refuses a step of an operation that is there, in the order of the checks.
    STEP:
    PERMISSION_MISSING,
    SCOPE_MISSING,
    UNKNOWN_OPERATION,
    VERSION_MISMATCH,
    ID_CONFLICT,
    INVALID_FIELD,
    OPERATION_EXPIRED,
    WRONG_STATUS,
    WRONG_KIND,
    KYC_EXPIRED,
    DESTINATION_REMOVED,
    OUTPUT_CONFLICT,
    LIMIT_UNREADABLE,
    APPROVAL_REQUIRED,
    APPROVAL_NOT_NEEDED,
    UNKNOWN_APPROVAL,
    APPROVAL_NOT_OWN,
    APPROVAL_DIFFERS,
    APPROVAL_NOT_GRANTED,
    APPROVAL_QUORUM,
    EXCEEDS_HELD,
    CREDIT_CLOSED,
    ABOVE_MAXIMUM,
    AMOUNT_OVERFLOW,
}

/// The codes of [`CREATE`] alone.
pub(super) static CREATE_CODES: Codes = &{
    let mut codes = [CREATE[0].0; CREATE.len()];
    let mut number = 0;
    while number < CREATE.len() {
        codes[number] = CREATE[number].0;
        number += 1;
    }
    codes
};

/// Marks a refusal of a new operation whose id stays refused.
pub(super) fn finalise(mut refusal: Refusal) -> Refusal {
    refusal.final_for_id = CREATE
        .iter()
        .any(|(code, stays)| *stays && code.name == refusal.code);
    refusal
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn table(results: &[(&Code, bool)]) -> String {
        let mut text = "| | code | stays refused | meaning |\n|---|---|---|---|\n".to_owned();
        for (number, (code, stays)) in (1..).zip(results) {
            let stays = if *stays { "yes" } else { "" };
            let _ = writeln!(
                text,
                "| {number} | `{}` | {stays} | {} |",
                code.name, code.meaning
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
}
