//! The one table of endpoints: where each is, who may call it, what handles it, what its documentation says.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodFilter, on};
use domain::identity::Permission::{
    self, ApiKeysOwn, ApiKeysRead, ApiKeysWrite, ApprovalsRead, ApprovalsRequest, AuditRead, AuditWrite,
    CustodyApprove, CustodyConfigure, CustodyOwn, CustodyRead, CustodyWrite, GovernanceApprove, KycOwn,
    KycRead, KycReview, KycWrite, MetricsRead, SessionsWrite, UsersErase, UsersRead, UsersWrite,
};
use engine::Engine;

use crate::app::App;
use crate::call::{Handler, answer, answered};
use crate::openapi::Doc;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::{
    access, activity, api_keys, approvals, assets, audit, auth, balances, destinations, docs, health, kyc,
    log, me, metrics, openapi, operations, sessions, users,
};

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Open,
    /// Everyone: the credentials are in the body.
    Credentials,
    /// Whoever has an API key or a session.
    Caller,
    /// Whoever has a session.
    Session,
    /// Whoever has a session whose password need not be changed first.
    SecondFactor,
    /// Who holds this permission; checked before the handler runs.
    Read(Permission),
    /// Who holds one of these permissions; checked before the handler runs.
    ReadEither(Permission, Permission),
    /// Who holds this permission; checked where the command is decided, so that a refusal is recorded.
    Command(Permission),
    /// Who holds the first permission for what is their own, or the second for all; checked before the handler runs.
    ReadOwnOr(Permission, Permission),
    /// Who holds the first permission for what is their own, or the second for all; checked where the command is
    /// decided.
    OwnOr(Permission, Permission),
    /// Whoever has a session for what is their own, or holds the permission for all; checked where the command is
    /// decided.
    OwnSessionOr(Permission),
    /// Whoever has a session and holds one of these permissions: the first for what is about custody, the second for
    /// all else. That it is one of them is checked before the handler runs, which one it takes where the command is
    /// decided.
    Vote(Permission, Permission),
    /// Who holds this permission, or everyone where the settings say so.
    ReadUnlessPublic(Permission),
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Writes.
    Post,
    /// Changes in part.
    Patch,
    /// Ends or removes.
    Delete,
}

impl Verb {
    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }
}

/// One endpoint.
pub(crate) struct Route {
    pub verb: Verb,
    pub path: &'static str,
    pub access: Access,
    pub handler: Handler,
    pub doc: &'static Doc,
}

macro_rules! routes {
    ($($verb:ident $path:literal $access:expr => $($module:ident)::+;)*) => {
        &[$(Route {
            verb: Verb::$verb,
            path: $path,
            access: $access,
            handler: |call| Box::pin($($module)::+::handle(call)),
            doc: &$($module)::+::DOC,
        }),*]
    };
}

