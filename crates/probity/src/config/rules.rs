//! What is wrong with a rule of the settings: a role, or a limit or threshold of custody.

use super::wrong;
use crate::failure::Failure;

/// A rule that cannot be as a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The setting at fault, such as `roles.trader.permissions` or `custody.limits[0].tier`.
    pub setting: String,
    /// What is wrong with it.
    pub message: String,
}

impl RuleError {
    /// The setting whose source is looked up: a list comes from one place as a whole.
    pub fn source(&self) -> &str {
        self.setting.split('[').next().unwrap_or_default()
    }

    /// As an error of the settings that come from `source`.
    pub fn failure(&self, source: &str) -> Failure {
        wrong(format!("{source}: {}: {}", self.setting, self.message))
    }
}
