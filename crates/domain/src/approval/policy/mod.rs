//! Policies: what the installation says to requests, before anybody votes. The first that is about one decides.

mod ask;
mod check;
#[cfg(test)]
pub(crate) mod tests;

pub use ask::{Miss, Question, Ruling};
pub use check::{CONDITIONS_MAX, EXPIRES_S_MAX, NAMES_MAX, POINTER_LEN_MAX, POLICIES_MAX, VALUE_LEN_MAX};

use evidence::json;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::approval::row::Verdict;

/// What one argument must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// This value.
    Equals(Value),
    /// A number, this one at most.
    AtMost(Value),
    /// One of these values.
    OneOf(Vec<Value>),
}

/// A condition on the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which argument: a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// What it must be. An argument that is not there fulfils nothing.
    pub test: Test,
}

/// What is said to some requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The action; with a final `*`, every action that begins so.
    pub action: String,
    /// Names of agents; with a final `*`, of all agents whose names begin so. Where there is none it is about everybody.
    pub agents: Vec<String>,
    /// What the arguments must be, all of it.
    pub conditions: Vec<Condition>,
    /// What is said.
    pub verdict: Verdict,
    /// How many must vote for it at least.
    pub quorum: u64,
    /// How long it can be voted on and used at most, in seconds; as long as the installation says unless given.
    pub expires_s: Option<i64>,
    /// Whether the owner of an agent may vote on what the agent asks for.
    pub owner_may_vote: bool,
}

/// The policies in force, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    list: Vec<Policy>,
    digest: [u8; 32],
}

impl Default for Policies {
    fn default() -> Policies {
        Policies::unchecked(Vec::new())
    }
}

impl Policies {
    fn unchecked(list: Vec<Policy>) -> Policies {
        let digest = Sha256::digest(json::canonical(&recorded(&list))).into();
        Policies { list, digest }
    }

    /// The policies, in their order.
    pub fn list(&self) -> &[Policy] {
        &self.list
    }

    /// SHA-256 of the policies as the log records them, in canonical JSON.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The policies as the log records them.
    pub fn recorded(&self) -> Value {
        recorded(&self.list)
    }
}

fn recorded(list: &[Policy]) -> Value {
    list.iter().map(Policy::recorded).collect::<Vec<_>>().into()
}

impl Policy {
    fn recorded(&self) -> Value {
        let conditions = self.conditions.iter().map(|condition| {
            let (word, value) = match &condition.test {
                Test::Equals(value) => ("equals", value.clone()),
                Test::AtMost(value) => ("at_most", value.clone()),
                Test::OneOf(values) => ("one_of", values.clone().into()),
            };
            json!({"pointer": condition.pointer, word: value})
        });
        json!({
            "action": self.action,
            "agents": self.agents,
            "conditions": conditions.collect::<Vec<_>>(),
            "verdict": self.verdict,
            "quorum": self.quorum,
            "expires_s": self.expires_s,
            "owner_may_vote": self.owner_may_vote,
        })
    }
}
