//! How long payloads are kept, by rules that an installation sets.

use evidence::time::Timestamp;
use serde_json::{Value, json};

use super::filter::{is_action, matches_action};
use crate::refusal::FieldError;

/// Longest time that a policy keeps payloads, in days: a century.
pub const KEEP_DAYS_MAX: u64 = 36_500;

/// Most policies.
pub const POLICIES_MAX: usize = 1_000;

const DAY_S: i64 = 24 * 3_600;

/// How long payloads of some actions are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The action; with a final `*`, every action that begins so.
    pub action: String,
    /// For how many days at least.
    pub keep_days: u64,
}

/// The policies in force. What none of them is about is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention(Vec<Policy>);

impl Policy {
    /// The bounds of its fields.
    fn check(&self) -> Result<(), FieldError> {
        if self.action.is_empty() || !is_action(&self.action) {
            let must = "must be an action, or the beginning of one and a final `*`";
            return Err(FieldError::new(
                "action",
                format!("is {:?}: it {must}", self.action),
            ));
        }
        if !(1..=KEEP_DAYS_MAX).contains(&self.keep_days) {
            let message = format!("is {}: it must be 1 to {KEEP_DAYS_MAX}", self.keep_days);
            return Err(FieldError::new("keep_days", message));
        }
        Ok(())
    }

    fn seconds(&self) -> i64 {
        i64::try_from(self.keep_days).map_or(i64::MAX, |days| days.saturating_mul(DAY_S))
    }
}

impl Retention {
    /// Policies that are within their bounds; the error names the field of the one that is not, by its position.
    pub fn new(policies: Vec<Policy>) -> Result<Retention, FieldError> {
        if policies.len() > POLICIES_MAX {
            let message = format!("there are {}: at most {POLICIES_MAX}", policies.len());
            return Err(FieldError::new(format!("[{POLICIES_MAX}]"), message));
        }
        for (position, policy) in policies.iter().enumerate() {
            let at = format!("[{position}]");
            policy.check().map_err(|error| error.within(&at))?;
            if policies[..position]
                .iter()
                .any(|other| other.action == policy.action)
            {
                let message = format!("is {:?}: another policy has it already", policy.action);
                return Err(FieldError::new("action", message).within(&at));
            }
        }
        Ok(Retention(policies))
    }

    /// The policies, as they were given.
    pub fn policies(&self) -> &[Policy] {
        &self.0
    }

    /// The policy that holds for an action: of those that are about it, the one that keeps longest.
    pub fn policy(&self, action: &str) -> Option<&Policy> {
        let about = self
            .0
            .iter()
            .filter(|policy| matches_action(&policy.action, action));
        about.max_by_key(|policy| policy.keep_days)
    }

    /// The policy by which the payload of an entry is no longer kept.
    pub fn past(&self, action: &str, at: Timestamp, now: Timestamp) -> Option<&Policy> {
        let policy = self.policy(action)?;
        (at.plus_seconds(policy.seconds()) <= now).then_some(policy)
    }

    /// The time before which something may be past its policy; none where there are no policies.
    pub fn begins(&self, now: Timestamp) -> Option<Timestamp> {
        let shortest = self.0.iter().map(Policy::seconds).min()?;
        // An entry of this very moment is past it.
        Timestamp::from_micros(now.plus_seconds(-shortest).micros() + 1)
    }

    /// The policies as the log records them.
    pub(crate) fn recorded(&self) -> Value {
        let policies = self.0.iter();
        let recorded = policies.map(|policy| json!({"action": policy.action, "keep_days": policy.keep_days}));
        recorded.collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(of: &[(&str, u64)]) -> Result<Retention, FieldError> {
        let policy = |(action, keep_days): &(&str, u64)| Policy {
            action: (*action).to_owned(),
            keep_days: *keep_days,
        };
        Retention::new(of.iter().map(policy).collect())
    }

    #[test]
    fn the_policy_that_keeps_longest_holds() {
        let retention = policies(&[("http.*", 90), ("http.get", 30), ("http.post", 365), ("*", 1)]).unwrap();
        let days = |action: &str| retention.policy(action).map(|policy| policy.keep_days);
        assert_eq!(days("http.get"), Some(90), "a narrower one does not keep less");
        assert_eq!(days("http.post"), Some(365));
        assert_eq!(days("http"), Some(1));
        assert_eq!(Retention::default().policy("http.get"), None);
        assert_eq!(policies(&[("http.*", 1)]).unwrap().policy("https"), None);
    }

    #[test]
    fn a_payload_is_kept_to_the_microsecond() {
        let retention = policies(&[("a", 2), ("b", 1)]).unwrap();
        let at: Timestamp = "2026-11-21T08:30:00.000001Z".parse().unwrap();
        let past = |action: &str, now: &str| retention.past(action, at, now.parse().unwrap()).is_some();
        assert!(!past("a", "2026-11-23T08:30:00.000000Z"));
        assert!(past("a", "2026-11-23T08:30:00.000001Z"));
        assert!(!past("c", "2126-11-23T08:30:00.000001Z"));
        let begins = retention.begins("2026-11-22T08:30:00.000001Z".parse().unwrap());
        assert!(
            begins.unwrap() > at,
            "what is past the shortest policy is looked at"
        );
        assert_eq!(Retention::default().begins(at), None);
    }

    #[test]
    fn bounds_of_policies() {
        for (of, field) in [
            (&[("", 1)][..], "[0].action"),
            (&[("a b", 1)], "[0].action"),
            (&[("a*b", 1)], "[0].action"),
            (&[("a", 1), ("b", 0)], "[1].keep_days"),
            (&[("a", 36_501)], "[0].keep_days"),
            (&[("a", 1), ("a*", 1), ("a", 2)], "[2].action"),
        ] {
            assert_eq!(policies(of).unwrap_err().field, field, "{of:?}");
        }
        policies(&[("*", 1), ("a", 36_500)]).unwrap();
    }
}
