//! How long the payloads of entries are kept, from configuration.

use domain::audit::retention::{KEEP_DAYS_MAX, Policy, Retention};
use serde::{Deserialize, Serialize};

use super::custody::{ShownRule, shown};
use super::{Config, Key, Kind, RuleError, section};

/// Every action.
const ALL: &str = "*";

section! {
    /// Settings of the audit log.
    Audit in "audit";
    /// For how many days the payloads of all entries are kept, unless a policy keeps them longer; 0 for ever.
    retention_days: number(0, KEEP_DAYS_MAX) = 0;
}

/// What a file says of the payloads of some entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// The action; with a final `*`, every action that begins so.
    pub action: String,
    /// For how many days at least they are kept.
    pub keep_days: u64,
}

impl Config {
    /// The policies of retention.
    pub fn retention(&self) -> Result<Retention, RuleError> {
        let policy = |action: &str, keep_days| Policy {
            action: action.to_owned(),
            keep_days,
        };
        let days = self.audit.retention_days;
        let same = self.retention.iter().position(|keep| keep.action == ALL);
        if let Some(position) = same.filter(|_| days > 0) {
            return Err(RuleError {
                setting: "audit.retention_days".to_owned(),
                message: format!("is {days}: retention[{position}] is for every action already"),
            });
        }
        let policies = self.retention.iter();
        let policies = policies.map(|keep| policy(&keep.action, keep.keep_days));
        let policies = policies.chain((days > 0).then(|| policy(ALL, days)));
        Retention::new(policies.collect()).map_err(|error| RuleError {
            setting: format!("retention{}", error.field),
            message: error.message,
        })
    }

    /// Every limit and threshold of custody, and every policy of retention and of approvals.
    pub fn listed_rules(&self) -> Vec<ShownRule> {
        let kept = self.retention.iter().enumerate().map(|(position, keep)| {
            let words = format!("payloads of {} are kept for {} days", keep.action, keep.keep_days);
            shown(format!("retention[{position}]"), keep, words)
        });
        let rules = self.custody_rules().into_iter().chain(kept);
        rules.chain(self.shown_policies()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(days: u64, policies: &[(&str, u64)]) -> Config {
        let keep = |(action, keep_days): &(&str, u64)| Keep {
            action: (*action).to_owned(),
            keep_days: *keep_days,
        };
        Config {
            audit: Audit { retention_days: days },
            retention: policies.iter().map(keep).collect(),
            ..Config::default()
        }
    }

    #[test]
    fn policies_are_read_and_those_of_all_actions_too() {
        assert_eq!(Config::default().retention(), Ok(Retention::default()));
        let retention = config(1, &[("http.*", 90)]).retention().unwrap();
        let days = |action: &str| retention.policy(action).map(|policy| policy.keep_days);
        assert_eq!((days("http.get"), days("user.create")), (Some(90), Some(1)));
        let shown = config(0, &[("http.*", 90)]).listed_rules();
        assert_eq!(shown[0].setting, "retention[0]");
        assert_eq!(shown[0].words, "payloads of http.* are kept for 90 days");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        for (days, policies, setting) in [
            (0, &[("http.*", 0)][..], "retention[0].keep_days"),
            (0, &[("a", 1), ("b c", 1)], "retention[1].action"),
            (0, &[("a", 1), ("a", 2)], "retention[1].action"),
            (1, &[("a", 1), ("*", 2)], "audit.retention_days"),
        ] {
            let error = config(days, policies).retention().unwrap_err();
            assert_eq!(error.setting, setting, "{}", error.message);
        }
    }
}
