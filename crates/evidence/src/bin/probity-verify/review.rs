//! The six questions of OWASP's draft of a cheat sheet on execution evidence of third-party agents
//! (CheatSheetSeries, pull request 2332), answered of a bundle. The whole is worth no more than its weakest answer.

use evidence::bundle::{BundleSummary, ProvedApproval};
use serde_json::{Value, json};

/// What an answer is worth, from the best on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// Anybody can look again.
    Recheckable,
    /// Somebody says so.
    Assertion,
    /// Nobody says anything.
    Nothing,
}

impl Worth {
    pub fn as_str(self) -> &'static str {
        match self {
            Worth::Recheckable => "independently re-checkable",
            Worth::Assertion => "assertion",
            Worth::Nothing => "no information",
        }
    }
}

/// A question, what the answer is worth, and the answer.
pub type Answer = (&'static str, Worth, &'static str);

const ALTERED: &str = "could the observed component alter the record";
const WATCHED: &str = "was it watched, or reconstructed afterwards";
const FAILS: &str = "can delivery fail open";
const CHECKABLE: &str = "can someone check it who cannot produce it";
const OMISSION: &str = "would an omission show";
const WHICH: &str = "which artifact and policy version";

/// The answers, in the order of the questions.
pub fn answers(summary: &BundleSummary) -> [Answer; 6] {
    match &summary.approval {
        Some(approval) => of_approval(approval),
        None => of_entries(summary),
    }
}

/// The weakest of them.
pub fn worth(answers: &[Answer]) -> Worth {
    let all = answers.iter().map(|(_, worth, _)| *worth);
    all.max().unwrap_or(Worth::Nothing)
}

fn of_approval(proved: &ProvedApproval) -> [Answer; 6] {
    use Worth::{Assertion, Nothing, Recheckable};
    let order = [
        proved.request.as_ref(),
        proved.decided.as_ref().map(|(_, deed)| deed),
        proved.used.as_ref(),
    ];
    let watched = order.iter().all(Option::is_some);
    [
        (
            ALTERED,
            Recheckable,
            "no: entries are in a log that another program signs; a change of one breaks its proof",
        ),
        if watched {
            (
                WATCHED,
                Recheckable,
                "watched: request, decision and use are entries of their own, in this order, before what was done",
            )
        } else {
            (WATCHED, Nothing, "request, decision and use are not all here")
        },
        match (&proved.used, &proved.reported) {
            (Some(_), Some(_)) => (
                FAILS,
                Recheckable,
                "no: the use is on disk before it is answered, and what came of it is reported",
            ),
            (Some(_), None) => (
                FAILS,
                Assertion,
                "the use is recorded first, and what came of it is not reported",
            ),
            (None, _) => (FAILS, Nothing, "no use is here"),
        },
        (
            CHECKABLE,
            Recheckable,
            "yes: the check takes the log's public key, which signs nothing",
        ),
        if proved.complete && proved.gone == 0 {
            (
                OMISSION,
                Recheckable,
                "yes: versions are counted, and all up to the last one here are there",
            )
        } else if proved.complete {
            (
                OMISSION,
                Assertion,
                "versions are counted and all are there, but what some entries said is gone",
            )
        } else {
            (OMISSION, Nothing, "versions are missing")
        },
        match (proved.policies, proved.text("policy_digest")) {
            (Some(_), _) => (
                WHICH,
                Recheckable,
                "action, arguments and policies are here in full, each with its digest",
            ),
            (None, Some(_)) => (WHICH, Assertion, "the policies are here by their digest alone"),
            (None, None) => (WHICH, Nothing, "no entry says under which policies"),
        },
    ]
}

/// Of entries that are about no approval: what an application or an agent reported is its own word.
fn of_entries(summary: &BundleSummary) -> [Answer; 6] {
    use Worth::{Assertion, Nothing, Recheckable};
    let steps = summary.execution.is_some_and(|(_, steps)| steps.is_some());
    [
        (
            ALTERED,
            Assertion,
            "not once it is recorded; what was recorded is the word of who recorded it",
        ),
        (
            WATCHED,
            Assertion,
            "the recorder says so; the log knows when it was told",
        ),
        (FAILS, Nothing, "what was never sent leaves no trace"),
        (
            CHECKABLE,
            Recheckable,
            "yes: the check takes the log's public key, which signs nothing",
        ),
        if summary.whole_log() || summary.without_gap() || steps {
            (
                OMISSION,
                Recheckable,
                "yes: nothing between the entries here was left out",
            )
        } else {
            (
                OMISSION,
                Nothing,
                "entries between those here are not in the file",
            )
        },
        (WHICH, Assertion, "as far as the recorder says it"),
    ]
}

/// The answers for programs.
pub fn facts(answers: &[Answer]) -> Value {
    let each = answers.iter().map(
        |(question, worth, answer)| json!({"question": question, "worth": worth.as_str(), "answer": answer}),
    );
    json!({"answers": each.collect::<Vec<_>>(), "worth": worth(answers).as_str()})
}
