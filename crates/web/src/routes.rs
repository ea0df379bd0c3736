//! The one table of endpoints: where each is, who may call it, what handles it, what its documentation says.

use std::sync::LazyLock;

use domain::identity::Permission::{
    ApiKeysOwn, ApiKeysWrite, AuditRead, AuditWrite, CustodyOwn, CustodyRead, CustodyWrite, KycOwn, KycRead,
    MetricsRead, OperateRead, OperateRun, SessionsWrite, UsersErase, UsersWrite, WorkflowsOwn, WorkflowsRead,
    WorkflowsWrite,
};

use crate::call::Route;
use crate::endpoint::{Access, Verb};
use crate::openapi::{Doc, Documents as _};
use crate::{
    access, activity, agents, api_keys, approvals, assets, audit, auth, balances, change, console,
    conversations, destinations, docs, executions, governance, health, holds, kyc, log, me, metrics, nouns,
    openapi, operations, sessions, steps, upkeep, users,
};

/// What is behind a line of the table: a module with its `handle` and `DOC`, or what follows from a description.
macro_rules! route {
    ($verb:ident $path:literal $access:expr, $doc:expr, $handler:path) => {
        route!($verb $path $access, $doc, $handler, None)
    };
    ($verb:ident $path:literal $access:expr, $doc:expr, $handler:path, $page:expr) => {
        Route {
            verb: Verb::$verb,
            path: $path,
            access: $access,
            handler: |call| Box::pin($handler(call)),
            doc: || {
                static DOC: LazyLock<Doc> = LazyLock::new($doc);
                &DOC
            },
            page: $page,
        }
    };
}

/// What shows one of a noun: as its description says, or a module of its own.
macro_rules! shows {
    ($verb:ident $path:literal $show:ident) => {
        route!($verb $path nouns::access::<views::$show>(), nouns::show_doc::<views::$show>, nouns::show::<views::$show>, Some(console::one::page::<views::$show>()))
    };
    ($verb:ident $path:literal $show:ident by $($own:ident)::+) => {
        route!($verb $path nouns::access::<views::$show>(), || $($own)::+::DOC.doc(), $($own)::+::handle, Some(console::one::page::<views::$show>()))
    };
}

macro_rules! routes {
    ($(
        $verb:ident $path:literal
        $(lists $list:ident)?
        $(shows $show:ident $(by $($own:ident)::+)?)?
        $(does $($does:ident)::+)?
        $(Access::$access:ident $(($($permission:ident),+))? => $($module:ident)::+)?;
    )*) => {
        &[$(
            $(route!($verb $path change::access::<$($does)::+>(), change::documented::doc::<$($does)::+>, change::handle::<$($does)::+>))?
            $(route!($verb $path nouns::access::<views::$list>(), nouns::list_doc::<views::$list>, nouns::list::<views::$list>, Some(console::list::page::<views::$list>())))?
            $(shows!($verb $path $show $(by $($own)::+)?))?
            $(route!($verb $path Access::$access $(($($permission),+))?, || $($module)::+::DOC.doc(), $($module)::+::handle))?
        ),*]
    };
}

