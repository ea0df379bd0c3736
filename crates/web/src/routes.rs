//! The one table of endpoints: where each is, who may call it, what handles it, what its documentation says.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodFilter, on};
use domain::identity::Permission::{self, AuditRead, AuditWrite};
use engine::Engine;

use crate::app::App;
use crate::call::{Handler, answer, secure};
use crate::openapi::Doc;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::{activity, audit, health, log, me, metrics, openapi};

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Open,
    /// Whoever has an API key.
    Key,
    /// Who holds this permission; checked before the handler runs.
    Read(Permission),
    /// Who holds this permission; checked where the command is decided, so that a refusal is recorded.
    Command(Permission),
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
}

impl Verb {
    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
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
    Get "/v1/me" Access::Key => me;
    Get "/log/checkpoint" Access::Open => log::checkpoint;
    Get "/log/tile/entries/{*position}" Access::ReadUnlessPublic(AuditRead) => log::entries;
    Get "/log/tile/{*position}" Access::Open => log::tile;
    Get "/health/live" Access::Open => health::live;
    Get "/health/ready" Access::Open => health::ready;
    Get "/metrics" Access::Read(AuditRead) => metrics::show;
    Get "/openapi.json" Access::Read(AuditRead) => openapi::show;
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
        };
        let app = Arc::clone(app);
        let handler = move |request: Request| answer(Arc::clone(&app), number, route, request);
        router = router.route(route.path, on(filter, handler));
    }
    router
        .method_not_allowed_fallback(async |request: Request| {
            let path = request.uri().path();
            let mut response = Problem::method_not_allowed(methods_of(path));
            secure(&mut response, path);
            response
        })
        .fallback(async |request: Request| {
            let mut response = Problem::unknown_path().into_response();
            secure(&mut response, request.uri().path());
            response
        })
}

/// The methods of a path, for the header `Allow`.
fn methods_of(path: &str) -> &'static str {
    let of = |verb| {
        ROUTES
            .iter()
            .any(|route| route.verb == verb && route.path == path)
    };
    // Only paths without variables take anything but GET.
    match (of(Verb::Get), of(Verb::Post)) {
        (true, true) => "GET, HEAD, POST",
        (false, true) => "POST",
        (_, false) => "GET, HEAD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_without_variables_take_post() {
        // What `methods_of` relies on.
        for route in ROUTES.iter().filter(|route| route.verb == Verb::Post) {
            assert!(!route.path.contains('{'), "{}", route.path);
        }
    }
}
