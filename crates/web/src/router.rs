//! The API put together: the table of routes as a router, and what all its requests share.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodFilter, on};
use engine::Engine;

use crate::app::App;
use crate::call::{Route, answer, answered};
use crate::console;
use crate::endpoint::{Access, Verb};
use crate::mcp;
use crate::openapi::document;
use crate::otlp;
use crate::problem::Problem;
use crate::routes::ROUTES;
use crate::settings::Settings;

/// What all requests share, for this table of routes.
pub(crate) fn app(engine: Engine, settings: Settings) -> Arc<App> {
    let mut document = document();
    if let Some(url) = settings.public_url.get() {
        document["servers"][0]["url"] = url.into();
    }
    let routes = ROUTES.iter().chain([&mcp::ROUTE]).chain(&otlp::ROUTES);
    let routes = routes.map(|route| (route.path, route.verb));
    // The pages are counted together: they are for people.
    let pages = [("console", Verb::Get)];
    let site = console::site(ROUTES, &document);
    App::new(engine, settings, routes.chain(pages), (&document, site))
}

/// The pages of the console.
static PAGES: LazyLock<Vec<Route>> = LazyLock::new(|| console::pages(ROUTES));

/// Every page of the console: its method, path template and who may ask for it. What a form may do is said by the endpoint
/// that it is sent on to.
pub fn pages() -> impl Iterator<Item = (Verb, &'static str, Access)> {
    PAGES.iter().map(|page| (page.verb, page.path, page.access))
}

/// Endpoints and pages.
fn routes() -> impl Iterator<Item = &'static Route> {
    let all = ROUTES.iter().chain([&mcp::ROUTE]).chain(&otlp::ROUTES);
    all.chain(PAGES.iter())
}

fn filter(verb: Verb) -> MethodFilter {
    match verb {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Patch => MethodFilter::PATCH,
        Verb::Delete => MethodFilter::DELETE,
    }
}

/// The API as a router, for embedding in another server. It does not know the caller's address.
pub fn router(engine: Engine, settings: Settings) -> Router {
    build(&app(engine, settings))
}

pub(crate) fn build(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for (number, route) in ROUTES.iter().enumerate() {
        let app = Arc::clone(app);
        let handler = move |request: Request| answer(Arc::clone(&app), number, route, request);
        router = router.route(route.path, on(filter(route.verb), handler));
    }
    for (number, route) in (ROUTES.len() + 1..).zip(&otlp::ROUTES) {
        let app = Arc::clone(app);
        let handler = move |request: Request| otlp::respond(Arc::clone(&app), number, route, request);
        router = router.route(route.path, on(filter(route.verb), handler));
    }
    // What the forms of pages and the tools of MCP send on is answered by the endpoints, and by them alone.
    let api = router.clone();
    let (of_mcp, tools) = (Arc::clone(app), api.clone());
    let handler =
        move |request: Request| mcp::answer(Arc::clone(&of_mcp), ROUTES.len(), request, tools.clone());
    router = router.route(mcp::ROUTE.path, on(filter(mcp::ROUTE.verb), handler));
    for route in PAGES.iter() {
        let (app, api) = (Arc::clone(app), api.clone());
        let handler = move |request: Request| {
            let number = ROUTES.len() + 1 + otlp::ROUTES.len();
            console::answer(Arc::clone(&app), number, route, request, api.clone())
        };
        router = router.route(route.path, on(filter(route.verb), handler));
    }
    let app = Arc::clone(app);
    router
        .method_not_allowed_fallback(async |request: Request| {
            let path = request.uri().path();
            answered(&request, Problem::method_not_allowed(&methods_of(path)))
        })
        .fallback(move |request: Request| {
            let app = Arc::clone(&app);
            async move {
                let (parts, _) = request.into_parts();
                let response = if console::is_for_people(&parts) {
                    console::problem(&app, &parts, Problem::unknown_path()).await
                } else {
                    Problem::unknown_path().into_response()
                };
                answered(&http::Request::from_parts(parts, ()), response)
            }
        })
}

/// The methods of a path, for the header `Allow`.
fn methods_of(path: &str) -> String {
    // As the router does: a path that is written out counts before a template that it would match too.
    let exact = routes().any(|route| route.path == path);
    let found = |route: &&Route| {
        if exact {
            route.path == path
        } else {
            matches(route.path, path)
        }
    };
    let mut methods = Vec::new();
    for route in routes().filter(found) {
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
