//! What an endpoint that does a command is refused with: what the command is, and what is said before there is one.

use std::collections::BTreeSet;

use domain::Act;
use domain::approval::{CastVote, ReportOutcome, RequestApproval, UseApproval, WithdrawApproval};
use domain::audit::hold::{CreateHold, ReleaseHold};
use domain::audit::record_events::RecordEvents;
use domain::code::{self, Code, Codes};
use domain::custody::asset::CreateAsset;
use domain::custody::balance::ConfigureBalance;
use domain::custody::destination::{AddDestination, RemoveDestination};
use domain::custody::kyc::{ApproveKyc, CheckDocument, RejectKyc, RevokeKyc, SubmitKyc};
use domain::custody::operation::CreateOperation;
use domain::custody::operation::steps::{
    CancelOperation, CaptureOperation, CompleteOperation, FailOperation, MarkOperationUnknown,
    ReleaseOperation, ReportOperation, ResolveOperation, StartOperation,
};
use domain::governance::agent::{CreateAgent, DisableAgent, EnableAgent, UpdateAgent};
use domain::identity::api_key::{CreateApiKey, RevokeApiKey, RotateApiKey};
use domain::identity::invitation::{AcceptInvitation, InviteUser};
use domain::identity::login::LogIn;
use domain::identity::second_factor::{
    ConfirmSecondFactor, EnrolSecondFactor, RemoveSecondFactor, RenewRecoveryCodes, ResetSecondFactor,
};
use domain::identity::session::{EndSession, EndSessionsOf};
use domain::identity::user::{
    ChangePassword, CreateUser, DisableUser, EnableUser, EraseUser, ResetPassword, SetRole, UpdateUser,
};
use domain::upkeep::RunJob;
use domain::workflow::conversation::{CreateConversation, EndConversation, UpdateConversation};
use domain::workflow::execution::{CancelExecution, CompleteExecution, FailExecution, StartExecution};
use domain::workflow::metric::RecordMetrics;
use domain::workflow::step::RecordSteps;
use serde_json::Value;
use web::{Access, Verb, endpoints};

/// Names that a body holds are looked up before there is a command.
const USER: Codes = &[&code::UNKNOWN_USER];
/// Wrong passwords and codes are counted before one is looked at.
const ATTEMPTS: Codes = &[&code::TOO_MANY_LOGINS];

