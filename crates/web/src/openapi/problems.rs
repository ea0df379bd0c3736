//! Problems that several endpoints share: status, code, when.

use domain::code::Code;

use super::doc::Listed;
use crate::call::Route;
use crate::endpoint::{Access, Verb};

/// Problems of credentials.
const CREDENTIAL: &[Listed] = &[
    ("401", "no_credential", "no credential was given"),
    (
        "401",
        "malformed_credential",
        "the header is not `Bearer` and a token, or the cookie holds no session's token",
    ),
    (
        "401",
        "malformed_token",
        "what was given has a typo: its checksum is wrong",
    ),
    ("401", "unknown_api_key", "no such key"),
    ("401", "api_key_revoked", "the key was revoked"),
    ("401", "api_key_expired", "the key has expired"),
    ("401", "unknown_session", "no such session"),
    ("401", "session_ended", "the session has ended"),
    ("401", "session_expired", "the session has expired"),
    ("401", "user_disabled", "the user is disabled"),
    (
        "429",
        "rate_limited",
        "the key or user has no requests left in this minute",
    ),
    (
        "503",
        "database_unavailable",
        "the database does not answer; try again",
    ),
];

const SESSION: Listed = ("403", "session_needed", "an API key has no account of its own");
const PASSWORD_CHANGE: Listed = (
    "403",
    "password_change_required",
    "the password must be changed first",
);

/// What is found by chance when a credential is looked at, or a command decided.
const TAMPERED: Listed = (
    "500",
    "tampered",
    "a row that this rests on was changed by hand, and is not relied on",
);

/// Problems of what a credential may do.
const PERMISSION: &[Listed] = &[
    (
        "403",
        "permission_missing",
        "the user's role does not hold the permission",
    ),
    (
        "403",
        "scope_missing",
        "the key's scopes do not include the permission",
    ),
    PASSWORD_CHANGE,
    (
        "403",
        "second_factor_required",
        "the role demands a second factor, which this session has not used",
    ),
];

/// Problems of requests that change something.
const CHANGE: &[Listed] = &[
    (
        "403",
        "cross_site",
        "a browser made the request from another site's page",
    ),
    (
        "503",
        "overloaded",
        "too much is waiting to be done; nothing of this request was",
    ),
    (
        "503",
        "log_tampered",
        "somebody changed the log in the database: nothing is written until the operator has looked",
    ),
    (
        "503",
        "log_rolled_back",
        "the database was put back to another state of the log: nothing is written until the operator has looked",
    ),
    (
        "503",
        "storage_full",
        "the database's disk is full or cannot be written; reading goes on",
    ),
    (
        "503",
        "outcome_unknown",
        "the database broke off while committing: look before you send it again",
    ),
];

/// Problems of bodies.
const BODY: &[Listed] = &[
    (
        "400",
        "malformed_json",
        "the body is not JSON; `line` and `column` say where",
    ),
    (
        "400",
        "invalid_field",
        "a field is missing, unknown, of the wrong type or out of its bounds",
    ),
    ("400", "body_incomplete", "the body broke off"),
    ("408", "body_timeout", "the body took too long to arrive"),
    (
        "413",
        "body_too_large",
        "the body is larger than the server takes",
    ),
    (
        "415",
        "unsupported_media_type",
        "the body is not `application/json`",
    ),
    ("415", "unsupported_encoding", "the body has a Content-Encoding"),
];

/// The problems of an endpoint: its own, those of its command, and those that any request may meet; each once.
pub(super) fn of(route: &Route) -> Vec<Listed> {
    let doc = (route.doc)();
    let refusals = doc.refusals.iter().map(|code| listed(code));
    let all = doc.problems.iter().copied().chain(refusals).chain(common(route));
    let mut problems: Vec<Listed> = Vec::new();
    for (status, code, when) in all {
        if !problems.iter().any(|known| (known.0, known.1) == (status, code)) {
            problems.push((status, code, when));
        }
    }
    problems
}

/// A code of the domain, with its status.
fn listed(code: &Code) -> Listed {
    (code.status().to_string().leak(), code.name, code.meaning)
}

/// Problems that a request may meet whatever it asks for.
fn common(route: &Route) -> Vec<Listed> {
    let mut problems = vec![
        (
            "400",
            "invalid_host",
            "the header `Host` is missing, given twice, or neither a name nor an address",
        ),
        (
            "400",
            "unknown_parameter",
            "a query parameter is not one of those above",
        ),
        (
            "500",
            "internal",
            "an internal error; the server's log has the details",
        ),
    ];
    if route.verb == Verb::Get && !(route.doc)().parameters.is_empty() {
        problems.push((
            "400",
            "invalid_field",
            "a parameter is out of its bounds; `field` names it",
        ));
    }
    if route.access != Access::Open {
        problems.push(TAMPERED);
    }
    match route.access {
        Access::Open => {}
        Access::Credentials => problems.push((
            "503",
            "database_unavailable",
            "the database does not answer; try again",
        )),
        Access::Caller => problems.extend(CREDENTIAL),
        Access::Session => {
            problems.extend(CREDENTIAL);
            problems.push(SESSION);
        }
        Access::Vote(..) => {
            problems.extend(CREDENTIAL);
            problems.extend(PERMISSION);
            problems.push((
                "403",
                "session_needed",
                "a person votes: log in, and use the session",
            ));
        }
        Access::SecondFactor => {
            problems.extend(CREDENTIAL);
            problems.extend([SESSION, PASSWORD_CHANGE]);
        }
        _ => {
            problems.extend(CREDENTIAL);
            problems.extend(PERMISSION);
        }
    }
    if route.verb != Verb::Get {
        problems.extend(CHANGE);
        // Also where nothing is taken: what is sent all the same is refused.
        problems.extend(BODY);
    }
    problems
}
