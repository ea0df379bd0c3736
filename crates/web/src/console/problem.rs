//! Problems as pages: what happened, what to do, and the entry that records it. Who is not signed in gets the way in.

use axum::body::Body;
use console::components::Field;
use console::{Markup, ProblemPage};
use http::header::{ACCEPT, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use crate::app::App;
use crate::console::sign_out::SIGNED_OUT;
use crate::console::{frame, redirect};
use crate::credential::{self, SEC_FETCH_SITE};
use crate::listed::CROSS_SITE;
use crate::problem::{Problem, title};

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
    let mut response = frame::answer(&frame, &page(&problem));
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

/// What a problem says, as the content of a page.
pub(crate) fn page(problem: &Problem) -> Markup {
    let mut links = vec![("Overview".to_owned(), "/".to_owned())];
    if problem.status == StatusCode::FORBIDDEN {
        links.insert(0, ("What you may do".to_owned(), "/account".to_owned()));
    }
    if let Some(index) = problem.tampered_entry() {
        links.insert(0, (format!("Entry {index}"), format!("/audit/entries/{index}")));
    }
    console::problem(&ProblemPage {
        title: title(problem.code),
        detail: for_people(problem).unwrap_or(&problem.detail).to_owned(),
        code: problem.code.to_owned(),
        field: problem.field.clone(),
        entry: problem
            .recorded()
            .map(|index| (format!("/audit/entries/{index}"), index)),
        links,
    })
}

/// What is wrong, where the API says it in words for programs.
fn for_people(problem: &Problem) -> Option<&'static str> {
    (problem.code == CROSS_SITE.1).then_some(
        "This was sent by a page of another site, or by a browser that does not say where it comes from. Open the page here, and \
         send it from there.",
    )
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
