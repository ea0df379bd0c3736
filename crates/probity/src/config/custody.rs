//! Rules of custody from configuration: limits per tier, thresholds, and how long things last.

use domain::custody::asset::check_code;
use domain::custody::kyc::TIER_MAX;
use domain::custody::rules::{CustodyRules, LimitRule, ThresholdRule, WINDOW_S_MAX};
use domain::custody::{Amount, OperationKind, SCALE_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Config, Key, Kind, RuleError, between, seconds, section};

/// The largest quorum: how many others can be asked for at most.
const QUORUM_MAX: u64 = 10;

/// Most limits, and most thresholds.
const RULES_MAX: usize = 1_000;

section! {
    /// Settings of custody and approvals.
    Custody in "custody" with {
        /// What each tier may move in a window.
        limits: Vec<Limit>;
        /// From what amount on others must approve.
        thresholds: Vec<Threshold>;
    };
    /// How long a new destination cannot be withdrawn to, in hours.
    destination_cooling_off_h: number(0, 8_760) = 24;
    /// How long an approval can be voted on and used, in hours.
    approval_expires_h: number(1, 8_760) = 24;
    /// How long a KYC approval is good, in days.
    kyc_expires_d: number(1, 3_650) = 365;
}

/// What a file says of a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The tier: 0, 1 or 2.
    pub tier: u64,
    /// Code of the asset.
    pub asset: String,
    /// Kind of operation.
    pub kind: String,
    /// Length of the window that ends now, in seconds.
    pub window_s: u64,
    /// Most that may be moved in it, as a decimal.
    pub amount: String,
}

/// What a file says of a threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Code of the asset.
    pub asset: String,
    /// Kind of operation.
    pub kind: String,
    /// Operations of more than this need an approval, as a decimal.
    pub amount: String,
    /// How many must approve, beside the one who asks.
    #[serde(default = "one")]
    pub quorum: u64,
}

pub(super) fn one() -> u64 {
    1
}

/// Checks the settings of one rule, each named by its place.
struct At(String);

impl At {
    fn wrong<T>(&self, setting: &str, message: String) -> Result<T, RuleError> {
        Err(RuleError {
            setting: format!("{}.{setting}", self.0),
            message,
        })
    }

    fn within(&self, setting: &str, value: u64, min: u64, max: u64) -> Result<u64, RuleError> {
        between(value, min, max).or_else(|message| self.wrong(setting, message))
    }

    fn asset(&self, code: &str) -> Result<String, RuleError> {
        match check_code(code) {
            Ok(()) => Ok(code.to_owned()),
            Err(error) => self.wrong("asset", format!("is {code:?}: it {}", error.message)),
        }
    }

    /// A kind of which there are such rules.
    fn kind(&self, word: &str, ruled: fn(OperationKind) -> bool) -> Result<OperationKind, RuleError> {
        if let Some(kind) = OperationKind::parse(word).filter(|kind| ruled(*kind)) {
            return Ok(kind);
        }
        let all = OperationKind::ALL.iter().filter(|kind| ruled(**kind));
        let words: Vec<_> = all.map(|kind| kind.as_str()).collect();
        let message = format!("is {word:?}: it must be one of {}", words.join(", "));
        self.wrong("kind", message)
    }

    /// An amount in its one spelling; whether the asset can express it is known once there is the asset.
    fn amount(&self, text: &str) -> Result<String, RuleError> {
        let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let scale = u8::try_from(digits).unwrap_or(SCALE_MAX).min(SCALE_MAX);
        match Amount::parse(text, scale) {
            Ok(_) => Ok(text.to_owned()),
            Err(error) => self.wrong("amount", format!("is {text:?}: it {error}")),
        }
    }
}

