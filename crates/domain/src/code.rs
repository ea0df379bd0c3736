//! Codes of refusals, each once: what sort it is, what it means, and what can be done about it on the command line.
//! The documentation of the API, the tables of `docs/custody.md` and the command line's hints are made from this list.

use std::fmt;

use crate::refusal::{FieldError, Refusal, RefusalKind};

/// The code of a refusal.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable, in snake case.
    pub name: &'static str,
    /// What sort of refusal: it gives the status over HTTP.
    pub kind: RefusalKind,
    /// What it means, without a capital and a full stop.
    pub meaning: &'static str,
    /// What to do about it on the command line; empty where the sort of refusal says enough.
    pub hint: &'static str,
}

/// Codes, in an order that means something.
pub type Codes = &'static [&'static Code];

/// Some codes by their names.
macro_rules! refusals {
    ($($name:ident),* $(,)?) => { &[$(&$crate::code::$name),*] };
}
pub(crate) use refusals;

impl Code {
    /// The status over HTTP.
    pub const fn status(&self) -> u16 {
        self.kind.status()
    }

    /// A refusal for this reason.
    pub fn because(&self, message: impl Into<String>) -> Refusal {
        Refusal::new(self.kind, self.name, message)
    }

    /// The refusal of what is not there: `what` with its name or id.
    pub fn absent(&self, what: impl fmt::Display, field: &str) -> Refusal {
        self.because(format!("there is no {what}")).field(field)
    }
}

/// The code of this name; of a name that stands for two sorts, the first one.
pub fn find(name: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.name == name)
}