/// Every endpoint that does a command: its name, what the command is refused with, what is refused before it is there.
const DOES: &[(&str, Codes, Codes)] = &[
    ("append_entries", RecordEvents::REFUSALS, &[]),
    ("record_activity", RecordEvents::REFUSALS, &[]),
    ("create_hold", CreateHold::REFUSALS, USER),
    ("release_hold", ReleaseHold::REFUSALS, &[]),
    ("run_job", RunJob::REFUSALS, &[&code::UNKNOWN_JOB]),
    ("log_in", LogIn::REFUSALS, ATTEMPTS),
    ("log_out", EndSession::REFUSALS, &[]),
    ("accept_invitation", AcceptInvitation::REFUSALS, &[]),
    ("change_password", ChangePassword::REFUSALS, ATTEMPTS),
    ("enrol_second_factor", EnrolSecondFactor::REFUSALS, ATTEMPTS),
    ("confirm_second_factor", ConfirmSecondFactor::REFUSALS, ATTEMPTS),
    ("renew_recovery_codes", RenewRecoveryCodes::REFUSALS, ATTEMPTS),
    ("remove_second_factor", RemoveSecondFactor::REFUSALS, ATTEMPTS),
    ("end_sessions", EndSessionsOf::REFUSALS, USER),
    ("end_session", EndSession::REFUSALS, &[]),
    ("create_user", CreateUser::REFUSALS, &[]),
    ("update_user", UpdateUser::REFUSALS, &[]),
    ("set_role", SetRole::REFUSALS, &[]),
    ("disable_user", DisableUser::REFUSALS, &[]),
    ("enable_user", EnableUser::REFUSALS, &[]),
    ("invite_user", InviteUser::REFUSALS, &[]),
    ("reset_password", ResetPassword::REFUSALS, &[]),
    ("reset_second_factor", ResetSecondFactor::REFUSALS, &[]),
    ("erase_user", EraseUser::REFUSALS, &[]),
    ("create_api_key", CreateApiKey::REFUSALS, &[]),
    ("create_agent", CreateAgent::REFUSALS, USER),
    ("update_agent", UpdateAgent::REFUSALS, &[]),
    ("disable_agent", DisableAgent::REFUSALS, &[]),
    ("enable_agent", EnableAgent::REFUSALS, &[]),
    ("rotate_api_key", RotateApiKey::REFUSALS, &[]),
    ("revoke_api_key", RevokeApiKey::REFUSALS, &[]),
    ("create_asset", CreateAsset::REFUSALS, &[]),
    ("update_balance", ConfigureBalance::REFUSALS, &[]),
    ("submit_kyc", SubmitKyc::REFUSALS, USER),
    ("check_kyc_document", CheckDocument::REFUSALS, &[]),
    ("approve_kyc", ApproveKyc::REFUSALS, &[]),
    ("reject_kyc", RejectKyc::REFUSALS, &[]),
    ("revoke_kyc", RevokeKyc::REFUSALS, &[]),
    (
        "add_destination",
        AddDestination::REFUSALS,
        &[&code::UNKNOWN_USER, &code::UNKNOWN_ASSET],
    ),
    ("remove_destination", RemoveDestination::REFUSALS, &[]),
    (
        "request_approval",
        RequestApproval::REFUSALS,
        &[
            &code::UNKNOWN_ASSET,
            &code::UNKNOWN_BALANCE,
            &code::UNKNOWN_OPERATION,
            &code::UNKNOWN_USER,
            &code::UNKNOWN_DESTINATION,
        ],
    ),
    ("create_conversation", CreateConversation::REFUSALS, USER),
    ("update_conversation", UpdateConversation::REFUSALS, &[]),
    ("end_conversation", EndConversation::REFUSALS, &[]),
    ("start_execution", StartExecution::REFUSALS, USER),
    (
        "renew_lease",
        &[],
        &[&code::UNKNOWN_EXECUTION, &code::EXECUTION_FINISHED],
    ),
    ("complete_execution", CompleteExecution::REFUSALS, &[]),
    ("fail_execution", FailExecution::REFUSALS, &[]),
    ("cancel_execution", CancelExecution::REFUSALS, &[]),
    ("record_metrics", RecordMetrics::REFUSALS, &[]),
    ("record_steps", RecordSteps::REFUSALS, &[]),
    ("check_step", &[], &[&code::UNKNOWN_STEP]),
    ("vote_on_approval", CastVote::REFUSALS, &[]),
    ("withdraw_approval", WithdrawApproval::REFUSALS, &[]),
    ("use_approval", UseApproval::REFUSALS, &[]),
    ("report_outcome_of_approval", ReportOutcome::REFUSALS, &[]),
    (
        "create_operations",
        CreateOperation::REFUSALS,
        &[
            &code::TOO_MANY_OPERATIONS,
            &code::LINKED_FAILED,
            &code::UNKNOWN_BALANCE,
        ],
    ),
    ("report_operation", ReportOperation::REFUSALS, &[]),
    ("start_operation", StartOperation::REFUSALS, &[]),
    ("complete_operation", CompleteOperation::REFUSALS, &[]),
    ("fail_operation", FailOperation::REFUSALS, &[]),
    ("cancel_operation", CancelOperation::REFUSALS, &[]),
    ("mark_operation_unknown", MarkOperationUnknown::REFUSALS, &[]),
    ("resolve_operation", ResolveOperation::REFUSALS, &[]),
    ("capture_operation", CaptureOperation::REFUSALS, &[]),
    ("release_operation", ReleaseOperation::REFUSALS, &[]),
];

type Problems = &'static [(u16, &'static str)];