impl Limit {
    fn rule(&self, at: &At) -> Result<LimitRule, RuleError> {
        let window_s_max = u64::try_from(WINDOW_S_MAX).unwrap_or(0);
        Ok(LimitRule {
            tier: at.within("tier", self.tier, 0, TIER_MAX)?,
            asset: at.asset(&self.asset)?,
            // Reversals are not limited: they give back what was moved.
            kind: at.kind(&self.kind, |kind| kind != OperationKind::Reversal)?,
            window_s: seconds(at.within("window_s", self.window_s, 1, window_s_max)?, 1),
            amount: at.amount(&self.amount)?,
        })
    }

    /// On one line, for people.
    fn words(&self) -> String {
        format!(
            "tier {}: at most {} {} in {}s within {} s",
            self.tier, self.amount, self.asset, self.kind, self.window_s
        )
    }
}

impl Threshold {
    fn rule(&self, at: &At) -> Result<ThresholdRule, RuleError> {
        Ok(ThresholdRule {
            asset: at.asset(&self.asset)?,
            kind: at.kind(&self.kind, |_| true)?,
            amount: at.amount(&self.amount)?,
            quorum: at.within("quorum", self.quorum, 1, QUORUM_MAX)?,
        })
    }

    /// On one line, for people.
    fn words(&self) -> String {
        format!(
            "{}s of more than {} {}: {} must approve",
            self.kind, self.amount, self.asset, self.quorum
        )
    }
}

fn few(setting: &str, length: usize) -> Result<(), RuleError> {
    if length <= RULES_MAX {
        return Ok(());
    }
    Err(RuleError {
        setting: format!("custody.{setting}"),
        message: format!("are {length}: there may be at most {RULES_MAX}"),
    })
}

impl Custody {
    /// The rules, checked as far as that needs no assets.
    pub fn rules(&self) -> Result<CustodyRules, RuleError> {
        few("limits", self.limits.len())?;
        few("thresholds", self.thresholds.len())?;
        let at = |what: &str, position: usize| At(format!("custody.{what}[{position}]"));
        let limits = self.limits.iter().enumerate();
        let limits = limits.map(|(position, limit)| limit.rule(&at("limits", position)));
        let mut thresholds: Vec<ThresholdRule> = Vec::new();
        for (position, threshold) in self.thresholds.iter().enumerate() {
            let at = at("thresholds", position);
            let rule = threshold.rule(&at)?;
            let same = |other: &ThresholdRule| {
                other.kind == rule.kind && other.asset.eq_ignore_ascii_case(&rule.asset)
            };
            if let Some(first) = thresholds.iter().position(same) {
                let message = format!(
                    "is {}: custody.thresholds[{first}] is for {} of {} already",
                    rule.asset,
                    rule.kind.as_str(),
                    rule.asset
                );
                return at.wrong("asset", message);
            }
            thresholds.push(rule);
        }
        Ok(CustodyRules {
            limits: limits.collect::<Result<_, _>>()?,
            thresholds,
            cooling_off_s: seconds(self.destination_cooling_off_h, 3_600),
            approval_s: seconds(self.approval_expires_h, 3_600),
            kyc_s: seconds(self.kyc_expires_d, 86_400),
        })
    }
}

/// A limit, a threshold or a policy for showing.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownRule {
    /// Its place, such as `custody.limits[0]`.
    pub setting: String,
    /// What it says, as in the file.
    pub value: Value,
    /// The same in words.
    pub words: String,
}

/// A rule for showing.
pub(super) fn shown(setting: String, rule: &impl Serialize, words: String) -> ShownRule {
    ShownRule {
        setting,
        value: serde_json::to_value(rule).unwrap_or_default(),
        words,
    }
}

