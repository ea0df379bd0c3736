//! Permissions, roles and scopes: the whole table of who may do what.
//!
//! What each role and scope holds is in [`BUILT_IN`] and [`Scope::permissions`]; roles of an installation's own
//! come from its configuration, see [`super::rules::Rules`]. To add a permission: add it to the list below and to the
//! roles and scopes that hold it; the golden matrix in `tests/matrix.txt` shows what that changed.

use std::borrow::Cow;
use std::fmt;

use crate::record::{Field, Kind, Val};
use crate::words;

words! {
    /// One thing that a caller may be allowed to do.
    Permission {
        /// Read entries, receipts, proofs, metrics and the activity feed.
        AuditRead = "audit:read",
        /// Record events.
        AuditWrite = "audit:write",
        /// Erase the payload of entries.
        AuditErase = "audit:erase",
        /// Set legal holds, and release those of others.
        AuditHold = "audit:hold",
        /// Acknowledge a restore of an older state of the log.
        LogRestore = "log:restore",
        /// Read metrics, and nothing else.
        MetricsRead = "metrics:read",
        /// Read how the service stands: its state, its jobs and its backups.
        OperateRead = "operate:read",
        /// Ask for a run of a job.
        OperateRun = "operate:run",
        /// Read users.
        UsersRead = "users:read",
        /// Create, invite, change, disable and enable users, set their role, reset their credentials.
        UsersWrite = "users:write",
        /// Erase the personal data of a user.
        UsersErase = "users:erase",
        /// Read the sessions of all users.
        SessionsRead = "sessions:read",
        /// End the sessions of all users.
        SessionsWrite = "sessions:write",
        /// Read all API keys (never their secret).
        ApiKeysRead = "api_keys:read",
        /// Create, rotate, read and revoke API keys of one's own.
        ApiKeysOwn = "api_keys:own",
        /// Create, rotate and revoke API keys of all users.
        ApiKeysWrite = "api_keys:write",
        /// Read all agents.
        AgentsRead = "agents:read",
        /// Make agents of one's own, change and disable them.
        AgentsOwn = "agents:own",
        /// Make agents for all users, change, disable and enable them.
        AgentsWrite = "agents:write",
        /// Read assets, balances, operations and destinations of all users.
        CustodyRead = "custody:read",
        /// Read one's own balances and operations, transfer and withdraw from them, keep one's own destinations.
        CustodyOwn = "custody:own",
        /// Make operations for all users and house accounts, carry them on, keep destinations.
        CustodyWrite = "custody:write",
        /// Make assets, set the limits of balances, close and open them.
        CustodyConfigure = "custody:configure",
        /// Vote on approvals about custody.
        CustodyApprove = "custody:approve",
        /// Read KYC records and documents of all users.
        KycRead = "kyc:read",
        /// Submit and read one's own KYC records.
        KycOwn = "kyc:own",
        /// Submit KYC records for all users.
        KycWrite = "kyc:write",
        /// Check documents; approve, reject and revoke KYC records that someone else submitted.
        KycReview = "kyc:review",
        /// Read approvals and their votes.
        ApprovalsRead = "approvals:read",
        /// Request approvals, withdraw one's own, and use what was granted.
        ApprovalsRequest = "approvals:request",
        /// Vote on approvals about everything but custody.
        GovernanceApprove = "governance:approve",
        /// Read conversations and executions of all users.
        WorkflowsRead = "workflows:read",
        /// Keep and read one's own conversations and executions.
        WorkflowsOwn = "workflows:own",
        /// Keep conversations and executions of all users.
        WorkflowsWrite = "workflows:write",
    }
}

use Permission::{
    AgentsOwn, AgentsRead, AgentsWrite, ApiKeysOwn, ApiKeysRead, ApprovalsRead, ApprovalsRequest, AuditErase,
    AuditHold, AuditRead, AuditWrite, CustodyApprove, CustodyConfigure, CustodyOwn, CustodyRead,
    CustodyWrite, GovernanceApprove, KycOwn, KycRead, KycReview, KycWrite, LogRestore, MetricsRead,
    OperateRead, OperateRun, SessionsRead, SessionsWrite, UsersErase, UsersRead, WorkflowsOwn, WorkflowsRead,
    WorkflowsWrite,
};

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

impl Scope {
    /// What the scope leaves of its owner's role.
    pub fn permissions(self) -> &'static [Permission] {
        match self {
            Scope::Read => &[
                AuditRead,
                MetricsRead,
                OperateRead,
                UsersRead,
                SessionsRead,
                ApiKeysRead,
                AgentsRead,
                CustodyRead,
                KycRead,
                ApprovalsRead,
                WorkflowsRead,
            ],
            Scope::Write => &[AuditWrite],
            Scope::Admin => Permission::ALL,
            Scope::Governance => &[AgentsRead, ApprovalsRead, ApprovalsRequest, WorkflowsRead],
            Scope::Workflows => &[AgentsRead, WorkflowsRead, WorkflowsOwn, WorkflowsWrite],
            Scope::Custody => &[
                CustodyRead,
                CustodyOwn,
                CustodyWrite,
                CustodyConfigure,
                KycRead,
                KycOwn,
                KycWrite,
                ApprovalsRead,
                ApprovalsRequest,
            ],
        }
    }

    /// The scopes that leave `permission`.
    pub fn holding(permission: Permission) -> Vec<Scope> {
        let all = Scope::ALL.iter().copied();
        all.filter(|scope| scope.permissions().contains(&permission))
            .collect()
    }
}

