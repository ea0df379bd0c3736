//! Rules of identity that an installation sets: its roles, and how long credentials last.

use evidence::json::StrictObject;
use serde_json::{Value, json};

use crate::approval::policy::Policies;
use crate::audit::retention::Retention;
use crate::custody::CustodyRules;
use crate::identity::permission::{BUILT_IN, Permission, Role};
use crate::workflow::rules::WorkflowRules;

/// What a role may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    /// Its name.
    pub name: Role,
    /// What it is for.
    pub description: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// Whether its users must log in with a second factor.
    pub second_factor: bool,
    /// Whether every installation has it.
    pub built_in: bool,
}

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Every role: the built-in ones, then the installation's own.
    roles: Vec<RoleRule>,
    /// How long a session lasts without a request, in seconds.
    pub session_idle_s: i64,
    /// How long a session lasts at all, in seconds.
    pub session_max_s: i64,
    /// How long an invitation can be accepted, in seconds.
    pub invitation_s: i64,
    /// Limits and thresholds of custody, and how long approvals last.
    pub custody: CustodyRules,
    /// What is kept of steps.
    pub workflows: WorkflowRules,
    /// How long payloads are kept.
    pub retention: Retention,
    /// What is said to what is asked for, before anybody votes.
    pub policies: Policies,
}

impl Default for Rules {
    fn default() -> Rules {
        let roles = BUILT_IN.iter().map(|role| RoleRule {
            name: role.name.clone(),
            description: role.description.to_owned(),
            permissions: role.permissions.to_vec(),
            second_factor: false,
            built_in: true,
        });
        Rules {
            roles: roles.collect(),
            session_idle_s: 30 * 60,
            session_max_s: 12 * 3_600,
            invitation_s: 72 * 3_600,
            custody: CustodyRules::default(),
            workflows: WorkflowRules::default(),
            retention: Retention::default(),
            policies: Policies::default(),
        }
    }
}

impl Rules {
    /// Every role: the built-in ones, then the installation's own.
    pub fn roles(&self) -> &[RoleRule] {
        &self.roles
    }

    /// What the role may do; `None` when the installation does not define it (any more).
    pub fn role(&self, name: &Role) -> Option<&RoleRule> {
        self.roles.iter().find(|rule| rule.name == *name)
    }

    /// What a role may do; nothing when it is not defined.
    pub fn permissions(&self, name: &Role) -> &[Permission] {
        self.role(name).map_or(&[], |rule| &rule.permissions)
    }

    /// The roles that hold `permission`.
    pub fn holding(&self, permission: Permission) -> Vec<&Role> {
        let holding = |rule: &&RoleRule| rule.permissions.contains(&permission);
        self.roles.iter().filter(holding).map(|rule| &rule.name).collect()
    }

    /// Defines a role of the installation's own.
    pub fn define(
        &mut self,
        name: Role,
        description: String,
        permissions: Vec<Permission>,
    ) -> Result<(), String> {
        if self.role(&name).is_some() {
            return Err(format!(
                "role {name} is built in: its permissions cannot be changed, choose another name"
            ));
        }
        let mut permissions = permissions;
        permissions.sort_unstable();
        permissions.dedup();
        self.roles.push(RoleRule {
            name,
            description,
            permissions,
            second_factor: false,
            built_in: false,
        });
        Ok(())
    }

    /// Sets whether the users of a role must log in with a second factor.
    pub fn require_second_factor(&mut self, name: &Role, required: bool) -> Result<(), String> {
        match self.roles.iter_mut().find(|rule| rule.name == *name) {
            Some(rule) => {
                rule.second_factor = required;
                Ok(())
            }
            None => Err(format!("there is no role {name}")),
        }
    }