impl Config {
    /// Every limit and threshold.
    pub fn custody_rules(&self) -> Vec<ShownRule> {
        let limits = self.custody.limits.iter().enumerate();
        let limits =
            limits.map(|(position, rule)| shown(format!("custody.limits[{position}]"), rule, rule.words()));
        let thresholds = self.custody.thresholds.iter().enumerate();
        let thresholds = thresholds
            .map(|(position, rule)| shown(format!("custody.thresholds[{position}]"), rule, rule.words()));
        limits.chain(thresholds).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: &str =
        "[[limits]]\ntier = 1\nasset = \"BTC\"\nkind = \"withdrawal\"\nwindow_s = 60\namount = \"0.5\"\n";
    const THRESHOLD: &str = "[[thresholds]]\nasset = \"BTC\"\nkind = \"withdrawal\"\namount = \"1\"\n";
    const LENGTHS: &str = "destination_cooling_off_h = 1\napproval_expires_h = 2\nkyc_expires_d = 3\n";

    fn parse(text: &str) -> Result<CustodyRules, RuleError> {
        let custody: Custody = toml::from_str(&format!("{LENGTHS}{text}")).unwrap();
        custody.rules()
    }

    #[test]
    fn the_defaults_are_those_of_the_rules() {
        assert_eq!(Custody::default().rules(), Ok(CustodyRules::default()));
    }

    #[test]
    fn rules_are_read() {
        let rules = parse(&format!(
            "{LIMIT}{THRESHOLD}quorum = 3\n{}",
            THRESHOLD.replace("BTC", "EUR")
        ))
        .unwrap();
        let limit = &rules.limits[0];
        assert_eq!(
            (
                limit.tier,
                limit.asset.as_str(),
                limit.kind,
                limit.window_s,
                limit.amount.as_str()
            ),
            (1, "BTC", OperationKind::Withdrawal, 60, "0.5")
        );
        let quorums: Vec<_> = rules.thresholds.iter().map(|rule| rule.quorum).collect();
        assert_eq!(quorums, [3, 1]);
        assert_eq!(
            (rules.cooling_off_s, rules.approval_s, rules.kyc_s),
            (3_600, 7_200, 259_200)
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_bound() {
        let twice = format!("{THRESHOLD}{}", THRESHOLD.replace("BTC", "btc"));
        for (text, setting, message) in [
            (
                LIMIT.replace("tier = 1", "tier = 3"),
                "custody.limits[0].tier",
                "is 3: it must be 0 to 2",
            ),
            (
                LIMIT.replace("withdrawal", "reversal"),
                "custody.limits[0].kind",
                "is \"reversal\": it must be one of deposit, withdrawal, transfer, mint, burn",
            ),
            (
                LIMIT.replace("window_s = 60", "window_s = 0"),
                "custody.limits[0].window_s",
                "is 0: it must be 1 to 31622400",
            ),
            (
                LIMIT.replace("window_s = 60", "window_s = 31622401"),
                "custody.limits[0].window_s",
                "is 31622401: it must be 1 to 31622400",
            ),
            (
                LIMIT.replace("0.5", "-0.5"),
                "custody.limits[0].amount",
                "is \"-0.5\": it must be a decimal number",
            ),
            (
                LIMIT.replace("0.5", "0.1234567890123456789"),
                "custody.limits[0].amount",
                "is \"0.1234567890123456789\": it has more than 18",
            ),
            (
                LIMIT.replace("BTC", "B TC"),
                "custody.limits[0].asset",
                "is \"B TC\": it must be 1 to 16",
            ),
            (
                THRESHOLD.replace("withdrawal", "payment"),
                "custody.thresholds[0].kind",
                "is \"payment\": it must be one of deposit, withdrawal, transfer, mint, burn, reversal",
            ),
            (
                format!("{THRESHOLD}quorum = 0"),
                "custody.thresholds[0].quorum",
                "is 0: it must be 1 to 10",
            ),
            (
                format!("{THRESHOLD}quorum = 11"),
                "custody.thresholds[0].quorum",
                "is 11: it must be 1 to 10",
            ),
            (
                twice,
                "custody.thresholds[1].asset",
                "is btc: custody.thresholds[0] is for withdrawal of btc already",
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert_eq!(error.setting, setting);
            assert!(error.message.starts_with(message), "{}", error.message);
        }
        for edge in [
            LIMIT.replace("60", "31622400"),
            LIMIT.replace("0.5", "0"),
            format!("{THRESHOLD}quorum = 10"),
            THRESHOLD.replace("withdrawal", "reversal"),
        ] {
            parse(&edge).unwrap();
        }
    }
}