macro_rules! codes {
    ($($name:ident = $kind:ident $code:literal, $meaning:literal $(, hint $hint:expr)?;)*) => {
        $(
            #[doc = concat!("`", $code, "`: ", $meaning)]
            pub static $name: Code = Code {
                name: $code,
                kind: RefusalKind::$kind,
                meaning: $meaning,
                hint: codes!(@hint $($hint)?),
            };
        )*

        /// Every code.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
    (@hint) => { "" };
    (@hint $hint:expr) => { $hint };
}

const WHO_MAY: &str = "see who may: probity role explain PERMISSION";
const USERS: &str = "see who is there: probity user list";
const KEYS: &str = "see what is there: probity key list";
const NEW_KEY: &str = "make a new one: probity key create";
const ASSETS: &str = "see what there is: probity asset list";
const BALANCE: &str = "see how it stands: probity balance show ACCOUNT --asset CODE";
const OPERATIONS: &str = "see what there is: probity operation list";
const NO_STEP: &str = "look at it first: as it stands, it does not have this step";
const DESTINATIONS: &str = "see what there is: probity destination list --user NAME";
const KYC: &str = "see how it stands: probity kyc list --user NAME";
const APPROVAL: &str = "see how it stands: probity approval show ID";
const CONVERSATIONS: &str = "see what there is: probity conversation list";
const AGENTS: &str = "see what there is: probity agent list";
const STEPS: &str = "see what there is: probity step list --execution ID";
const EXECUTIONS: &str = "see what there is: probity workflow list";
const EXECUTION: &str = "see how it stands: probity workflow show ID";
const METRICS: &str = "see what there is: probity metric list";
const SOMEONE_ELSE: &str = "let someone else decide: --as NAME";

codes! {
    // Whatever is asked for.
    INVALID_FIELD = Invalid "invalid_field", "a field is missing, unknown, of the wrong type or out of its bounds";
    ID_CONFLICT = Conflict "id_conflict", "the id is there with other content; `field` says which",
        hint "the same id is for the same thing only: leave --id out for a new one";
    VERSION_MISMATCH = Precondition "version_mismatch", "somebody changed it meanwhile; read it again";
    // Who calls.
    UNKNOWN_CALLING_KEY = Unauthenticated "unknown_api_key", "no such key", hint KEYS;
    CALLING_KEY_REVOKED = Unauthenticated "api_key_revoked", "the key was revoked", hint NEW_KEY;
    CALLING_KEY_EXPIRED = Unauthenticated "api_key_expired", "the key has expired", hint NEW_KEY;
    CALLING_AGENT_DISABLED = Unauthenticated "agent_disabled", "the agent that the key is for is disabled", hint "enable the agent first: probity agent enable NAME";
    UNKNOWN_CALLING_SESSION = Unauthenticated "unknown_session", "no such session", hint "see what is there: probity session list";
    SESSION_ENDED = Unauthenticated "session_ended", "the session has ended";
    SESSION_EXPIRED = Unauthenticated "session_expired", "the session has expired";
    CALLING_USER_DISABLED = Unauthenticated "user_disabled", "the user is disabled", hint "enable the user first: probity user enable NAME";
    MALFORMED_TOKEN = Unauthenticated "malformed_token", "what was given has a typo: its checksum is wrong";
    PERMISSION_MISSING = Forbidden "permission_missing", "the user's role does not hold the permission", hint WHO_MAY;
    SCOPE_MISSING = Forbidden "scope_missing", "the key's scopes do not include the permission", hint WHO_MAY;
    SESSION_NEEDED = Forbidden "session_needed", "it is for a person: log in, and use the session", hint "a person decides this: use --as NAME";
    PASSWORD_CHANGE_REQUIRED = Forbidden "password_change_required", "the password must be changed first";
    SECOND_FACTOR_REQUIRED = Forbidden "second_factor_required", "the role demands a second factor";
    INTERNAL_COMMAND = Forbidden "internal_command", "only Probity itself does this";
    LOCAL_ONLY = Forbidden "local_only", "it is for someone on the server's own machine";
    EXCEEDS_OWN = Forbidden "exceeds_own", "the user's role may do more than you may", hint WHO_MAY;
    // The log.
    TOO_MANY_ENTRIES = Invalid "too_many_entries", "the array is empty or holds more than 1,000";
    UNKNOWN_ENTRY = NotFound "unknown_entry", "there is no such entry";
    ENTRY_OF_OTHERS = Conflict "entry_of_others", "an entry is neither by nor about the user or its keys";
    CONTENT_OF_OTHERS = Conflict "content_of_others", "what is to be erased is not the user's";
    HELD = Conflict "held", "it is under a legal hold, which the message names", hint "see what is held: probity audit hold list";
    RETAINED = Conflict "retained", "it is not past the time for which a policy keeps it, or none is about it",
        hint "see what is past its time: probity audit retention --dry-run";
    UNKNOWN_HOLD = NotFound "unknown_hold", "there is no such legal hold", hint "see what is held: probity audit hold list";
    OWN_HOLD = Forbidden "own_hold", "you set it: someone else releases it", hint SOMEONE_ELSE;
    TOO_MANY_HOLDS = Conflict "too_many_holds", "1,000 legal holds are active, which is the most";
    NO_SUCH_TREE = Invalid "no_such_tree", "the log is not that large";
    // Users.
    UNKNOWN_USER = NotFound "unknown_user", "there is no such user", hint USERS;
    USERNAME_TAKEN = Conflict "username_taken", "another user has this name", hint "choose another name; see who is there: probity user list";
    EMAIL_TAKEN = Conflict "email_taken", "another user has this e-mail address", hint "see whose it is: probity user show ADDRESS";
    USER_DISABLED = Conflict "user_disabled", "the user is disabled", hint "enable the user first: probity user enable NAME";
    USER_ERASED = Conflict "user_erased", "the user was erased", hint "what is erased stays so: make a new user with probity user create";
    LAST_ADMIN = Conflict "last_admin", "it is the last active admin", hint "make another admin first: probity user create NAME --role admin";
    // Ways in.
    INVALID_CREDENTIALS = Unauthenticated "invalid_credentials", "name or password is wrong, or the user is disabled";
    INVALID_INVITATION = Unauthenticated "invalid_invitation", "not known, used, withdrawn or expired";
    SECOND_FACTOR_NEEDED = Unauthenticated "second_factor_needed", "the password is right; send the second factor too";
    INVALID_SECOND_FACTOR = Unauthenticated "invalid_second_factor", "the code is wrong, too old or was used before";
    TOO_MANY_LOGINS = TooMany "too_many_logins", "too many wrong attempts; `Retry-After` says when the next is looked at";
    WRONG_PASSWORD = Forbidden "wrong_password", "the password is not right";
    WRONG_SECOND_FACTOR = Forbidden "invalid_second_factor", "the code is wrong, too old or was used before";
    SECOND_FACTOR_EXISTS = Conflict "second_factor_exists", "there is one already; remove it first";
    NO_SECOND_FACTOR = Conflict "no_second_factor", "there is no second factor";
    NOTHING_TO_CONFIRM = Conflict "nothing_to_confirm", "no second factor waits to be confirmed";
    UNKNOWN_SESSION = NotFound "unknown_session", "there is no such session", hint "see what is there: probity session list";
    UNKNOWN_API_KEY = NotFound "unknown_api_key", "there is no such key", hint KEYS;
    API_KEY_REVOKED = Conflict "api_key_revoked", "the key was revoked", hint NEW_KEY;
    API_KEY_EXPIRED = Conflict "api_key_expired", "the key has expired", hint NEW_KEY;
    API_KEY_ROTATED = Conflict "api_key_rotated", "the key was rotated already", hint "rotate its successor: probity key show ID names it";
    // Assets and balances.
    UNKNOWN_ASSET = NotFound "unknown_asset", "there is no such asset", hint ASSETS;
    CODE_TAKEN = Conflict "code_taken", "another asset has this code", hint ASSETS;
    UNKNOWN_BALANCE = NotFound "unknown_balance", "there is no such balance, or you may not see it", hint "see what there is: probity balance list";
    BELOW_MINIMUM = Conflict "below_minimum", "less is available than the minimum";
    ABOVE_MAXIMUM = Conflict "above_maximum", "a balance would be above its maximum", hint BALANCE;
    FUNDS_HELD = Conflict "funds_held", "pending operations hold some of it";
    // Operations.
    IDEMPOTENCY_KEY_REUSED = Unprocessable "idempotency_key_reused", "the `Idempotency-Key` came with another request before";
    TOO_MANY_OPERATIONS = Invalid "too_many_operations", "the array is empty or holds more than 1,000";
    LINKED_FAILED = Conflict "linked_failed", "of an array: another operation that it is linked with was refused";
    REFUSED_BEFORE = Conflict "refused_before", "the id was refused before, and the answer was erased since";
    OUTPUT_CONFLICT = Conflict "output_conflict", "the output of the transaction was reported before, with other content or by another operation",
        hint "see which: probity operation list --tx-hash HASH";
    UNKNOWN_OPERATION = NotFound "unknown_operation", "there is no such operation, or you may not see it", hint OPERATIONS;
    ALREADY_REVERSED = Conflict "already_reversed", "the operation to be reversed was reversed before";
    NOT_REVERSIBLE = Conflict "not_reversible", "the operation to be reversed moved nothing, or is a reversal";
    REVERSAL_DIFFERS = Conflict "reversal_differs", "the reversal is not the same amount back between the same balances";
    DEBIT_CLOSED = Conflict "debit_closed", "the debit balance is closed", hint BALANCE;
    CREDIT_CLOSED = Conflict "credit_closed", "the credit balance is closed", hint BALANCE;
    LIMIT_UNREADABLE = Conflict "limit_unreadable", "a limit or threshold in the configuration cannot be said in the asset's scale";
    TIER_LIMIT = Conflict "tier_limit", "more than the user's tier allows in the window", hint "see the tier: probity kyc tier NAME";
    INSUFFICIENT_FUNDS = Conflict "insufficient_funds", "less is available above the debit balance's minimum", hint BALANCE;
    AMOUNT_OVERFLOW = Conflict "amount_overflow", "a balance would have more than 38 digits";
    EXCEEDS_HELD = Conflict "exceeds_held", "more is to be captured than is held", hint BALANCE;
    OPERATION_EXPIRED = Conflict "operation_expired", "the operation is past its time and holds nothing any more";
    WRONG_STATUS = Conflict "wrong_status", "its status does not allow this", hint NO_STEP;
    WRONG_KIND = Conflict "wrong_kind", "operations of this kind do not have the step", hint NO_STEP;
    KYC_EXPIRED = Conflict "kyc_expired", "the tier under which it began is no longer good: it is on hold", hint KYC;
    // Destinations.
    UNKNOWN_DESTINATION = NotFound "unknown_destination", "there is no such destination, or you may not see it", hint DESTINATIONS;
    DESTINATION_EXISTS = Conflict "destination_exists", "the address is a destination of the user already", hint DESTINATIONS;
    DESTINATION_COOLING_OFF = Conflict "destination_cooling_off", "the destination is too new", hint DESTINATIONS;
    DESTINATION_REMOVED = Conflict "destination_removed", "the destination of the withdrawal was removed since";
    // KYC.
    UNKNOWN_KYC_RECORD = NotFound "unknown_kyc_record", "there is no such KYC record, or you may not see it", hint KYC;
    UNKNOWN_DOCUMENT = NotFound "unknown_document", "the record has no such document", hint KYC;
    KYC_PENDING = Conflict "kyc_pending", "the user has a pending record already", hint KYC;
    DOCUMENTS_UNVERIFIED = Conflict "documents_unverified", "it has no documents, or not all of them are verified", hint KYC;
    OWN_SUBMISSION = Forbidden "own_submission", "you submitted it: someone else reviews it", hint SOMEONE_ELSE;
    OWN_RECORD = Forbidden "own_record", "it is about yourself: someone else reviews it", hint SOMEONE_ELSE;
    // Conversations.
    UNKNOWN_CONVERSATION = NotFound "unknown_conversation", "there is no such conversation, or you may not see it", hint CONVERSATIONS;
    CONVERSATION_ENDED = Conflict "conversation_ended", "the conversation has ended", hint CONVERSATIONS;
    // Agents.
    UNKNOWN_AGENT = NotFound "unknown_agent", "there is no such agent, or you may not see it", hint AGENTS;
    AGENT_DISABLED = Conflict "agent_disabled", "the agent is disabled", hint "enable the agent first: probity agent enable NAME";
    AGENT_EXISTS = Conflict "agent_exists", "another agent has this name", hint AGENTS;
    // Executions.
    UNKNOWN_JOB = NotFound "unknown_job", "there is no job of this name", hint "see what there is: probity job list";
    UNKNOWN_EXECUTION = NotFound "unknown_execution", "there is no such execution, or you may not see it", hint EXECUTIONS;
    EXECUTION_FINISHED = Conflict "execution_finished", "the execution has ended, by itself or by the clock", hint EXECUTION;
    // Metrics.
    TOO_MANY_METRICS = Invalid "too_many_metrics", "the array is empty or holds more than 1,000";
    UNKNOWN_METRIC = NotFound "unknown_metric", "there is no such metric, or you may not see it", hint METRICS;
    TOO_MANY_STEPS = Invalid "too_many_steps", "a request holds 1 to 1,000 steps";
    EXECUTION_FULL = Conflict "execution_full", "an execution has at most 10,000 steps", hint EXECUTION;
    UNKNOWN_STEP = NotFound "unknown_step", "there is no such step, or you may not see it", hint STEPS;
    // Approvals.
    UNKNOWN_APPROVAL = NotFound "unknown_approval", "there is no such approval, or you may not see it", hint APPROVAL;
    APPROVAL_REQUIRED = Conflict "approval_required", "it needs the approval of others, and none was named",
        hint "ask for one: the same command with --request-approval REASON";
    APPROVAL_NOT_NEEDED = Conflict "approval_not_needed", "an approval was named, and none is needed",
        hint "do it without: the same command without --approval";
    APPROVAL_NOT_OWN = Forbidden "approval_not_own", "the approval was requested by somebody else";
    APPROVAL_DIFFERS = Conflict "approval_differs", "the approval is for another action or other arguments", hint APPROVAL;
    APPROVAL_NOT_GRANTED = Conflict "approval_not_granted", "the approval is not granted: pending, rejected, withdrawn, used or expired", hint APPROVAL;
    APPROVAL_QUORUM = Conflict "approval_quorum", "the approval was granted by fewer people than the rule demands", hint APPROVAL;
    APPROVAL_DECIDED = Conflict "approval_decided", "it is decided already", hint APPROVAL;
    APPROVAL_EXPIRED = Conflict "approval_expired", "its time has passed", hint APPROVAL;
    APPROVAL_INTERNAL = Conflict "approval_internal", "the command itself uses such an approval";
    APPROVAL_NOT_USED = Conflict "approval_not_used", "the approval was not used, so nothing can have come of it", hint APPROVAL;
    APPROVAL_REPORTED = Conflict "approval_reported", "what came of it was reported already, and is said once", hint APPROVAL;
    NOT_REQUESTER = Forbidden "not_requester", "somebody else asked for it";
    OWN_REQUEST = Forbidden "own_request", "nobody votes on what they asked for themselves", hint SOMEONE_ELSE;
    OWN_PAYMENT = Forbidden "own_payment", "nobody votes on what they are paid by";
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Refusal {
        INVALID_FIELD.because(error.to_string()).field(error.field)
    }
}

/// Checks that a list, which is at `path`, has 1 to `max` members; otherwise names the one that is missing or too many.
pub fn check_count(code: &Code, many: &str, count: usize, max: usize, path: &str) -> Result<(), Refusal> {
    if (1..=max).contains(&count) {
        return Ok(());
    }
    let message = format!("a request holds 1 to {max} {many}, not {count}");
    Err(code.because(message).field(format!("{path}[{}]", count.min(max))))
}

/// Refuses when a thing is not at the version that a change depends on.
pub(crate) fn check_version(noun: &str, version: u64, expected: Option<u64>) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != version => Err(VERSION_MISMATCH.because(format!(
            "the {noun} is at version {version}, not {expected}: somebody changed it meanwhile; read it again"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A code of one name and sort stands once, and says something.
    #[test]
    fn each_once() {
        for (position, code) in ALL.iter().enumerate() {
            let earlier = &ALL[..position];
            let same = |other: &&&Code| (other.name, other.kind) == (code.name, code.kind);
            assert!(earlier.iter().find(same).is_none(), "{}", code.name);
            assert!(
                !code.meaning.is_empty() && !code.meaning.ends_with('.'),
                "{}",
                code.name
            );
        }
    }
}
