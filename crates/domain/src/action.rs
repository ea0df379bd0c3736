//! Actions: every verb that a command may have, and what it takes to carry it out.
//!
//! Commands are named `noun.verb`. Events of authentication and of refused access have the words of the OWASP
//! Logging Vocabulary (<https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html>).

use crate::code::{Codes, refusals};
use crate::governance::agent;
use crate::identity::Permission::{
    self, AgentsOwn, AgentsWrite, ApiKeysOwn, ApiKeysWrite, ApprovalsRequest, AuditErase, AuditHold,
    AuditWrite, CustodyApprove, CustodyConfigure, CustodyOwn, CustodyWrite, GovernanceApprove, KycOwn,
    KycReview, KycWrite, LogRestore, OperateRun, SessionsWrite, UsersErase, UsersWrite, WorkflowsOwn,
    WorkflowsWrite,
};

/// What it takes to carry out a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// This permission.
    Permission(Permission),
    /// The first permission where it is about something of one's own, else the second.
    OwnOr(Permission, Permission),
    /// A session where it is about something of one's own, else this permission.
    OwnSessionOr(Permission),
    /// The first permission where it is about custody, else the second; always a session.
    Vote(Permission, Permission),
    /// A session, whatever it must do first: it is about the caller's own account.
    Session,
    /// A session that need not change its password first: it is about the caller's own second factor.
    SecondFactor,
    /// No caller: the credentials are in the command.
    Credentials,
    /// Probity itself.
    System,
}

/// A verb.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name in entries.
    pub name: &'static str,
    /// The name of an entry about a refusal of it.
    pub refused: &'static str,
    /// What is done, in words that begin with the verb; `#` is the id of what it is done to.
    pub words: &'static str,
    /// What it takes.
    pub demand: Demand,
}

macro_rules! actions {
    ($($name:ident = $word:literal $(or $refused:literal)? => $words:literal, $demand:expr;)*) => {
        $(
            #[doc = concat!("`", $word, "`")]
            pub static $name: Action = Action {
                name: $word,
                refused: actions!(@refused $word $($refused)?),
                words: $words,
                demand: $demand,
            };
        )*
        /// Every action.
        pub static ALL: &[&Action] = &[$(&$name),*];
    };
    (@refused $word:literal) => { $word };
    (@refused $word:literal $refused:literal) => { $refused };
}

