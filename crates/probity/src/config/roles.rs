//! Roles from configuration: an installation's own, and a second factor for built-in ones.

use std::collections::BTreeMap;

use domain::identity::permission::ROLE_LEN_MAX;
use domain::identity::{Permission, Role, Rules};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Config;
use super::rules::RuleError;

/// What a file says of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSettings {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// Whether its users must log in with a second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<bool>,
}

/// The built-in rules with what files say.
pub fn rules(settings: &BTreeMap<String, RoleSettings>) -> Result<Rules, RuleError> {
    let mut rules = Rules::default();
    for (name, role_settings) in settings {
        let at = |setting: &str, message: String| RuleError {
            setting: format!("roles.{name}{setting}"),
            message,
        };
        let role = Role::parse(name).ok_or_else(|| {
            let message = format!(
                "a role's name is 1 to {ROLE_LEN_MAX} characters of a-z, 0-9, '_' and '-', a letter first"
            );
            at("", message)
        })?;
        if rules.role(&role).is_some() {
            let set = [
                (".permissions", role_settings.permissions.is_some()),
                (".description", role_settings.description.is_some()),
            ];
            if let Some((setting, _)) = set.iter().find(|(_, set)| *set) {
                let message = format!(
                    "role {name} is built in: only its second_factor can be set; choose another name for a role \
                     of your own"
                );
                return Err(at(setting, message));
            }
        } else {
            let words = role_settings.permissions.as_ref().ok_or_else(|| {
                let message = "what the role may do is missing: permissions = [\"audit:read\"]";
                at("", message.to_owned())
            })?;
            let permissions = permissions(words).map_err(|message| at(".permissions", message))?;
            let description = role_settings.description.clone().unwrap_or_default();
            rules
                .define(role.clone(), description, permissions)
                .map_err(|message| at("", message))?;
        }
        if let Some(required) = role_settings.second_factor {
            rules
                .require_second_factor(&role, required)
                .map_err(|message| at(".second_factor", message))?;
        }
    }
    Ok(rules)
}

fn permissions(words: &[String]) -> Result<Vec<Permission>, String> {
    let parse = |word: &String| {
        Permission::parse(word).ok_or_else(|| {
            let known: Vec<_> = Permission::ALL
                .iter()
                .map(|permission| permission.as_str())
                .collect();
            format!("there is no permission {word:?}; there are {}", known.join(", "))
        })
    };
    words.iter().map(parse).collect()
}

impl Config {
    /// Every setting of roles that is set, such as `roles.trader.permissions`, and its value.
    pub fn role_settings(&self) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        for (name, role) in &self.roles {
            let value = serde_json::to_value(role).unwrap_or_default();
            match value {
                Value::Object(set) if !set.is_empty() => {
                    let set = set.into_iter();
                    found.extend(set.map(|(setting, value)| (format!("roles.{name}.{setting}"), value)));
                }
                _ => found.push((format!("roles.{name}"), Value::Null)),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Rules, RuleError> {
        rules(&toml::from_str(text).unwrap())
    }

    #[test]
    fn own_roles_and_second_factors() {
        let text = "[trader]\ndescription = \"Trades\"\npermissions = [\"audit:write\", \"audit:read\"]\n\
                    second_factor = true\n[admin]\nsecond_factor = true\n";
        let rules = parse(text).unwrap();
        let role = |name: &str| rules.role(&Role::parse(name).unwrap()).unwrap().clone();
        let trader = role("trader");
        assert_eq!(
            (trader.permissions, trader.second_factor, trader.built_in),
            (vec![Permission::AuditRead, Permission::AuditWrite], true, false)
        );
        assert!(role("admin").second_factor && !role("sre").second_factor);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, setting, message) in [
            (
                "[trader]\npermissions = [\"audit:raed\"]",
                "roles.trader.permissions",
                "there is no permission \"audit:raed\"; there are audit:read, ",
            ),
            (
                "[admin]\npermissions = []",
                "roles.admin.permissions",
                "role admin is built in",
            ),
            (
                "[sre]\ndescription = \"x\"",
                "roles.sre.description",
                "role sre is built in",
            ),
            ("[Trader]\npermissions = []", "roles.Trader", "a role's name is"),
            (
                "[trader]\nsecond_factor = true",
                "roles.trader",
                "what the role may do",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.setting, setting);
            assert!(error.message.starts_with(message), "{}", error.message);
        }
    }
}