/// Any request that changes something.
const ANY: Problems = &[
    (400, "invalid_host"),
    (400, "malformed_query"),
    (400, "unknown_parameter"),
    (500, "internal"),
    (500, "tampered"),
    (503, "database_unavailable"),
    (403, "cross_site"),
    (503, "overloaded"),
    (503, "log_tampered"),
    (503, "log_rolled_back"),
    (503, "storage_full"),
    (503, "outcome_unknown"),
];
/// A body, or none where none is taken.
const BODY: Problems = &[
    (400, "malformed_json"),
    (400, "invalid_field"),
    (400, "body_incomplete"),
    (408, "body_timeout"),
    (413, "body_too_large"),
    (415, "unsupported_media_type"),
    (415, "unsupported_encoding"),
];
/// A credential, and its quota.
const CREDENTIAL: Problems = &[
    (401, "no_credential"),
    (401, "malformed_credential"),
    (401, "malformed_token"),
    (401, "unknown_api_key"),
    (401, "api_key_revoked"),
    (401, "api_key_expired"),
    (401, "unknown_session"),
    (401, "session_ended"),
    (401, "session_expired"),
    (401, "agent_disabled"),
    (401, "user_disabled"),
    (429, "rate_limited"),
];
const PERMISSION: Problems = &[
    (403, "permission_missing"),
    (403, "scope_missing"),
    (403, "password_change_required"),
    (403, "second_factor_required"),
];
const SESSION: Problems = &[(403, "session_needed")];
const SECOND_FACTOR: Problems = &[(403, "session_needed"), (403, "password_change_required")];
const IF_MATCH: Problems = &[(400, "malformed_if_match")];
const IF_MATCH_REQUIRED: Problems = &[(400, "malformed_if_match"), (428, "if_match_required")];
const IDEMPOTENCY_KEY: Problems = &[
    (400, "malformed_idempotency_key"),
    (422, "idempotency_key_reused"),
    (409, "id_conflict"),
];

/// What follows from who may call.
fn of_access(access: Access) -> Vec<Problems> {
    match access {
        Access::Credentials => vec![],
        Access::Session => vec![CREDENTIAL, SESSION],
        Access::SecondFactor => vec![CREDENTIAL, SECOND_FACTOR],
        Access::Vote(..) => vec![CREDENTIAL, PERMISSION, SESSION],
        Access::Command(_) | Access::OwnOr(..) | Access::OwnSessionOr(_) | Access::ReadOwnOr(..) => {
            vec![CREDENTIAL, PERMISSION]
        }
        other => panic!("no command is for {other:?}"),
    }
}

/// What follows from the headers that are documented.
fn of_headers(operation: &Value) -> Vec<Problems> {
    let headers = operation["parameters"].as_array().into_iter().flatten();
    let headers = headers.filter(|parameter| parameter["in"] == "header");
    headers
        .map(
            |header| match (header["name"].as_str().unwrap(), header["required"].as_bool()) {
                ("If-Match", Some(true)) => IF_MATCH_REQUIRED,
                ("If-Match", _) => IF_MATCH,
                ("Idempotency-Key", _) => IDEMPOTENCY_KEY,
                (other, _) => panic!("what may be wrong with {other}?"),
            },
        )
        .collect()
}

/// The problems that the document lists.
fn documented(operation: &Value) -> BTreeSet<(u16, String)> {
    let mut found = BTreeSet::new();
    for (status, answer) in operation["responses"].as_object().unwrap() {
        let lines = answer["description"].as_str().unwrap().lines();
        let codes = lines.filter_map(|line| line.strip_prefix("- `")?.split('`').next());
        found.extend(codes.map(|code| (status.parse().unwrap(), code.to_owned())));
    }
    found
}

#[test]
fn what_a_command_is_refused_with_is_documented_and_no_more() {
    let document = web::document();
    let mut met = BTreeSet::new();
    for (verb, path, access) in endpoints().filter(|(verb, ..)| *verb != Verb::Get) {
        let operation = &document["paths"][path][verb.as_str().to_lowercase()];
        let id = operation["operationId"].as_str().unwrap();
        let (name, refusals, before) = DOES.iter().find(|(name, ..)| *name == id).expect(id);
        met.insert(*name);
        let refused = |code: &&Code| (code.status(), code.name.to_owned());
        let mut expected: BTreeSet<_> = refusals.iter().chain(*before).map(refused).collect();
        let sources = [of_access(access), of_headers(operation), vec![ANY, BODY]].concat();
        let told = sources.concat().into_iter();
        expected.extend(told.map(|(status, code)| (status, code.to_owned())));
        let documented = documented(operation);
        let missing: Vec<_> = expected.difference(&documented).collect();
        let idle: Vec<_> = documented.difference(&expected).collect();
        assert!(
            missing.is_empty() && idle.is_empty(),
            "{id}: missing {missing:?}, idle {idle:?}"
        );
    }
    assert_eq!(met.len(), DOES.len());
}
