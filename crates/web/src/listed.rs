//! Problems, each once: status, code, when. What commands are refused with comes from [`domain::code`]; here stands what
//! is said before there is a command.

use domain::code::Code;

/// A problem: status, code, when.
pub(crate) type Listed = (&'static str, &'static str, &'static str);

macro_rules! problems {
    ($($name:ident = $status:literal $code:literal, $when:literal;)*) => {
        $(pub(crate) const $name: Listed = ($status, $code, $when);)*
    };
}

problems! {
    INVALID_HOST = "400" "invalid_host", "the header `Host` is missing, given twice, or neither a name nor an address";
    UNKNOWN_PARAMETER = "400" "unknown_parameter", "a query parameter is not one of those above";
    MALFORMED_QUERY = "400" "malformed_query", "a parameter's name is not UTF-8 in percent-encoding";
    PARAMETER = "400" "invalid_field", "a parameter is out of its bounds; `field` names it";
    INTERNAL = "500" "internal", "an internal error; the server's log has the details";
    TAMPERED = "500" "tampered", "a row or an entry that this rests on was changed by hand, and is not relied on";
    DATABASE_UNAVAILABLE = "503" "database_unavailable", "the database does not answer; try again";

    UNKNOWN_PATH = "404" "unknown_path", "there is nothing at this path; /openapi.json lists what there is";
    METHOD_NOT_ALLOWED = "405" "method_not_allowed", "the path does not take this method; `Allow` says which";
    NO_SUCH_TILE = "404" "no_such_tile", "the log is not large enough for this tile";
    NO_PLACE = "503" "backups_unreadable", "the place of backups cannot be read now";
    BEYOND_END = "409" "beyond_end",
        "the log does not have the entry to go on after: it was put back, or is another log; `size` says how many it has";

    NO_CREDENTIAL = "401" "no_credential", "no credential was given";
    MALFORMED_CREDENTIAL = "401" "malformed_credential",
        "the header is not `Bearer` and a token, or the cookie holds no session's token";
    RATE_LIMITED = "429" "rate_limited", "the key or user has no requests left in this minute";

    MALFORMED_JSON = "400" "malformed_json", "the body is not JSON; `line` and `column` say where";
    INVALID_FIELD = "400" "invalid_field", "a field is missing, unknown, of the wrong type or out of its bounds";
    BODY_INCOMPLETE = "400" "body_incomplete", "the body broke off";
    BODY_TIMEOUT = "408" "body_timeout", "the body took too long to arrive";
    BODY_TOO_LARGE = "413" "body_too_large", "the body is larger than the server takes";
    UNSUPPORTED_MEDIA_TYPE = "415" "unsupported_media_type", "the body is not `application/json`";
    UNSUPPORTED_ENCODING = "415" "unsupported_encoding", "the body has a Content-Encoding";

    MALFORMED_OTLP = "400" "malformed_otlp", "the body is not a request of OTLP";
    UNSUPPORTED_OTLP = "415" "unsupported_media_type", "the body is neither `application/x-protobuf` nor `application/json`";

    HOST_NOT_NAMED = "403" "host_not_named", "the header `Host` has a name that the setting `http.hosts` does not have";
    CROSS_SITE = "403" "cross_site", "a browser made the request from another site's page";
    ANSWER_TOO_LARGE = "422" "answer_too_large", "the answer is larger than a tool of MCP gives; ask for less";
    OVERLOADED = "503" "overloaded", "too much is waiting to be done; nothing of this request was";
    LOG_TAMPERED = "503" "log_tampered",
        "somebody changed the log in the database: nothing is written until the operator has looked";
    LOG_ROLLED_BACK = "503" "log_rolled_back",
        "the database was put back to another state of the log: nothing is written until the operator has looked";
    STORAGE_FULL = "503" "storage_full", "the database's disk is full or cannot be written; reading goes on";
    OUTCOME_UNKNOWN = "503" "outcome_unknown",
        "the database broke off while committing: look before you send it again";

    TOO_MANY_EXPORTS = "503" "too_many_exports", "other exports are running; try again";
    TOO_MANY_STREAMS = "503" "too_many_streams", "as many streams as are allowed at once are open";

    MALFORMED_IF_MATCH = "400" "malformed_if_match", "`If-Match` is neither one entity tag nor `*`";
    NO_IF_MATCH = "428" "if_match_required", "the header `If-Match` is missing";
    MALFORMED_KEY = "400" "malformed_idempotency_key",
        "`Idempotency-Key` is not 1 to 255 printable ASCII characters, given once";
}

/// A code of the domain, with its status.
pub(crate) const fn listed(code: &Code) -> Listed {
    let status = match code.status() {
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        409 => "409",
        412 => "412",
        422 => "422",
        _ => "429",
    };
    (status, code.name, code.meaning)
}
