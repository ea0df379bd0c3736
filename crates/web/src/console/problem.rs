//! Problems as pages: what happened, what to do, and the entry that records it. Who is not signed in gets the way in.

use axum::body::Body;
use console::components::Field;
use console::{Markup, ProblemPage};
use domain::identity::{Permission, Principal};
use http::header::{ACCEPT, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use crate::app::App;
use crate::console::banners::FINDINGS;
use crate::console::place::EXPORT;
use crate::console::sign_out::SIGNED_OUT;
use crate::console::site::List;
use crate::console::{frame, phrases, redirect};
use crate::credential::{self, SEC_FETCH_SITE};
use crate::listed::{CROSS_SITE, TAMPERED, UNKNOWN_PATH};
use crate::problem::{Problem, title};

/// Where the entries of the log are.
const ENTRIES: &str = "/audit/entries";

/// The page of a problem for whoever made this request.
pub(crate) async fn answer(app: &App, parts: &Parts, problem: Problem) -> Response<Body> {
    match problem.code {
        "password_change_required" => return redirect::to("/me/password"),
        "second_factor_required" => return redirect::to("/me/second-factor"),
        _ => {}
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        return way_in(parts);
    }
    // The credential was good a moment ago, or it is not now: then the page says less.
    let caller = match credential::of(parts) {
        Ok(token) => app.engine.authenticate(token).await.ok(),
        Err(_) => None,
    };
    let identity = match &caller {
        Some(caller) => app.engine.identity(caller).await.ok(),
        None => None,
    };
    let frame = frame::around(app, parts, identity.as_deref(), title(problem.code)).await;
    let principal = identity.as_deref().map(|identity| &identity.principal);
    let page = page(&problem, links(app, parts.uri.path(), principal, &problem));
    let mut response = frame::answer(&frame, &page);
    let status = problem.status;
    carry(problem.into_response().headers(), response.headers_mut());
    *response.status_mut() = status;
    response
}

/// Whether a browser asked for a page.
pub(crate) fn is_for_people(parts: &Parts) -> bool {
    let accepted = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn carry(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [RETRY_AFTER, WWW_AUTHENTICATE] {
        if let Some(value) = from.get(&name) {
            to.insert(name, value.clone());
        }
    }
}

/// Where to go from a problem: to what may help, to the list of what was asked for, and home.
fn links(app: &App, path: &str, principal: Option<&Principal>, problem: &Problem) -> Vec<(String, String)> {
    let mut links: Vec<(String, String)> = Vec::new();
    let mut link = |words: String, href: &str| {
        if href != path {
            links.push((words, href.to_owned()));
        }
    };
    if let Some(index) = problem.tampered_entry() {
        link(format!("Entry {index}"), &format!("{ENTRIES}/{index}"));
    }
    if let Some(principal) = principal.filter(|principal| principal.must().is_none()) {
        if problem.code == TAMPERED.1 && principal.holds(Permission::OperateRead) {
            link("What the last verification found".to_owned(), FINDINGS);
        }
        if problem.status == StatusCode::FORBIDDEN {
            link("What you may do".to_owned(), "/account");
        }
        let operation = frame::OPERATION.iter().find(|(place, _)| path.starts_with(place));
        if let Some((place, words)) = operation.filter(|_| principal.holds(Permission::OperateRead)) {
            link((*words).to_owned(), place);
        }
        let of = if path == EXPORT { ENTRIES } else { path };
        let within = |list: &&List| {
            of.strip_prefix(list.path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(list) = app.site.lists_for(principal).find(within) {
            link(frame::called(list.path, list.names.1), list.path);
        }
    }
    link("Overview".to_owned(), "/");
    links
}

/// What a problem says, as the content of a page.
fn page(problem: &Problem, links: Vec<(String, String)>) -> Markup {
    let detail = said_to_people(problem);
    console::problem(&ProblemPage {
        title: title(problem.code),
        detail: detail.map_or_else(|| phrases::said(&problem.detail), str::to_owned),
        code: problem.code.to_owned(),
        field: problem.field.clone(),
        entry: problem
            .recorded()
            .map(|index| (format!("/audit/entries/{index}"), index)),
        links,
    })
}

/// What is wrong, where the API says it in words for programs.
fn said_to_people(problem: &Problem) -> Option<&'static str> {
    const SAID: [(&str, &str); 2] = [
        (
            CROSS_SITE.1,
            "This was sent by a page of another site, or by a browser that does not say where it comes from. Open the page here, \
             and send it from there.",
        ),
        (
            UNKNOWN_PATH.1,
            "There is no page at this address. The navigation has all pages that you may open; the search finds things by their \
             ids and names.",
        ),
    ];
    SAID.iter()
        .find(|(code, _)| *code == problem.code)
        .map(|(_, said)| *said)
}

/// For who is not signed in: the way in, and then back here. A browser that comes from another site's page kept its cookie to
/// itself, and may be signed in: it is sent here once more, by a page of ours.
fn way_in(parts: &Parts) -> Response<Body> {
    if parts.uri.path() == "/sign-out" {
        // The session had ended already, which is what was asked for.
        return redirect::to(SIGNED_OUT);
    }
    let address = parts.uri.path_and_query().map_or("/", |address| address.as_str());
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let here = if reads && redirect::is_ours(address) {
        address
    } else {
        "/"
    };
    let site = parts
        .headers
        .get(&SEC_FETCH_SITE)
        .map(http::HeaderValue::as_bytes);
    if reads && matches!(site, Some(b"cross-site" | b"same-site")) {
        return frame::html(console::again(here));
    }
    let query = if here == "/" {
        String::new()
    } else {
        console::query([("next", here)])
    };
    redirect::to(&format!("/sign-in{query}"))
}

/// Puts what is wrong beside the fields that are at fault. Gives back what belongs to none.
pub(crate) fn beside(fields: &mut [Field], problems: Vec<Problem>) -> Vec<Problem> {
    let mut rest = Vec::new();
    for problem in problems {
        let name = problem.field.as_deref().unwrap_or_default();
        let top = name.split(['.', '[']).next().unwrap_or_default();
        match fields
            .iter_mut()
            .find(|field| !top.is_empty() && field.name == top)
        {
            Some(field) if field.problem.is_none() => {
                let inner = name.strip_prefix(top).filter(|rest| !rest.is_empty());
                let inner = inner.map_or_else(String::new, |rest| format!("{rest}: "));
                field.problem = Some(format!("{inner}{}", problem.detail));
            }
            _ => rest.push(problem),
        }
    }
    rest
}
