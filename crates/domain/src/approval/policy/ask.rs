//! What the policies say to a request, and why.

use std::cell::OnceCell;
use std::fmt;

use evidence::json;
use serde_json::Value;

use super::{Condition, Policies, Policy, Test};
use crate::approval::row::{Verdict, is_custody};
use crate::audit::filter::matches_action;

/// What is asked for, and by whom.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    action: &'a str,
    agent: Option<&'a str>,
    arguments: &'a str,
    quorum: Option<u64>,
    /// Read where a condition looks at them.
    read: OnceCell<Value>,
}

impl<'a> Question<'a> {
    /// An action, the name of the agent that asks for it, its arguments as canonical JSON, and how many are to vote for it
    /// where the one who asks says so.
    pub fn new(
        action: &'a str,
        agent: Option<&'a str>,
        arguments: &'a str,
        quorum: Option<u64>,
    ) -> Question<'a> {
        Question {
            action,
            agent,
            arguments,
            quorum,
            read: OnceCell::new(),
        }
    }

    fn argument(&self, pointer: &str) -> Option<&Value> {
        let read = || serde_json::from_str(self.arguments).unwrap_or_default();
        self.read.get_or_init(read).pointer(pointer)
    }
}

/// What is said to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The place of the policy that decides; none where none is about it.
    pub rule: Option<usize>,
    /// What is said.
    pub verdict: Verdict,
    /// How many must vote for it, where people vote.
    pub quorum: u64,
    /// How long it can be voted on and used at most, in seconds.
    pub expires_s: Option<i64>,
    /// Whether the owner of the agent that asks may vote.
    pub owner_may_vote: bool,
}

/// Why a policy is not about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss<'a> {
    /// It is for other actions.
    Action(&'a str),
    /// It is for agents, and none asks.
    NoAgent,
    /// It is for other agents.
    Agent(&'a str),
    /// The argument is not there.
    Absent(&'a Condition),
    /// The argument is another one.
    Differs(&'a Condition),
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Equals(value) => f.write_str(&json::canonical(value)),
            Test::AtMost(value) => write!(f, "a number of at most {}", json::canonical(value)),
            Test::OneOf(values) => {
                let values: Vec<_> = values.iter().map(json::canonical).collect();
                write!(f, "one of {}", values.join(", "))
            }
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pointer, test) = (&self.pointer, &self.test);
        write!(f, "{pointer:?} must be {test}")
    }
}

impl fmt::Display for Miss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Miss::Action(action) => write!(f, "it is for the action {action}"),
            Miss::NoAgent => f.write_str("it is for agents, and no agent asks"),
            Miss::Agent(agent) => write!(f, "it is for other agents than {agent}"),
            Miss::Absent(condition) => write!(f, "{condition}, and is not there"),
            Miss::Differs(condition) => write!(f, "{condition}, and is not"),
        }
    }
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Test::Equals(wanted) => value == wanted,
            Test::AtMost(most) => {
                let numbers = value.as_f64().zip(most.as_f64());
                numbers.is_some_and(|(number, most)| number <= most)
            }
            Test::OneOf(wanted) => wanted.contains(value),
        }
    }
}

impl Policy {
    /// Why it is not about a request; none where it is.
    pub fn miss<'a>(&'a self, question: &Question<'a>) -> Option<Miss<'a>> {
        if !matches_action(&self.action, question.action) {
            return Some(Miss::Action(&self.action));
        }
        if !self.agents.is_empty() {
            let Some(agent) = question.agent else {
                return Some(Miss::NoAgent);
            };
            if !self.agents.iter().any(|given| matches_action(given, agent)) {
                return Some(Miss::Agent(agent));
            }
        }
        let misses = |condition: &'a Condition| match question.argument(&condition.pointer) {
            None => Some(Miss::Absent(condition)),
            Some(value) if !condition.test.holds(value) => Some(Miss::Differs(condition)),
            Some(_) => None,
        };
        self.conditions.iter().find_map(misses)
    }
}

impl Policies {
    /// What is said to a request: what the first policy says that is about it. One who asks can want more votes than that, never
    /// fewer, and what moves assets is never granted without a vote.
    pub fn rule(&self, question: &Question<'_>) -> Ruling {
        let wanted = question.quorum.unwrap_or(1);
        let Some(rule) = self
            .list
            .iter()
            .position(|policy| policy.miss(question).is_none())
        else {
            return Ruling {
                rule: None,
                verdict: Verdict::Ask,
                quorum: wanted,
                expires_s: None,
                owner_may_vote: false,
            };
        };
        let policy = &self.list[rule];
        let votes = question.quorum.is_some() || is_custody(question.action);
        Ruling {
            rule: Some(rule),
            verdict: match policy.verdict {
                Verdict::Allow if votes => Verdict::Ask,
                verdict => verdict,
            },
            quorum: policy.quorum.max(wanted),
            expires_s: policy.expires_s,
            owner_may_vote: policy.owner_may_vote,
        }
    }
}
