//! Permissions, roles and scopes: the whole table of who may do what.

/// One thing that a caller may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Read entries, receipts, proofs and the activity feed.
    AuditRead,
    /// Record events.
    AuditWrite,
    /// Erase the payload of entries.
    AuditErase,
    /// Acknowledge a restore of an older state of the log.
    LogRestore,
    /// Read users.
    UsersRead,
    /// Create and change users.
    UsersWrite,
    /// Read API keys (never their secret).
    ApiKeysRead,
    /// Create and revoke API keys.
    ApiKeysWrite,
}

use Permission::{
    ApiKeysRead, ApiKeysWrite, AuditErase, AuditRead, AuditWrite, LogRestore, UsersRead, UsersWrite,
};

impl Permission {
    /// All permissions.
    pub const ALL: [Permission; 8] = [
        AuditRead,
        AuditWrite,
        AuditErase,
        LogRestore,
        UsersRead,
        UsersWrite,
        ApiKeysRead,
        ApiKeysWrite,
    ];

    /// The name, `noun:verb`.
    pub fn as_str(self) -> &'static str {
        match self {
            AuditRead => "audit:read",
            AuditWrite => "audit:write",
            AuditErase => "audit:erase",
            LogRestore => "log:restore",
            UsersRead => "users:read",
            UsersWrite => "users:write",
            ApiKeysRead => "api_keys:read",
            ApiKeysWrite => "api_keys:write",
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }
        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// The word in JSON, SQL and configuration.
            pub fn as_str(self) -> &'static str { match self { $($name::$variant => $word),* } }
            /// What `word` names.
            pub fn parse(word: &str) -> Option<$name> { match word { $($word => Some($name::$variant),)* _ => None } }
        }
    };
}

words! {
    /// What a user is.
    Role {
        /// Everything.
        Admin = "admin",
        /// Runs the service.
        Sre = "sre",
        /// Builds on it.
        Developer = "developer",
        /// Investigates.
        Analyst = "analyst",
        /// Decides on compliance.
        Compliance = "compliance",
        /// Checks.
        Auditor = "auditor",
        /// Uses the application.
        User = "user",
        /// Looks.
        Viewer = "viewer",
    }
}

words! {
    /// What an API key is for; narrows its owner's role.
    Scope {
        /// Reading.
        Read = "read",
        /// Recording and changing.
        Write = "write",
        /// Everything that the owner's role allows.
        Admin = "admin",
        /// AI governance.
        Governance = "governance",
        /// Workflow executions.
        Workflows = "workflows",
        /// Custody.
        Custody = "custody",
    }
}

impl Role {
    /// What the role allows.
    pub fn permissions(self) -> &'static [Permission] {
        match self {
            Role::Admin => &Permission::ALL,
            Role::Sre => &[AuditRead, AuditWrite, LogRestore, UsersRead, ApiKeysRead],
            Role::Developer => &[AuditRead, AuditWrite],
            Role::Analyst | Role::Viewer => &[AuditRead],
            Role::Compliance => &[AuditRead, AuditWrite, AuditErase, UsersRead],
            Role::Auditor => &[AuditRead, UsersRead, ApiKeysRead],
            Role::User => &[AuditWrite],
        }
    }

    /// The roles that hold `permission`.
    pub fn holding(permission: Permission) -> Vec<Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(|role| role.permissions().contains(&permission))
            .collect()
    }
}

impl Scope {
    /// What the scope leaves of its owner's role.
    pub fn permissions(self) -> &'static [Permission] {
        match self {
            Scope::Read => &[AuditRead, UsersRead, ApiKeysRead],
            Scope::Write => &[AuditWrite],
            Scope::Admin => &Permission::ALL,
            // Their areas have no permissions yet.
            Scope::Governance | Scope::Workflows | Scope::Custody => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
        }
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(*scope));
        }
        assert_eq!(Role::parse("root"), None);
    }

    #[test]
    fn matrix() {
        let rows: Vec<String> = Permission::ALL
            .iter()
            .map(|permission| {
                let roles: Vec<_> = Role::holding(*permission)
                    .iter()
                    .map(|role| role.as_str())
                    .collect();
                format!("{}: {}", permission.as_str(), roles.join(" "))
            })
            .collect();
        assert_eq!(
            rows,
            [
                "audit:read: admin sre developer analyst compliance auditor viewer",
                "audit:write: admin sre developer compliance user",
                "audit:erase: admin compliance",
                "log:restore: admin sre",
                "users:read: admin sre compliance auditor",
                "users:write: admin",
                "api_keys:read: admin sre auditor",
                "api_keys:write: admin",
            ]
        );
    }
}
