//! What the installation says to what is asked for, from configuration.

use domain::approval::Verdict;
use domain::approval::policy::{Condition, Policies, Policy, Test};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::custody::{ShownRule, one, shown};
use super::{Config, RuleError, seconds};

/// What a file says of some of what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// The action; with a final `*`, every action that begins so.
    pub action: String,
    /// Names of agents; with a final `*`, of all agents whose names begin so. Everybody where there is none.
    #[serde(default)]
    pub agents: Vec<String>,
    /// What the arguments must be, all of it.
    #[serde(default)]
    pub conditions: Vec<ConditionSettings>,
    /// `allow`, `ask` or `deny`.
    pub verdict: String,
    /// How many must vote for it at least.
    #[serde(default = "one")]
    pub quorum: u64,
    /// How long it can be voted on and used at most, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_s: Option<u64>,
    /// Whether the owner of an agent may vote on what the agent asks for.
    #[serde(default)]
    pub owner_may_vote: bool,
}

/// What a file says of an argument: one of the three.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionSettings {
    /// Which argument: a JSON Pointer.
    pub pointer: String,
    /// It is this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// It is a number, this one at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Value>,
    /// It is one of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
}

fn setting(field: &str) -> String {
    format!("governance.policies{field}")
}

impl ConditionSettings {
    fn condition(&self, at: &str) -> Result<Condition, RuleError> {
        let test = match (&self.equals, &self.at_most, &self.one_of) {
            (Some(value), None, None) => Test::Equals(value.clone()),
            (None, Some(most), None) => Test::AtMost(most.clone()),
            (None, None, Some(values)) => Test::OneOf(values.clone()),
            _ => {
                let message = "must have one of equals, at_most and one_of, and one alone".to_owned();
                return Err(RuleError {
                    setting: at.to_owned(),
                    message,
                });
            }
        };
        let pointer = self.pointer.clone();
        Ok(Condition { pointer, test })
    }
}

impl PolicySettings {
    fn policy(&self, at: &str) -> Result<Policy, RuleError> {
        let verdict = Verdict::read("verdict", &self.verdict).map_err(|error| RuleError {
            setting: format!("{at}.verdict"),
            message: format!("is {:?}: it {}", self.verdict, error.message),
        });
        let conditions = self.conditions.iter().enumerate();
        let conditions = conditions
            .map(|(position, condition)| condition.condition(&format!("{at}.conditions[{position}]")));
        Ok(Policy {
            action: self.action.clone(),
            agents: self.agents.clone(),
            conditions: conditions.collect::<Result<_, _>>()?,
            verdict: verdict?,
            quorum: self.quorum,
            expires_s: self.expires_s.map(|number| seconds(number, 1)),
            owner_may_vote: self.owner_may_vote,
        })
    }
}

/// A policy on one line, for people.
pub fn words(policy: &Policy) -> String {
    let mut words = vec![format!("{} of {}", policy.verdict.as_str(), policy.action)];
    if !policy.agents.is_empty() {
        words.push(format!(" by {}", policy.agents.join(", ")));
    }
    if !policy.conditions.is_empty() {
        let conditions: Vec<_> = policy.conditions.iter().map(Condition::to_string).collect();
        words.push(format!(" where {}", conditions.join(" and ")));
    }
    if policy.verdict == Verdict::Ask {
        words.push(format!("; votes needed: {}", policy.quorum));
    }
    words.concat()
}

impl Config {
    /// The policies.
    pub fn policies(&self) -> Result<Policies, RuleError> {
        let policies = self.governance.policies.iter().enumerate();
        let policies = policies.map(|(position, policy)| policy.policy(&setting(&format!("[{position}]"))));
        Policies::new(policies.collect::<Result<_, _>>()?).map_err(|error| RuleError {
            setting: setting(&error.field),
            message: error.message,
        })
    }

    /// Every policy for showing.
    pub fn shown_policies(&self) -> Vec<ShownRule> {
        // Those that are wrong are told of elsewhere.
        let policies = self.policies().unwrap_or_default();
        let both = self.governance.policies.iter().zip(policies.list()).enumerate();
        both.map(|(position, (settings, policy))| {
            shown(setting(&format!("[{position}]")), settings, words(policy))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        let all = "prices = \"\"\notlp_lease_s = 3600\notlp_body_bytes_max = 67108864";
        Config {
            governance: toml::from_str(&format!("{all}\n{text}")).unwrap(),
            ..Config::default()
        }
    }

    #[test]
    fn policies_are_read() {
        let text = "[[policies]]\naction = \"deploy.*\"\nagents = [\"ci-*\"]\nverdict = \"ask\"\nquorum = 2\n\
                    expires_s = 600\nowner_may_vote = true\n[[policies.conditions]]\npointer = \"/to\"\n\
                    one_of = [\"test\", 1]\n[[policies.conditions]]\npointer = \"/n\"\nat_most = 1.5\n\
                    [[policies]]\naction = \"*\"\nverdict = \"deny\"\n[[policies.conditions]]\npointer = \"/a/b\"\n\
                    equals = { c = [true] }";
        let policies = config(text).policies().unwrap();
        let policy = &policies.list()[0];
        assert_eq!((policy.quorum, policy.expires_s), (2, Some(600)));
        assert!(policy.owner_may_vote);
        let expected = "ask of deploy.* by ci-* where \"/to\" must be one of \"test\", 1 and \"/n\" must be a number of \
                        at most 1.5; votes needed: 2";
        assert_eq!(words(policy), expected);
        let shown = config(text).shown_policies();
        assert_eq!(shown[1].setting, "governance.policies[1]");
        assert_eq!(shown[1].words, "deny of * where \"/a/b\" must be {\"c\":[true]}");
        assert_eq!(Config::default().policies(), Ok(Policies::default()));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_setting() {
        let condition =
            |text: &str| format!("action = \"a\"\nverdict = \"ask\"\n[[policies.conditions]]\n{text}");
        for (text, expected) in [
            ("action = \"a b\"\nverdict = \"ask\"".to_owned(), "[0].action"),
            ("action = \"a\"\nverdict = \"maybe\"".to_owned(), "[0].verdict"),
            (
                "action = \"a\"\nverdict = \"ask\"\nquorum = 11".to_owned(),
                "[0].quorum",
            ),
            (
                "action = \"a\"\nverdict = \"ask\"\nexpires_s = 0".to_owned(),
                "[0].expires_s",
            ),
            (condition("pointer = \"/a\""), "[0].conditions[0]"),
            (
                condition("pointer = \"/a\"\nequals = 1\nat_most = 1"),
                "[0].conditions[0]",
            ),
            (
                condition("pointer = \"a\"\nequals = 1"),
                "[0].conditions[0].pointer",
            ),
            (
                condition("pointer = \"/a\"\nat_most = \"1\""),
                "[0].conditions[0].at_most",
            ),
            (
                condition("pointer = \"/a\"\none_of = []"),
                "[0].conditions[0].one_of",
            ),
        ] {
            let error = config(&format!("[[policies]]\n{text}")).policies().unwrap_err();
            assert_eq!(error.setting, setting(expected), "{text}: {}", error.message);
        }
    }
}
