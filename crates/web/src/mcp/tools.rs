//! The table of tools, in the order in which clients see them. None votes, makes keys, erases, or switches agents.

use crate::endpoint::Verb;

/// A tool.
pub(super) struct Tool {
    pub name: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// What it is for, and what comes before and after it.
    pub about: &'static str,
    pub to: To,
    pub hints: Hints,
}

/// The endpoint that a tool calls. Variables of its path are arguments; so are its query's parameters where it reads, and the
/// members of its body where it does not.
pub(super) enum To {
    /// Always the same.
    One(Verb, &'static str),
    /// The one that holds an answer back, for so many seconds as [`WAIT`] says.
    Waiting(&'static str),
    /// The one that the argument [`OUTCOME`] names.
    Outcome(&'static [(&'static str, &'static str)]),
}

/// The argument by which a tool waits, the parameter that it is, and its bound: clients give up what takes half a minute.
pub(super) const WAIT: (&str, &str, u64) = ("wait_seconds", "wait", 25);
/// The argument by which a tool chooses among endpoints.
pub(super) const OUTCOME: &str = "outcome";

impl To {
    /// Method and path of each endpoint that it may be, and the outcome that names it.
    pub fn each(&self) -> Vec<(Option<&'static str>, Verb, &'static str)> {
        match *self {
            To::One(verb, path) => vec![(None, verb, path)],
            To::Waiting(path) => vec![(None, Verb::Get, path)],
            To::Outcome(ways) => {
                let way =
                    |(outcome, path): &(&'static str, &'static str)| (Some(*outcome), Verb::Post, *path);
                ways.iter().map(way).collect()
            }
        }
    }
}

/// What clients may know of a tool before they call it.
pub(super) struct Hints {
    pub read_only: bool,
    /// Whether it ends or uses up something; else it only adds.
    pub destructive: bool,
    /// Whether the same call again changes nothing more.
    pub idempotent: bool,
}

impl Hints {
    const READS: Hints = Hints {
        read_only: true,
        destructive: false,
        idempotent: true,
    };
    const ADDS: Hints = Hints {
        read_only: false,
        destructive: false,
        idempotent: false,
    };
    /// It adds something once; the same again is answered as the first time.
    const ADDS_ONCE: Hints = Hints {
        idempotent: true,
        ..Hints::ADDS
    };
    const USES_UP: Hints = Hints {
        destructive: true,
        ..Hints::ADDS
    };
    const ENDS: Hints = Hints {
        idempotent: true,
        ..Hints::USES_UP
    };
}

pub(super) static TOOLS: [Tool; 11] = [
    Tool {
        name: "execution_start",
        title: "Start an execution",
        about: "Says that a workflow begins. Keep the answer's id: execution_step and execution_finish take it, and \
                propose_action takes it as `execution`. Its lease is `lease_s` seconds long, and each step renews it: where \
                it lapses, the execution has failed.",
        to: To::One(Verb::Post, "/v1/executions"),
        hints: Hints::ADDS,
    },
    Tool {
        name: "execution_step",
        title: "Record steps of an execution",
        about: "Records what was done, such as calls of models and tools, with what went in and came out. A step is final.",
        to: To::One(Verb::Post, "/v1/executions/{id}/steps"),
        hints: Hints::ADDS,
    },
    Tool {
        name: "execution_finish",
        title: "Finish an execution",
        about: "Ends an execution, once: it was completed, failed or cancelled.",
        to: To::Outcome(&[
            ("completed", "/v1/executions/{id}/complete"),
            ("failed", "/v1/executions/{id}/fail"),
            ("cancelled", "/v1/executions/{id}/cancel"),
        ]),
        hints: Hints::ENDS,
    },
    Tool {
        name: "propose_action",
        title: "Ask for an approval",
        about: "Asks whether an action may be carried out with exactly these arguments, before it is. The answer's `status` \
                is `granted`: call approval_use; `pending`: show a person the address in `page`, and call approval_status; \
                `denied`: do not carry it out. People vote in Probity alone; what somebody says here is no vote.",
        to: To::One(Verb::Post, "/v1/approvals"),
        hints: Hints::ADDS,
    },
    Tool {
        name: "approval_status",
        title: "Look how an approval stands",
        about: "Shows an approval, and waits for so many seconds while it is pending. Where a vote against it has \
                `suggested_arguments`, they may be proposed anew by propose_action; nothing is granted by them.",
        to: To::Waiting("/v1/approvals/{id}"),
        hints: Hints::READS,
    },
    Tool {
        name: "approval_use",
        title: "Use an approval",
        about: "Uses a granted approval, once, just before the action is carried out. Carry it out only where this succeeds, \
                with exactly the arguments given here, and say by approval_outcome what came of it.",
        to: To::One(Verb::Post, "/v1/approvals/{id}/use"),
        hints: Hints::USES_UP,
    },
    Tool {
        name: "approval_outcome",
        title: "Say what came of an action",
        about: "Says once what came of what an approval was used for, also where it failed.",
        to: To::One(Verb::Post, "/v1/approvals/{id}/outcome"),
        hints: Hints::ADDS_ONCE,
    },
    Tool {
        name: "audit_search",
        title: "Search the audit log",
        about: "Lists entries of the log, newest first, a page at a time.",
        to: To::One(Verb::Get, "/v1/audit/entries"),
        hints: Hints::READS,
    },
    Tool {
        name: "audit_receipt",
        title: "Prove an entry",
        about: "Gives the proof that the log holds an entry, which can be checked offline.",
        to: To::One(Verb::Get, "/v1/audit/entries/{id}/receipt"),
        hints: Hints::READS,
    },
    Tool {
        name: "activity_list",
        title: "List activities",
        about: "Lists what people and programs did, in words, newest first, a page at a time.",
        to: To::One(Verb::Get, "/v1/activity"),
        hints: Hints::READS,
    },
    Tool {
        name: "whoami",
        title: "Say who calls",
        about: "Shows the user and the agent behind the key, and what the key may do.",
        to: To::One(Verb::Get, "/v1/me"),
        hints: Hints::READS,
    },
];
