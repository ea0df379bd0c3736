//! Roles, and the permissions that they are made of. They come from the program and its settings: no row stands behind
//! them.

use domain::action;
use domain::identity::rules::RoleRule;
use domain::identity::{Permission, Rules, Scope};
use schemars::JsonSchema;
use serde::Serialize;

use crate::noun::Shown;
use crate::viewer::Viewer;

/// A role.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct RoleView {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// Whether its users must log in with a second factor.
    pub second_factor: bool,
    /// Whether every installation has it.
    pub built_in: bool,
}

/// Every role.
#[derive(Serialize, JsonSchema)]
pub struct Roles {
    /// The built-in ones first.
    pub roles: Vec<RoleView>,
}

impl Roles {
    /// Shows all.
    pub fn of(rules: &Rules) -> Roles {
        let view = |rule: &RoleRule| RoleView {
            name: rule.name.to_string(),
            description: rule.description.clone(),
            permissions: rule.permissions.clone(),
            second_factor: rule.second_factor,
            built_in: rule.built_in,
        };
        Roles {
            roles: rules.roles().iter().map(view).collect(),
        }
    }
}

impl Shown for Roles {
    fn example() -> Roles {
        let mut roles = Roles::of(&Rules::default());
        roles.roles.retain(|role| role.name == "viewer");
        roles
    }
}

/// A permission.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct PermissionView {
    /// Its name.
    pub name: Permission,
    /// What it is to hold it.
    pub description: &'static str,
    /// Names of the entries about what it allows; reads have none.
    pub actions: Vec<&'static str>,
    /// Roles that hold it.
    pub roles: Vec<String>,
    /// Scopes of API keys that leave it.
    pub scopes: Vec<Scope>,
    /// Whether the caller has it now.
    pub held: bool,
}

impl PermissionView {
    /// Shows a permission.
    pub fn of(permission: Permission, rules: &Rules, viewer: Viewer<'_>) -> PermissionView {
        let actions = action::ALL.iter();
        let actions = actions.filter(|action| action.demand.allows_with(permission));
        PermissionView {
            name: permission,
            description: permission.description(),
            actions: actions.map(|action| action.name).collect(),
            roles: rules
                .holding(permission)
                .into_iter()
                .map(ToString::to_string)
                .collect(),
            scopes: Scope::holding(permission),
            held: viewer.holds(permission),
        }
    }
}

/// Every permission.
#[derive(Serialize, JsonSchema)]
pub struct Permissions {
    /// All there are.
    pub permissions: Vec<PermissionView>,
}

impl Permissions {
    /// Shows all.
    pub fn of(rules: &Rules, viewer: Viewer<'_>) -> Permissions {
        let view = |permission: &Permission| PermissionView::of(*permission, rules, viewer);
        Permissions {
            permissions: Permission::ALL.iter().map(view).collect(),
        }
    }
}

impl Shown for Permissions {
    fn example() -> Permissions {
        let view = PermissionView::of(Permission::AuditWrite, &Rules::default(), Viewer::OPERATOR);
        Permissions {
            permissions: vec![view],
        }
    }
}
