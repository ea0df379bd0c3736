//! What each endpoint may meet, by where it comes from.

use domain::code;

use crate::call::Route;
use crate::endpoint::{Access, Verb};
use crate::listed::{
    BODY_INCOMPLETE, BODY_TIMEOUT, BODY_TOO_LARGE, CROSS_SITE, DATABASE_UNAVAILABLE, INTERNAL, INVALID_FIELD,
    INVALID_HOST, LOG_ROLLED_BACK, LOG_TAMPERED, Listed, MALFORMED_CREDENTIAL, MALFORMED_IF_MATCH,
    MALFORMED_JSON, MALFORMED_KEY, MALFORMED_QUERY, NO_CREDENTIAL, NO_IF_MATCH, OUTCOME_UNKNOWN, OVERLOADED,
    PARAMETER, RATE_LIMITED, STORAGE_FULL, TAMPERED, UNKNOWN_PARAMETER, UNSUPPORTED_ENCODING,
    UNSUPPORTED_MEDIA_TYPE, listed,
};

/// What any request may meet.
const ANY: &[Listed] = &[INVALID_HOST, MALFORMED_QUERY, UNKNOWN_PARAMETER, INTERNAL];

/// What a credential may be refused with.
const CREDENTIAL: &[Listed] = &[
    NO_CREDENTIAL,
    MALFORMED_CREDENTIAL,
    listed(&code::MALFORMED_TOKEN),
    listed(&code::UNKNOWN_CALLING_KEY),
    listed(&code::CALLING_KEY_REVOKED),
    listed(&code::CALLING_KEY_EXPIRED),
    listed(&code::UNKNOWN_CALLING_SESSION),
    listed(&code::SESSION_ENDED),
    listed(&code::SESSION_EXPIRED),
    listed(&code::CALLING_AGENT_DISABLED),
    listed(&code::CALLING_USER_DISABLED),
    RATE_LIMITED,
    TAMPERED,
    DATABASE_UNAVAILABLE,
];

const SESSION: Listed = listed(&code::SESSION_NEEDED);
const PASSWORD_CHANGE: Listed = listed(&code::PASSWORD_CHANGE_REQUIRED);

/// Where a permission is asked for.
const PERMISSION: &[Listed] = &[
    listed(&code::PERMISSION_MISSING),
    listed(&code::SCOPE_MISSING),
    PASSWORD_CHANGE,
    listed(&code::SECOND_FACTOR_REQUIRED),
];

/// Where something is changed.
const CHANGE: &[Listed] = &[
    CROSS_SITE,
    OVERLOADED,
    LOG_TAMPERED,
    LOG_ROLLED_BACK,
    STORAGE_FULL,
    OUTCOME_UNKNOWN,
];

/// Where there may be a body. Also where none is taken: what is sent all the same is refused.
const BODY: &[Listed] = &[
    MALFORMED_JSON,
    INVALID_FIELD,
    BODY_INCOMPLETE,
    BODY_TIMEOUT,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    UNSUPPORTED_ENCODING,
];

/// Where something may be named by an `Idempotency-Key`.
const KEY: &[Listed] = &[
    MALFORMED_KEY,
    listed(&code::IDEMPOTENCY_KEY_REUSED),
    listed(&code::ID_CONFLICT),
];

/// The problems of an endpoint: its own, those of its command, and those of what it takes; each once.
pub(super) fn of(route: &Route) -> Vec<Listed> {
    let doc = (route.doc)();
    let refusals = doc.refusals.iter().map(|code| listed(code));
    let all = doc.problems.iter().copied().chain(refusals).chain(common(route));
    let mut problems: Vec<Listed> = Vec::new();
    for problem in all {
        if !problems
            .iter()
            .any(|known| (known.0, known.1) == (problem.0, problem.1))
        {
            problems.push(problem);
        }
    }
    problems
}

/// Problems that come from how an endpoint is called, whatever it does.
fn common(route: &Route) -> Vec<Listed> {
    let parameters = || (route.doc)().parameters.iter().copied().flatten();
    let header = |name| parameters().find(|one| one.place == "header" && one.name == name);
    let mut problems = ANY.to_vec();
    if route.verb == Verb::Get && parameters().next().is_some() {
        problems.push(PARAMETER);
    }
    match route.access {
        Access::Open => {}
        Access::Credentials => problems.extend([TAMPERED, DATABASE_UNAVAILABLE]),
        _ => problems.extend(CREDENTIAL),
    }
    match route.access {
        Access::Open | Access::Credentials | Access::Caller => {}
        Access::Session => problems.push(SESSION),
        Access::SecondFactor => problems.extend([SESSION, PASSWORD_CHANGE]),
        Access::Vote(..) => {
            problems.extend(PERMISSION);
            problems.push(SESSION);
        }
        _ => problems.extend(PERMISSION),
    }
    if let Some(if_match) = header("If-Match") {
        problems.push(MALFORMED_IF_MATCH);
        problems.extend(if_match.required.then_some(NO_IF_MATCH));
    }
    if header("Idempotency-Key").is_some() {
        problems.extend(KEY);
    }
    if route.verb != Verb::Get {
        problems.extend(CHANGE);
        problems.extend(BODY);
    }
    problems
}
