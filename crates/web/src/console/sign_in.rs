//! `GET` and `POST /sign-in`.

use console::SignIn;
use domain::identity::Must;
use engine::identity::LogInRequest;
use http::header::{HOST, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{StatusCode, Uri};

use crate::call::{Answer, Call};
use crate::console::{frame, redirect};
use crate::credential::{self, SEC_FETCH_SITE};
use crate::forwarded;
use crate::origin::Peer;
use crate::problem::Problem;
use crate::query::Fields;

pub(crate) async fn show(call: Call) -> Answer {
    let given = Fields::parse(call.parts.uri.query().unwrap_or_default()).unwrap_or_default();
    let page = SignIn {
        next: next(&given),
        note: (given.get("note") == "out").then_some("You signed out."),
        ..SignIn::default()
    };
    shown(&call, page, StatusCode::OK).await
}

async fn shown(call: &Call, mut page: SignIn, status: StatusCode) -> Answer {
    page.cookieless = cookieless(call);
    let frame = frame::of(call, "Sign in").await;
    let mut response = frame::answer(&frame, &console::sign_in(&page));
    *response.status_mut() = status;
    Ok(response)
}

pub(crate) async fn submit(mut call: Call) -> Answer {
    // Else another site's page could sign its own user in here.
    credential::from_our_pages(&call.parts)?;
    let given = call.form().await?;
    let code: String = given.get("code").split_whitespace().collect();
    let is_totp = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    let request = LogInRequest {
        name: given.get("username"),
        password: given.get("password"),
        totp: Some(code.clone()).filter(|_| is_totp),
        recovery_code: Some(code.clone()).filter(|code| !is_totp && !code.is_empty()),
    };
    let done = match call.app.engine.log_in(request, call.origin()).await {
        Ok(done) => done,
        Err(error) => return again(&call, &given, error.into()).await,
    };
    let to = match done.must {
        Some(Must::ChangePassword) => "/me/password".to_owned(),
        Some(_) => "/me/second-factor".to_owned(),
        None => next(&given),
    };
    let mut response = redirect::to(&to);
    let cookie = credential::set_cookie(done.token.secret(), &done.session);
    let cookie = cookie.ok_or_else(|| Problem::internal(&"a session's token is no cookie"))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// The form once more, with what is wrong. Who may come in is told nothing else than over the API.
async fn again(call: &Call, given: &Fields, problem: Problem) -> Answer {
    let code = problem.code == "second_factor_needed";
    let status = match problem.status {
        StatusCode::UNAUTHORIZED => StatusCode::UNPROCESSABLE_ENTITY,
        status => status,
    };
    let page = SignIn {
        username: given.get("username"),
        next: next(given),
        problem: Some(if code {
            "Your second factor is needed too: type your password again, and the code.".to_owned()
        } else {
            crate::console::place::title(&problem.detail)
        }),
        code,
        ..SignIn::default()
    };
    shown(call, page, status).await
}

/// Where to go afterwards: a path of ours, or the first page.
fn next(given: &Fields) -> String {
    let asked = given.get("next");
    if redirect::is_ours(&asked) {
        asked
    } else {
        "/".to_owned()
    }
}

/// Why the browser would not keep the session's cookie, where it would not. Browsers send Fetch Metadata where they trust the
/// connection, and only there do they keep it.
fn cookieless(call: &Call) -> Option<&'static str> {
    let parts = &call.parts;
    if parts.headers.contains_key(&SEC_FETCH_SITE) || call.app.settings.tls.is_some() || is_https(call) {
        return None;
    }
    let host = parts.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = host.and_then(|host| format!("http://{host}/").parse::<Uri>().ok());
    let local = host.as_ref().and_then(Uri::host).is_some_and(|host| {
        ["localhost", "127.0.0.1", "[::1]"].contains(&host) || host.ends_with(".localhost")
    });
    match (local, is_safari(parts)) {
        (true, false) => None,
        (true, true) => Some(
            "Safari does not keep the session on plain HTTP, not even on this machine: use another browser, or HTTPS.",
        ),
        (false, _) => {
            Some("This page came over plain HTTP, where browsers do not keep the session: use HTTPS.")
        }
    }
}

fn is_https(call: &Call) -> bool {
    let peer = call.parts.extensions.get::<Peer>();
    let proxies = &call.app.settings.trusted_proxies;
    peer.is_some_and(|peer| forwarded::is_https(peer.0.ip(), &call.parts.headers, proxies))
        || call
            .app
            .settings
            .public_url
            .get()
            .is_some_and(|url| url.starts_with("https:"))
}

fn is_safari(parts: &Parts) -> bool {
    let agent = parts
        .headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok());
    agent.is_some_and(|agent| agent.contains("Safari/") && !agent.contains("Chrom"))
}