    /// What differs from the built-in rules, as the log records it: under which rules a decision was made.
    pub fn own(&self) -> StrictObject {
        let own = self
            .roles
            .iter()
            .filter(|rule| !rule.built_in || rule.second_factor);
        let mut details = StrictObject::default();
        for rule in own {
            let mut value = json!({"second_factor": rule.second_factor});
            if !rule.built_in {
                let words: Vec<Value> = rule.permissions.iter().map(|word| word.as_str().into()).collect();
                value["permissions"] = words.into();
            }
            details.0.insert(rule.name.as_str().to_owned(), value);
        }
        // No role's name has a point.
        if self.custody != CustodyRules::default() {
            details
                .0
                .insert("custody.rules".to_owned(), self.custody.recorded());
        }
        if self.workflows != WorkflowRules::default() {
            let rules = self.workflows.recorded();
            details.0.insert("workflow.rules".to_owned(), rules);
        }
        if self.retention != Retention::default() {
            let policies = self.retention.recorded();
            details.0.insert("audit.retention".to_owned(), policies);
        }
        if self.policies != Policies::default() {
            let policies = self.policies.recorded();
            details.0.insert("approval.policies".to_owned(), policies);
        }
        details
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Scope;

    /// Every role, permission and scope, and what each action takes: what changes here changes who may do what.
    #[test]
    fn matrix() {
        use std::fmt::Write as _;
        let rules = Rules::default();
        let mut text = String::new();
        for role in rules.roles() {
            for permission in Permission::ALL {
                let scopes: Vec<_> = Scope::holding(*permission)
                    .iter()
                    .map(|scope| scope.as_str())
                    .collect();
                let verdict = if role.permissions.contains(permission) {
                    format!("session; key with scope {}", scopes.join(" or "))
                } else {
                    "no".to_owned()
                };
                writeln!(
                    text,
                    "{:<11}{:<19}{verdict}",
                    role.name.as_str(),
                    permission.as_str()
                )
                .unwrap();
            }
        }
        text.push('\n');
        for action in crate::action::ALL {
            let words = action.demand.words();
            let agents = if action.demand.agents() {
                "; agents too"
            } else {
                ""
            };
            writeln!(text, "{:<30}{words}{agents}", action.name).unwrap();
        }
        let golden = include_str!("../../tests/matrix.txt");
        assert!(text == golden, "the matrix is now:\n{text}");
    }

    #[test]
    fn own_roles_are_added_and_built_in_ones_kept() {
        let mut rules = Rules::default();
        let trader = Role::parse("trader").unwrap();
        assert!(rules.permissions(&trader).is_empty());
        let twice = vec![
            Permission::AuditWrite,
            Permission::AuditRead,
            Permission::AuditRead,
        ];
        rules
            .define(trader.clone(), "Trades".into(), twice.clone())
            .unwrap();
        assert_eq!(
            rules.permissions(&trader),
            [Permission::AuditRead, Permission::AuditWrite]
        );
        assert!(rules.holding(Permission::AuditRead).contains(&&trader));
        rules
            .define(trader.clone(), String::new(), twice.clone())
            .unwrap_err();
        rules.define(Role::ADMIN, String::new(), twice).unwrap_err();
        rules.require_second_factor(&Role::ADMIN, true).unwrap();
        rules
            .require_second_factor(&Role::parse("nobody").unwrap(), true)
            .unwrap_err();
        let own = Value::Object(rules.own().0);
        assert_eq!(
            own,
            json!({
                "admin": {"second_factor": true},
                "trader": {"second_factor": false, "permissions": ["audit:read", "audit:write"]},
            })
        );
        assert!(Rules::default().own().0.is_empty());
    }

    #[test]
    fn own_rules_of_custody_are_recorded_and_the_usual_ones_are_not() {
        let mut rules = Rules::default();
        rules.custody.cooling_off_s = 3_600;
        let own = Value::Object(rules.own().0);
        assert_eq!(own["custody.rules"]["cooling_off_s"], 3_600);
        assert!(Role::parse("custody.rules").is_none());
        rules.custody = CustodyRules::default();
        assert!(rules.own().0.is_empty());
    }
}