/// Longest name of a role, in characters.
pub const ROLE_LEN_MAX: usize = 32;

/// The name of a role: 1 to 32 of `a-z`, `0-9`, `_`, `-`, a letter first.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Role(Cow<'static, str>);

impl Role {
    /// The role of this name, whether defined or not; `None` unless the name is well formed.
    pub fn parse(word: &str) -> Option<Role> {
        if let Some(built_in) = BUILT_IN.iter().find(|role| role.name.as_str() == word) {
            return Some(built_in.name.clone());
        }
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_' || c == b'-';
        let well_formed = word.len() <= ROLE_LEN_MAX
            && word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(allowed);
        well_formed.then(|| Role(Cow::Owned(word.to_owned())))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Field for Role {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        self.as_str().into()
    }

    fn of_val(value: Val) -> Result<Role, String> {
        let word = String::of_val(value)?;
        Role::parse(&word).ok_or_else(|| format!("{word:?} is not a role"))
    }
}

/// Scopes as one text, separated by spaces.
impl Field for Vec<Scope> {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        let words: Vec<_> = self.iter().map(|scope| scope.as_str()).collect();
        words.join(" ").into()
    }

    fn of_val(value: Val) -> Result<Vec<Scope>, String> {
        let words = String::of_val(value)?;
        let scopes: Option<_> = words.split(' ').map(Scope::parse).collect();
        scopes.ok_or_else(|| format!("{words:?} names an unknown scope"))
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Role({})", self.0)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role that every installation has.
#[derive(Debug)]
pub struct BuiltIn {
    /// Its name.
    pub name: Role,
    /// What it is for.
    pub description: &'static str,
    /// What it may do.
    pub permissions: &'static [Permission],
}

/// Makes the roles that every installation has.
macro_rules! roles {
    ($($(#[$about:meta])* $name:ident = $word:literal, $description:literal: $permissions:expr;)*) => {
        impl Role {
            $($(#[$about])* pub const $name: Role = Role(Cow::Borrowed($word));)*
        }

        /// The roles that every installation has.
        pub static BUILT_IN: &[BuiltIn] = &[$(BuiltIn {
            name: Role::$name,
            description: $description,
            permissions: $permissions,
        }),*];
    };
}

roles! {
    /// Everything.
    ADMIN = "admin", "Everything": Permission::ALL;
    /// Runs the service.
    SRE = "sre", "Runs the service": &[
        CustodyRead, ApprovalsRead, AuditRead, AuditWrite, LogRestore, MetricsRead, OperateRead, OperateRun, UsersRead,
        SessionsRead, SessionsWrite, ApiKeysRead, ApiKeysOwn, AgentsRead, AgentsWrite, WorkflowsRead,
        WorkflowsWrite,
    ];
    /// Builds on it.
    DEVELOPER = "developer", "Builds on the service": &[
        CustodyRead, ApprovalsRead, ApprovalsRequest, AuditRead, AuditWrite, ApiKeysOwn, AgentsRead, AgentsOwn,
        WorkflowsRead, WorkflowsOwn,
    ];
    /// An application of one's own. It reads what it writes of custody and KYC, but not the log, where everybody else's
    /// doings are.
    SERVICE = "service", "Is an application": &[
        CustodyRead, CustodyWrite, KycRead, KycWrite, ApprovalsRequest, AuditWrite, AgentsRead, WorkflowsRead,
        WorkflowsWrite,
    ];
    /// Investigates.
    ANALYST = "analyst", "Investigates": &[
        CustodyRead, ApprovalsRead, AuditRead, ApiKeysOwn, AgentsRead, AgentsOwn, WorkflowsRead, WorkflowsOwn,
    ];
    /// Decides on compliance.
    COMPLIANCE = "compliance", "Decides on compliance": &[
        CustodyRead, CustodyApprove, GovernanceApprove, KycRead, KycReview, ApprovalsRead, AuditRead, AuditWrite,
        AuditErase, AuditHold, UsersRead, UsersErase, SessionsRead, ApiKeysOwn, AgentsRead,
        WorkflowsRead,
    ];
    /// Checks.
    AUDITOR = "auditor", "Checks": &[
        CustodyRead, KycRead, ApprovalsRead, AuditRead, AuditHold, OperateRead, UsersRead, SessionsRead, ApiKeysRead, ApiKeysOwn,
        AgentsRead, WorkflowsRead,
    ];
    /// Uses the application.
    USER = "user", "Uses the application": &[
        CustodyOwn, KycOwn, ApprovalsRequest, AuditWrite, ApiKeysOwn, WorkflowsOwn,
    ];
    /// Looks.
    VIEWER = "viewer", "Looks": &[AuditRead, AgentsRead, WorkflowsRead];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for role in BUILT_IN {
            assert_eq!(Role::parse(role.name.as_str()).as_ref(), Some(&role.name));
        }
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(*scope));
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
            assert!(permission.description().ends_with('.'));
        }
        assert_eq!(Scope::parse("root"), None);
    }

    #[test]
    fn names_of_roles() {
        let longest = "a".repeat(ROLE_LEN_MAX);
        for name in ["trader", "a", "desk-2_b", &longest] {
            assert_eq!(Role::parse(name).unwrap().as_str(), name);
        }
        let too_long = format!("{longest}a");
        for name in ["", "Trader", "2desk", "-a", "a b", "é", "a:b", &too_long] {
            assert_eq!(Role::parse(name), None, "{name}");
        }
    }
}
