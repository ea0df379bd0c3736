//! What a model is told to do after a refusal: by its code, or else by the sort of it.

use crate::listed::ANSWER_TOO_LARGE;

/// By code.
const BY_CODE: &[(&str, &str)] = &[
    (
        "approval_differs",
        "Nothing was used. Call approval_use with exactly the action and arguments that were approved; for any other, call \
         propose_action anew.",
    ),
    (
        "approval_not_granted",
        "Do not carry the action out. Call approval_status to see how it stands; where the action is still wanted and the \
         approval is used, rejected, withdrawn or expired, call propose_action anew.",
    ),
    (
        "approval_not_own",
        "Do not carry the action out: only the agent that asked uses an approval. Call propose_action.",
    ),
    (
        "approval_not_used",
        "Call approval_use before the action, and approval_outcome after it.",
    ),
    (
        "approval_reported",
        "Do nothing: what came of it was said already, and stays.",
    ),
    (
        "approval_internal",
        "Nothing is to be used here: the command of Probity itself takes the approval's id.",
    ),
    (
        "execution_finished",
        "Call execution_start for what goes on; the execution that ended stays as it is.",
    ),
    (
        "scope_missing",
        "Do not try again with this key: its scopes do not allow this. Ask who runs this agent for a key that has them.",
    ),
    (
        "permission_missing",
        "Do not try again: the user whom this agent acts for may not do this. Ask them.",
    ),
    (
        ANSWER_TOO_LARGE.1,
        "Ask for less: a smaller `limit`, a shorter time, or a narrower filter.",
    ),
    (
        "outcome_unknown",
        "It may or may not have happened: look before you call again, and call with the same own id.",
    ),
];

/// What to do after a problem.
pub(super) fn of(code: &str, status: u16) -> &'static str {
    let known = BY_CODE.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| by_status(status), |(_, next)| next)
}

fn by_status(status: u16) -> &'static str {
    match status {
        401 => "Do not try again: the key is no longer good. Ask who runs this agent.",
        403 => "Do not try again: this caller may not do it. Ask who runs this agent.",
        404 => "Check the id. It must be one that a tool gave, of something that this caller may see.",
        409 => "Look how it stands, and decide anew.",
        429 | 503 => {
            "Wait for `retry_after_s` seconds, then make the same call again, with the same own ids."
        }
        400..500 => "Correct what `field` and `detail` name, and call again.",
        _ => "Tell who runs the server. Do not take it for done.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_one_that_there_is() {
        let document = crate::openapi::document().to_string();
        // One of them no endpoint has.
        for (code, _) in BY_CODE.iter().filter(|(code, _)| *code != ANSWER_TOO_LARGE.1) {
            assert!(document.contains(&format!("- `{code}`: ")), "{code}");
        }
    }

    #[test]
    fn a_code_says_more_than_a_status() {
        assert!(of("approval_differs", 409).contains("propose_action"));
        assert_eq!(of("approval_decided", 409), by_status(409));
        assert!(of("internal", 500).starts_with("Tell"));
        assert!(of("invalid_field", 400).starts_with("Correct") && of("x", 422).starts_with("Correct"));
    }
}