/// Every endpoint. Those of one path stand together.
pub(crate) static ROUTES: &[Route] = routes! {
    Post "/v1/audit/entries" Access::Command(AuditWrite) => audit::append;
    Get "/v1/audit/entries" lists Entry;
    Get "/v1/audit/entries/{id}" shows Entry;
    Get "/v1/audit/entries/{id}/receipt" Access::Read(AuditRead) => audit::receipt;
    Get "/v1/audit/export" Access::Read(AuditRead) => audit::export;
    Get "/v1/audit/checkpoint" Access::Read(AuditRead) => audit::checkpoint;
    Get "/v1/audit/consistency" Access::Read(AuditRead) => audit::consistency;
    Post "/v1/audit/holds" does holds::Create;
    Get "/v1/audit/holds" lists LegalHold;
    Get "/v1/audit/holds/{id}" shows LegalHold;
    Post "/v1/audit/holds/{id}/release" does holds::Release;
    Post "/v1/activity" Access::Command(AuditWrite) => activity::record;
    Get "/v1/activity" lists Activity;
    Get "/v1/activity/stream" Access::Read(AuditRead) => activity::stream;
    Post "/v1/auth/login" Access::Credentials => auth::login;
    Post "/v1/auth/logout" Access::Session => auth::logout;
    Post "/v1/auth/invitation" Access::Credentials => auth::invitation;
    Get "/v1/me" Access::Caller => me;
    Post "/v1/me/password" Access::Session => me::password;
    Post "/v1/me/second-factor" Access::SecondFactor => me::second_factor::enrol;
    Post "/v1/me/second-factor/confirm" Access::SecondFactor => me::second_factor::confirm;
    Post "/v1/me/second-factor/recovery-codes" Access::SecondFactor => me::second_factor::recovery_codes;
    Post "/v1/me/second-factor/remove" Access::SecondFactor => me::second_factor::remove;
    Get "/v1/sessions" lists Session;
    Post "/v1/sessions/end" Access::OwnSessionOr(SessionsWrite) => sessions::end_all;
    Delete "/v1/sessions/{id}" Access::OwnSessionOr(SessionsWrite) => sessions::end;
    Post "/v1/users" Access::Command(UsersWrite) => users::create;
    Get "/v1/users" lists User;
    Get "/v1/users/{id}" shows User by users::show;
    Patch "/v1/users/{id}" does users::Update;
    Post "/v1/users/{id}/role" does users::GiveRole;
    Post "/v1/users/{id}/disable" does users::Disable;
    Post "/v1/users/{id}/enable" does users::Enable;
    Post "/v1/users/{id}/invite" Access::Command(UsersWrite) => users::invite;
    Post "/v1/users/{id}/reset-password" Access::Command(UsersWrite) => users::reset_password;
    Post "/v1/users/{id}/reset-second-factor" does users::ResetSecondFactor;
    Post "/v1/users/{id}/erase" Access::Command(UsersErase) => users::erase;
    Post "/v1/api-keys" Access::OwnOr(ApiKeysOwn, ApiKeysWrite) => api_keys::create;
    Get "/v1/api-keys" lists ApiKey;
    Get "/v1/api-keys/{id}" shows ApiKey;
    Post "/v1/api-keys/{id}/rotate" Access::OwnOr(ApiKeysOwn, ApiKeysWrite) => api_keys::rotate;
    Delete "/v1/api-keys/{id}" Access::OwnOr(ApiKeysOwn, ApiKeysWrite) => api_keys::revoke;
    Post "/v1/kyc" does kyc::Submit;
    Get "/v1/kyc" lists KycRecord;
    Get "/v1/kyc/tier" Access::ReadOwnOr(KycOwn, KycRead) => kyc::tier;
    Get "/v1/kyc/{id}" shows KycRecord;
    Post "/v1/kyc/{id}/documents/{document}/check" does kyc::Check;
    Post "/v1/kyc/{id}/approve" does kyc::Approve;
    Post "/v1/kyc/{id}/reject" does kyc::Reject;
    Post "/v1/kyc/{id}/revoke" does kyc::Revoke;
    Post "/v1/destinations" does destinations::Add;
    Get "/v1/destinations" lists Destination;
    Get "/v1/destinations/{id}" shows Destination;
    Delete "/v1/destinations/{id}" does destinations::Remove;
    Post "/v1/agents" does agents::Create;
    Get "/v1/agents" lists Agent;
    Get "/v1/agents/{id}" shows Agent;
    Patch "/v1/agents/{id}" does agents::Update;
    Post "/v1/agents/{id}/disable" does agents::Disable;
    Post "/v1/agents/{id}/enable" does agents::Enable;
    Post "/v1/approvals" does approvals::Request;
    Get "/v1/approvals" lists Approval;
    Get "/v1/approvals/{id}" shows Approval by approvals::show;
    Get "/v1/approvals/{id}/evidence" Access::Read(AuditRead) => approvals::evidence;
    Post "/v1/approvals/{id}/vote" does approvals::Vote;
    Post "/v1/approvals/{id}/withdraw" does approvals::Withdraw;
    Post "/v1/approvals/{id}/use" does approvals::Use;
    Post "/v1/approvals/{id}/outcome" does approvals::Outcome;
    Post "/v1/conversations" does conversations::Create;
    Get "/v1/conversations" lists Conversation;
    Get "/v1/conversations/{id}" shows Conversation;
    Patch "/v1/conversations/{id}" does conversations::Update;
    Post "/v1/conversations/{id}/end" does conversations::End;
    Post "/v1/executions" does executions::Start;
    Get "/v1/executions" lists Execution;
    Get "/v1/executions/{id}" shows Execution;
    Post "/v1/executions/{id}/heartbeat" Access::OwnOr(WorkflowsOwn, WorkflowsWrite) => executions::heartbeat;
    Post "/v1/executions/{id}/complete" does executions::Complete;
    Post "/v1/executions/{id}/fail" does executions::Fail;
    Post "/v1/executions/{id}/cancel" does executions::Cancel;
    Post "/v1/metrics" Access::OwnOr(WorkflowsOwn, WorkflowsWrite) => governance::record_metrics;
    Get "/v1/metrics" lists Metric;
    Get "/v1/metrics/figures" Access::ReadOwnOr(WorkflowsOwn, WorkflowsRead) => governance::metric_figures;
    Get "/v1/metrics/{id}" shows Metric;
    Post "/v1/executions/{id}/steps" does steps::Record;
    Get "/v1/steps" lists ExecutionStep;
    Get "/v1/steps/{id}" shows ExecutionStep;
    Post "/v1/steps/{id}/check" Access::ReadOwnOr(WorkflowsOwn, WorkflowsRead) => steps::check;
    Get "/v1/governance/recent" lists Recent;
    Get "/v1/governance/workflows" lists WorkflowRuns;
    Get "/v1/governance/drag-modes" lists DragModeRuns;
    Get "/v1/governance/users" lists UserRuns;
    Get "/v1/jobs" Access::Read(OperateRead) => upkeep::jobs;
    Post "/v1/jobs/{job}/run" Access::Command(OperateRun) => upkeep::run;
    Get "/v1/backups" Access::Read(OperateRead) => upkeep::backups;
    Get "/v1/status" Access::Read(OperateRead) => upkeep::status;
    Get "/v1/permissions" Access::Caller => access::permissions;
    Get "/v1/roles" Access::Caller => access::roles;
    Post "/v1/assets" does assets::Create;
    Get "/v1/assets" lists Asset;
    Get "/v1/assets/{id}" shows Asset;
    Get "/v1/assets/{id}/supply" Access::Read(CustodyRead) => assets::supply;
    Get "/v1/balances" lists Balance;
    Get "/v1/balances/{id}" shows Balance by balances::show;
    Patch "/v1/balances/{id}" does balances::Update;
    Get "/v1/balances/{id}/statement" Access::ReadOwnOr(CustodyOwn, CustodyRead) => balances::statement;
    Post "/v1/operations" Access::OwnOr(CustodyOwn, CustodyWrite) => operations::create;
    Get "/v1/operations" lists Operation;
    Get "/v1/operations/statistics" Access::Read(CustodyRead) => operations::statistics;
    Get "/v1/operations/{id}" shows Operation;
    Post "/v1/operations/{id}/start" does operations::steps::Start;
    Post "/v1/operations/{id}/complete" does operations::steps::Complete;
    Post "/v1/operations/{id}/fail" does operations::steps::Fail;
    Post "/v1/operations/{id}/cancel" does operations::steps::Cancel;
    Post "/v1/operations/{id}/mark-unknown" does operations::steps::MarkUnknown;
    Post "/v1/operations/{id}/resolve" does operations::steps::Resolve;
    Post "/v1/operations/{id}/capture" does operations::steps::Capture;
    Post "/v1/operations/{id}/release" does operations::steps::Release;
    Post "/v1/operations/{id}/report" does operations::steps::Report;
    Get "/log/checkpoint" Access::Open => log::checkpoint;
    Get "/log/tile/entries/{*position}" Access::ReadUnlessPublic(AuditRead) => log::entries;
    Get "/log/tile/{*position}" Access::Open => log::tile;
    Get "/health/live" Access::Open => health::live;
    Get "/health/ready" Access::Open => health::ready;
    Get "/metrics" Access::ReadEither(MetricsRead, AuditRead) => metrics::show;
    Get "/openapi.json" Access::Open => openapi::show;
    Get "/docs" Access::Open => docs::show;
    Get "/docs/style.css" Access::Open => docs::style;
};

/// Every endpoint: its method, path template and who may call it.
pub fn endpoints() -> impl Iterator<Item = (Verb, &'static str, Access)> {
    ROUTES.iter().map(|route| (route.verb, route.path, route.access))
}
