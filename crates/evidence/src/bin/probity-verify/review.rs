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
        omission(proved),
        which(proved),
    ]
}

fn omission(proved: &ProvedApproval) -> Answer {
    let (worth, answer) = match (proved.complete, proved.gone, proved.has_votes()) {
        (false, ..) => (Worth::Nothing, "versions are missing"),
        (_, _, Some(false)) => (Worth::Nothing, "votes that decided are missing"),
        (_, 1.., _) => (
            Worth::Assertion,
            "versions are counted and all are there, but what some entries said is gone",
        ),
        (_, _, None) if !proved.is_by_policies() => (
            Worth::Assertion,
            "versions are counted and all are there; votes that decided nothing are not",
        ),
        _ => (
            Worth::Recheckable,
            "yes: versions and the votes that decide are counted, and all up to the last one here are there",
        ),
    };
    (OMISSION, worth, answer)
}

fn which(proved: &ProvedApproval) -> Answer {
    let policies = proved.policies.is_some() || proved.without_policies;
    let whole = proved.text("action").is_some() && proved.text("arguments").is_some();
    let (worth, answer) = match (policies, whole) {
        (true, true) => (
            Worth::Recheckable,
            "action, arguments and policies are here in full, each with its digest",
        ),
        (true, false) => (
            Worth::Assertion,
            "the policies are here in full, and the arguments by their digest at most",
        ),
        _ if proved.text("policy_digest").is_some() => {
            (Worth::Assertion, "the policies are here by their digest alone")
        }
        _ => (Worth::Nothing, "no entry says under which policies"),
    };
    (WHICH, worth, answer)
}

/// Of entries that are about no approval: what an application or an agent reported is its own word.
fn of_entries(summary: &BundleSummary) -> [Answer; 6] {
    use Worth::{Assertion, Nothing, Recheckable};
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
        match summary.execution {
            Some((_, Some(_))) => (
                OMISSION,
                Recheckable,
                "of its steps: their number is in its end, and all are here",
            ),
            Some((_, None)) => (OMISSION, Nothing, "what says how many steps it has is not here"),
            None if summary.whole_log() || summary.without_gap() => (
                OMISSION,
                Recheckable,
                "yes: nothing between the entries here was left out",
            ),
            None => (
                OMISSION,
                Nothing,
                "entries between those here are not in the file",
            ),
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
