//! Rules of custody that an installation sets: what each tier may move in a window of time, and from what amount on a
//! second person must approve.

use serde_json::{Value, json};

use crate::custody::amount::Amount;
use crate::custody::operation::OperationKind;
use crate::refusal::{FieldError, Refusal};

/// What users of a tier may move, of an asset, in operations of a kind, within a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRule {
    /// The tier: 0, 1 or 2.
    pub tier: u64,
    /// Code of the asset.
    pub asset: String,
    /// Kind of operation.
    pub kind: OperationKind,
    /// Length of the window that ends now, in seconds.
    pub window_s: i64,
    /// Most that may be moved in it, as a decimal.
    pub amount: String,
}

/// From what amount on an operation needs the approval of a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdRule {
    /// Code of the asset.
    pub asset: String,
    /// Kind of operation.
    pub kind: OperationKind,
    /// Operations of more than this need an approval, as a decimal.
    pub amount: String,
    /// How many must approve, beside the one who asks: at least 1.
    pub quorum: u64,
}

/// The rules of custody and approvals in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodyRules {
    /// Limits per tier, asset, kind and window.
    pub limits: Vec<LimitRule>,
    /// Thresholds per asset and kind.
    pub thresholds: Vec<ThresholdRule>,
    /// How long a new destination cannot be withdrawn to, in seconds.
    pub cooling_off_s: i64,
    /// How long an approval can be voted on and used, in seconds, unless it says less.
    pub approval_s: i64,
    /// How long a KYC approval is good, in seconds, unless it says otherwise.
    pub kyc_s: i64,
}

impl Default for CustodyRules {
    fn default() -> CustodyRules {
        CustodyRules {
            limits: Vec::new(),
            thresholds: Vec::new(),
            cooling_off_s: 24 * 3_600,
            approval_s: 24 * 3_600,
            kyc_s: 365 * 24 * 3_600,
        }
    }
}

/// The longest window of a limit, in seconds: 366 days.
pub const WINDOW_S_MAX: i64 = 366 * 24 * 3_600;

impl CustodyRules {
    /// The limits on a kind of operation of an asset, for any tier.
    pub fn limits_on<'a>(
        &'a self,
        asset: &'a str,
        kind: OperationKind,
    ) -> impl Iterator<Item = &'a LimitRule> {
        self.limits
            .iter()
            .filter(move |rule| rule.kind == kind && rule.asset.eq_ignore_ascii_case(asset))
    }

    /// The threshold on a kind of operation of an asset.
    pub fn threshold_on(&self, asset: &str, kind: OperationKind) -> Option<&ThresholdRule> {
        self.thresholds
            .iter()
            .find(|rule| rule.kind == kind && rule.asset.eq_ignore_ascii_case(asset))
    }

    /// The longest window of any limit, in seconds; none without limits.
    pub fn window_s_max(&self) -> Option<i64> {
        self.limits.iter().map(|rule| rule.window_s).max()
    }

    /// Refuses a scale in which an amount of the rules cannot be said.
    pub fn check_scale(&self, asset: &str, scale: u8) -> Result<(), Refusal> {
        match self.unsayable(asset, scale) {
            None => Ok(()),
            Some(message) => Err(FieldError::new("scale", message).into()),
        }
    }

    /// The rule whose amount cannot be said in an asset's scale, and why, if there is one.
    pub fn unsayable(&self, asset: &str, scale: u8) -> Option<String> {
        let limits = self.limits.iter().map(|rule| {
            let (tier, kind) = (rule.tier, rule.kind.as_str());
            let words = format!("the limit of tier {tier} on operations of kind {kind}");
            (words, &rule.asset, &rule.amount)
        });
        let thresholds = self.thresholds.iter().map(|rule| {
            let words = format!("the threshold of operations of kind {}", rule.kind.as_str());
            (words, &rule.asset, &rule.amount)
        });
        let mut of_asset = limits
            .chain(thresholds)
            .filter(|(_, code, _)| code.eq_ignore_ascii_case(asset));
        of_asset.find_map(|(words, code, amount)| {
            let error = Amount::parse(amount, scale).err()?;
            Some(format!("{words} in the configuration, {amount} {code}, {error}"))
        })
    }

    /// What is in force, as the log records it.
    pub fn recorded(&self) -> Value {
        let limits = self.limits.iter().map(|rule| {
            json!({"tier": rule.tier, "asset": rule.asset, "kind": rule.kind.as_str(), "window_s": rule.window_s, "amount": rule.amount})
        });
        let thresholds = self.thresholds.iter().map(|rule| {
            json!({"asset": rule.asset, "kind": rule.kind.as_str(), "amount": rule.amount, "quorum": rule.quorum})
        });
        json!({
            "limits": limits.collect::<Vec<_>>(),
            "thresholds": thresholds.collect::<Vec<_>>(),
            "cooling_off_s": self.cooling_off_s,
            "approval_s": self.approval_s,
            "kyc_s": self.kyc_s,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> CustodyRules {
        CustodyRules {
            limits: vec![LimitRule {
                tier: 1,
                asset: "BTC".to_owned(),
                kind: OperationKind::Withdrawal,
                window_s: 3_600,
                amount: "0.125".to_owned(),
            }],
            thresholds: vec![ThresholdRule {
                asset: "EUR".to_owned(),
                kind: OperationKind::Burn,
                amount: "10000".to_owned(),
                quorum: 2,
            }],
            ..CustodyRules::default()
        }
    }

    #[test]
    fn a_scale_must_hold_every_amount_of_the_asset() {
        for (asset, scale, expected) in [
            ("btc", 8, None),
            ("BTC", 3, None),
            (
                "btc",
                2,
                Some(
                    "the limit of tier 1 on operations of kind withdrawal in the configuration, 0.125 BTC, has more than 2",
                ),
            ),
            ("EUR", 0, None),
            ("USD", 0, None),
        ] {
            let message = rules().unsayable(asset, scale);
            match expected {
                None => assert_eq!(message, None, "{asset} {scale}"),
                Some(start) => assert!(message.clone().unwrap().starts_with(start), "{message:?}"),
            }
            assert_eq!(rules().check_scale(asset, scale).is_ok(), expected.is_none());
        }
    }
}