/// Every endpoint. Those of one path stand together.
pub(crate) static ROUTES: &[Route] = routes! {
    Post "/v1/audit/entries" Access::Command(AuditWrite) => audit::append;
    Get "/v1/audit/entries" Access::Read(AuditRead) => audit::list;
    Get "/v1/audit/entries/{id}" Access::Read(AuditRead) => audit::show;
    Get "/v1/audit/entries/{id}/receipt" Access::Read(AuditRead) => audit::receipt;
    Get "/v1/audit/export" Access::Read(AuditRead) => audit::export;
    Get "/v1/audit/checkpoint" Access::Read(AuditRead) => audit::checkpoint;
    Get "/v1/audit/consistency" Access::Read(AuditRead) => audit::consistency;
    Post "/v1/activity" Access::Command(AuditWrite) => activity::record;
    Get "/v1/activity" Access::Read(AuditRead) => activity::list;
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
    Get "/v1/sessions" Access::Caller => sessions::list;
    Post "/v1/sessions/end" Access::OwnSessionOr(SessionsWrite) => sessions::end_all;
    Delete "/v1/sessions/{id}" Access::OwnSessionOr(SessionsWrite) => sessions::end;
    Post "/v1/users" Access::Command(UsersWrite) => users::create;
    Get "/v1/users" Access::Read(UsersRead) => users::list;
    Get "/v1/users/{id}" Access::Read(UsersRead) => users::show;
    Patch "/v1/users/{id}" Access::Command(UsersWrite) => users::update;
    Post "/v1/users/{id}/role" Access::Command(UsersWrite) => users::role;
    Post "/v1/users/{id}/disable" Access::Command(UsersWrite) => users::disable;
    Post "/v1/users/{id}/enable" Access::Command(UsersWrite) => users::enable;
    Post "/v1/users/{id}/invite" Access::Command(UsersWrite) => users::invite;
    Post "/v1/users/{id}/reset-password" Access::Command(UsersWrite) => users::reset_password;
    Post "/v1/users/{id}/reset-second-factor" Access::Command(UsersWrite) => users::reset_second_factor;
    Post "/v1/users/{id}/erase" Access::Command(UsersErase) => users::erase;
    Post "/v1/api-keys" Access::OwnOr(ApiKeysOwn, ApiKeysWrite) => api_keys::create;
    Get "/v1/api-keys" Access::ReadOwnOr(ApiKeysOwn, ApiKeysRead) => api_keys::list;
    Get "/v1/api-keys/{id}" Access::ReadOwnOr(ApiKeysOwn, ApiKeysRead) => api_keys::show;
    Post "/v1/api-keys/{id}/rotate" Access::OwnOr(ApiKeysOwn, ApiKeysWrite) => api_keys::rotate;
    Delete "/v1/api-keys/{id}" Access::OwnOr(ApiKeysOwn, ApiKeysWrite) => api_keys::revoke;
    Post "/v1/kyc" Access::OwnOr(KycOwn, KycWrite) => kyc::submit;
    Get "/v1/kyc" Access::ReadOwnOr(KycOwn, KycRead) => kyc::list;
    Get "/v1/kyc/tier" Access::ReadOwnOr(KycOwn, KycRead) => kyc::tier;
    Get "/v1/kyc/{id}" Access::ReadOwnOr(KycOwn, KycRead) => kyc::show;
    Post "/v1/kyc/{id}/documents/{document}/check" Access::Command(KycReview) => kyc::check;
    Post "/v1/kyc/{id}/approve" Access::Command(KycReview) => kyc::approve;
    Post "/v1/kyc/{id}/reject" Access::Command(KycReview) => kyc::reject;
    Post "/v1/kyc/{id}/revoke" Access::Command(KycReview) => kyc::revoke;
    Post "/v1/destinations" Access::OwnOr(CustodyOwn, CustodyWrite) => destinations::add;
    Get "/v1/destinations" Access::ReadOwnOr(CustodyOwn, CustodyRead) => destinations::list;
    Get "/v1/destinations/{id}" Access::ReadOwnOr(CustodyOwn, CustodyRead) => destinations::show;
    Delete "/v1/destinations/{id}" Access::OwnOr(CustodyOwn, CustodyWrite) => destinations::remove;
    Post "/v1/approvals" Access::Command(ApprovalsRequest) => approvals::request;
    Get "/v1/approvals" Access::ReadOwnOr(ApprovalsRequest, ApprovalsRead) => approvals::list;
    Get "/v1/approvals/{id}" Access::ReadOwnOr(ApprovalsRequest, ApprovalsRead) => approvals::show;
    Post "/v1/approvals/{id}/vote" Access::Vote(CustodyApprove, GovernanceApprove) => approvals::vote;
    Post "/v1/approvals/{id}/withdraw" Access::Command(ApprovalsRequest) => approvals::withdraw;
    Post "/v1/approvals/{id}/use" Access::Command(ApprovalsRequest) => approvals::use_once;
    Get "/v1/permissions" Access::Caller => access::permissions;
    Get "/v1/roles" Access::Caller => access::roles;
    Post "/v1/assets" Access::Command(CustodyConfigure) => assets::create;
    Get "/v1/assets" Access::Caller => assets::list;
    Get "/v1/assets/{id}" Access::Caller => assets::show;
    Get "/v1/assets/{id}/supply" Access::Read(CustodyRead) => assets::supply;
    Get "/v1/balances" Access::ReadOwnOr(CustodyOwn, CustodyRead) => balances::list;
    Get "/v1/balances/{id}" Access::ReadOwnOr(CustodyOwn, CustodyRead) => balances::show;
    Patch "/v1/balances/{id}" Access::Command(CustodyConfigure) => balances::update;
    Get "/v1/balances/{id}/statement" Access::ReadOwnOr(CustodyOwn, CustodyRead) => balances::statement;
    Post "/v1/operations" Access::OwnOr(CustodyOwn, CustodyWrite) => operations::create;
    Get "/v1/operations" Access::ReadOwnOr(CustodyOwn, CustodyRead) => operations::list;
    Get "/v1/operations/statistics" Access::Read(CustodyRead) => operations::statistics;
    Get "/v1/operations/{id}" Access::ReadOwnOr(CustodyOwn, CustodyRead) => operations::show;
    Post "/v1/operations/{id}/start" Access::Command(CustodyWrite) => operations::steps::start;
    Post "/v1/operations/{id}/complete" Access::Command(CustodyWrite) => operations::steps::complete;
    Post "/v1/operations/{id}/fail" Access::Command(CustodyWrite) => operations::steps::fail;
    Post "/v1/operations/{id}/cancel" Access::OwnOr(CustodyOwn, CustodyWrite) => operations::steps::cancel;
    Post "/v1/operations/{id}/mark-unknown" Access::Command(CustodyWrite) => operations::steps::mark_unknown;
    Post "/v1/operations/{id}/resolve" Access::Command(CustodyWrite) => operations::steps::resolve;
    Post "/v1/operations/{id}/capture" Access::OwnOr(CustodyOwn, CustodyWrite) => operations::steps::capture;
    Post "/v1/operations/{id}/release" Access::OwnOr(CustodyOwn, CustodyWrite) => operations::steps::release;
    Post "/v1/operations/{id}/report" Access::Command(CustodyWrite) => operations::steps::report;
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

/// The API as a router, for embedding in another server. It does not know the caller's address.
pub fn router(engine: Engine, settings: Settings) -> Router {
    build(&App::new(engine, settings))
}

pub(crate) fn build(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for (number, route) in ROUTES.iter().enumerate() {
        let filter = match route.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Patch => MethodFilter::PATCH,
            Verb::Delete => MethodFilter::DELETE,
        };
        let app = Arc::clone(app);
        let handler = move |request: Request| answer(Arc::clone(&app), number, route, request);
        router = router.route(route.path, on(filter, handler));
    }
    router
        .method_not_allowed_fallback(async |request: Request| {
            let path = request.uri().path();
            answered(&request, Problem::method_not_allowed(&methods_of(path)))
        })
        .fallback(async |request: Request| answered(&request, Problem::unknown_path().into_response()))
}