actions! {
    AUDIT_APPEND = "audit.append" => "append an entry", Demand::Permission(AuditWrite);
    AUDIT_ERASE = "audit.erase" => "erase the details of entries", Demand::Permission(AuditErase);
    AUDIT_PRUNE = "audit.prune" => "prune the details of entries", Demand::System;
    LEGAL_HOLD_CREATE = "legal_hold.create" => "set legal hold #", Demand::Permission(AuditHold);
    LEGAL_HOLD_RELEASE = "legal_hold.release" => "release legal hold #", Demand::Permission(AuditHold);
    LOG_ACKNOWLEDGE_RESTORE = "log.acknowledge_restore" => "acknowledge that the log was restored", Demand::Permission(LogRestore);
    LOG_EXPORT_KEY = "log.export_key" => "export the log's signing key", Demand::Permission(LogRestore);
    JOB_RUN = "job.run" => "ask for a run of job #", Demand::Permission(OperateRun);
    JOB_RECORD = "job.record" => "record a run of job #", Demand::System;
    USER_CREATE = "user.create" => "create user #", Demand::Permission(UsersWrite);
    USER_IMPORT = "user.import" => "import user #", Demand::Permission(UsersWrite);
    USER_INVITE = "user.invite" => "invite user #", Demand::Permission(UsersWrite);
    USER_UPDATE = "user.update" => "change user #", Demand::Permission(UsersWrite);
    USER_SET_ROLE = "user.set_role" => "set the role of user #", Demand::Permission(UsersWrite);
    USER_DISABLE = "user.disable" => "disable user #", Demand::Permission(UsersWrite);
    USER_ENABLE = "user.enable" => "enable user #", Demand::Permission(UsersWrite);
    USER_RESET_PASSWORD = "user.reset_password" => "reset the password of user #", Demand::Permission(UsersWrite);
    USER_RECOVER = "user.recover" => "recover the account of user #", Demand::Permission(UsersWrite);
    USER_ERASE = "user.erase" => "erase user #", Demand::Permission(UsersErase);
    INVITATION_ACCEPT = "invitation.accept" => "accept an invitation", Demand::Credentials;
    LOGIN = "authn_login_success" or "authn_login_fail" => "sign in", Demand::Credentials;
    PASSWORD_CHANGE = "authn_password_change" or "authn_password_change_fail" => "change the password", Demand::Session;
    SESSION_RENEW = "session_renewed" => "renew session #", Demand::Session;
    SESSION_END = "session_expired" => "end session #", Demand::OwnSessionOr(SessionsWrite);
    SECOND_FACTOR_ENROL = "second_factor.enrol" => "begin to set up a second factor", Demand::SecondFactor;
    SECOND_FACTOR_CONFIRM = "second_factor.confirm" => "set up a second factor", Demand::SecondFactor;
    SECOND_FACTOR_REMOVE = "second_factor.remove" => "remove a second factor", Demand::SecondFactor;
    SECOND_FACTOR_RECOVERY_CODES = "second_factor.recovery_codes" => "make new recovery codes", Demand::SecondFactor;
    SECOND_FACTOR_RESET = "second_factor.reset" => "reset the second factor of user #", Demand::Permission(UsersWrite);
    API_KEY_CREATE = "api_key.create" => "make API key #", Demand::OwnOr(ApiKeysOwn, ApiKeysWrite);
    API_KEY_ROTATE = "api_key.rotate" => "rotate API key #", Demand::OwnOr(ApiKeysOwn, ApiKeysWrite);
    API_KEY_REVOKE = "api_key.revoke" => "revoke API key #", Demand::OwnOr(ApiKeysOwn, ApiKeysWrite);
    SECURITY_EVENT = "security_event" => "record a security event", Demand::System;
    ASSET_CREATE = "asset.create" => "create asset #", Demand::Permission(CustodyConfigure);
    BALANCE_CONFIGURE = "balance.configure" => "configure balance #", Demand::Permission(CustodyConfigure);
    OPERATION_CREATE = "operation.create" => "make operation #", Demand::OwnOr(CustodyOwn, CustodyWrite);
    OPERATION_CAPTURE = "operation.capture" => "capture operation #", Demand::OwnOr(CustodyOwn, CustodyWrite);
    OPERATION_RELEASE = "operation.release" => "release operation #", Demand::OwnOr(CustodyOwn, CustodyWrite);
    OPERATION_CANCEL = "operation.cancel" => "cancel operation #", Demand::OwnOr(CustodyOwn, CustodyWrite);
    OPERATION_REPORT = "operation.report" => "report on operation #", Demand::Permission(CustodyWrite);
    OPERATION_START = "operation.start" => "start operation #", Demand::Permission(CustodyWrite);
    OPERATION_COMPLETE = "operation.complete" => "complete operation #", Demand::Permission(CustodyWrite);
    OPERATION_FAIL = "operation.fail" => "say that operation # failed", Demand::Permission(CustodyWrite);
    OPERATION_MARK_UNKNOWN = "operation.mark_unknown" => "say that it is not known what became of operation #", Demand::Permission(CustodyWrite);
    OPERATION_RESOLVE = "operation.resolve" => "resolve operation #", Demand::Permission(CustodyWrite);
    OPERATION_EXPIRE = "operation.expire" => "find operation # expired", Demand::System;
    SUMS_KEEP = "sums.keep" => "begin to keep sums", Demand::System;
    KYC_SUBMIT = "kyc.submit" => "submit KYC record #", Demand::OwnOr(KycOwn, KycWrite);
    KYC_CHECK_DOCUMENT = "kyc.check_document" => "check a document of KYC record #", Demand::Permission(KycReview);
    KYC_APPROVE = "kyc.approve" => "approve KYC record #", Demand::Permission(KycReview);
    KYC_REJECT = "kyc.reject" => "reject KYC record #", Demand::Permission(KycReview);
    KYC_REVOKE = "kyc.revoke" => "revoke KYC record #", Demand::Permission(KycReview);
    KYC_EXPIRE = "kyc.expire" => "find KYC record # expired", Demand::System;
    DESTINATION_ADD = "destination.add" => "add destination #", Demand::OwnOr(CustodyOwn, CustodyWrite);
    DESTINATION_REMOVE = "destination.remove" => "remove destination #", Demand::OwnOr(CustodyOwn, CustodyWrite);
    AGENT_CREATE = "agent.create" => "create agent #", Demand::OwnOr(AgentsOwn, AgentsWrite);
    AGENT_UPDATE = "agent.update" => "change agent #", Demand::OwnOr(AgentsOwn, AgentsWrite);
    AGENT_DISABLE = "agent.disable" => "disable agent #", Demand::OwnOr(AgentsOwn, AgentsWrite);
    AGENT_ENABLE = "agent.enable" => "enable agent #", Demand::Permission(AgentsWrite);
    CONVERSATION_CREATE = "conversation.create" => "begin conversation #", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    CONVERSATION_UPDATE = "conversation.update" => "change conversation #", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    CONVERSATION_END = "conversation.end" => "end conversation #", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    EXECUTION_START = "execution.start" => "start execution #", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    EXECUTION_COMPLETE = "execution.complete" => "complete execution #", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    EXECUTION_FAIL = "execution.fail" => "say that execution # failed", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    EXECUTION_CANCEL = "execution.cancel" => "cancel execution #", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    EXECUTION_RECORD = "execution.record" => "record steps of execution #", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    EXECUTION_OBSERVE = "execution.observe" => "record spans of the trace of execution #", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    EXECUTION_EXPIRE = "execution.expire" => "find the lease of execution # lapsed", Demand::System;
    METRIC_RECORD = "metric.record" => "record metrics", Demand::OwnOr(WorkflowsOwn, WorkflowsWrite);
    APPROVAL_REQUEST = "approval.request" => "ask for approval #", Demand::Permission(ApprovalsRequest);
    APPROVAL_VOTE = "approval.vote" => "vote on approval #", Demand::Vote(CustodyApprove, GovernanceApprove);
    APPROVAL_WITHDRAW = "approval.withdraw" => "withdraw approval #", Demand::Permission(ApprovalsRequest);
    APPROVAL_USE = "approval.use" => "use approval #", Demand::Permission(ApprovalsRequest);
    APPROVAL_EXPIRE = "approval.expire" => "find approval # expired", Demand::System;
    APPROVAL_OUTCOME = "approval.outcome" => "report what came of approval #", Demand::Permission(ApprovalsRequest);
    APPROVAL_SALT = "approval.salt" => "salt the digest of approval #", Demand::System;
}