/// The methods of a path, for the header `Allow`.
fn methods_of(path: &str) -> String {
    // As the router does: a path that is written out counts before a template that it would match too.
    let exact = ROUTES.iter().any(|route| route.path == path);
    let found = |route: &&Route| {
        if exact {
            route.path == path
        } else {
            matches(route.path, path)
        }
    };
    let mut methods = Vec::new();
    for route in ROUTES.iter().filter(found) {
        methods.push(route.verb.as_str());
        if route.verb == Verb::Get {
            methods.push("HEAD");
        }
    }
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}

/// Whether a path is of this template: `{name}` stands for one part, `{*name}` for all that are left.
fn matches(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for expected in template.split('/') {
        let Some(part) = parts.next() else { return false };
        if expected.starts_with("{*") {
            return !part.is_empty();
        }
        if expected.starts_with('{') && !part.is_empty() {
            continue;
        }
        if expected != part {
            return false;
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_their_templates() {
        for (template, path, expected) in [
            ("/v1/me", "/v1/me", true),
            ("/v1/me", "/v1/me/", false),
            ("/v1/users/{id}", "/v1/users/7", true),
            ("/v1/users/{id}", "/v1/users/", false),
            ("/v1/users/{id}", "/v1/users/7/role", false),
            ("/v1/users/{id}/role", "/v1/users/7/role", true),
            ("/log/tile/{*position}", "/log/tile/0/x001/000", true),
            ("/log/tile/{*position}", "/log/tile/", false),
        ] {
            assert_eq!(matches(template, path), expected, "{template} {path}");
        }
        assert_eq!(methods_of("/v1/audit/entries"), "GET, HEAD, POST");
        assert_eq!(methods_of("/v1/audit/entries/0"), "GET, HEAD");
        assert_eq!(methods_of("/v1/sessions/end"), "POST");
        assert_eq!(methods_of("/v1/sessions/0"), "DELETE");
    }
}