/// What a credential can be refused with, whatever is asked for.
static CREDENTIAL: Codes = refusals! {
    CALLING_KEY_REVOKED, CALLING_KEY_EXPIRED, CALLING_AGENT_DISABLED, SESSION_ENDED, SESSION_EXPIRED,
    CALLING_USER_DISABLED,
    PERMISSION_MISSING, SCOPE_MISSING, SESSION_NEEDED, PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_REQUIRED,
};

/// What is refused to whoever is not Probity itself.
static INTERNAL: Codes = refusals! { INTERNAL_COMMAND };

impl Demand {
    /// What it refuses.
    pub(crate) fn refusals(self) -> Codes {
        match self {
            Demand::Credentials | Demand::System => INTERNAL,
            _ => CREDENTIAL,
        }
    }

    /// The permission to name in a refusal: what someone without it would ask for.
    pub fn permission(self) -> Option<Permission> {
        match self {
            Demand::Permission(permission)
            | Demand::OwnOr(permission, _)
            | Demand::Vote(permission, _)
            | Demand::OwnSessionOr(permission) => Some(permission),
            Demand::Session | Demand::SecondFactor | Demand::Credentials | Demand::System => None,
        }
    }

    /// Whether this permission is one of those that it takes.
    pub fn allows_with(self, permission: Permission) -> bool {
        match self {
            Demand::Permission(only) | Demand::OwnSessionOr(only) => only == permission,
            Demand::OwnOr(first, second) | Demand::Vote(first, second) => {
                first == permission || second == permission
            }
            Demand::Session | Demand::SecondFactor | Demand::Credentials | Demand::System => false,
        }
    }

    /// Whether a key of an agent may ever be enough, whatever its owner may do.
    pub fn agents(self) -> bool {
        let mut left = agent::SCOPES.iter().flat_map(|scope| scope.permissions());
        // No agent has a session, and none votes, whatever its scopes.
        !matches!(self, Demand::Vote(..)) && left.any(|permission| self.allows_with(*permission))
    }

    /// In words, for the matrix and the documentation.
    pub fn words(self) -> String {
        match self {
            Demand::Permission(permission) => permission.as_str().to_owned(),
            Demand::OwnOr(own, all) => {
                format!("{} for one's own, {} for all", own.as_str(), all.as_str())
            }
            Demand::Vote(custody, other) => format!(
                "a session with {} about custody, with {} otherwise",
                custody.as_str(),
                other.as_str()
            ),
            Demand::OwnSessionOr(all) => format!("a session for one's own, {} for all", all.as_str()),
            Demand::Session | Demand::SecondFactor => "a session, for oneself".to_owned(),
            Demand::Credentials => "the credentials that it brings".to_owned(),
            Demand::System => "Probity itself".to_owned(),
        }
    }
}
