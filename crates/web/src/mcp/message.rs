//! Messages of JSON-RPC 2.0, as MCP has them: one a body, ids that are a text or a whole number.

use http::StatusCode;
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::members::Members;

/// Codes of JSON-RPC 2.0 section 5.1.
pub(super) const PARSE_ERROR: i32 = -32_700;
pub(super) const INVALID_REQUEST: i32 = -32_600;
pub(super) const METHOD_NOT_FOUND: i32 = -32_601;
pub(super) const INVALID_PARAMS: i32 = -32_602;

/// What is wrong with a message.
#[derive(Debug)]
pub(super) struct Fault {
    pub status: StatusCode,
    pub code: i32,
    pub message: String,
    pub data: Option<Value>,
}

impl Fault {
    /// A fault of the message itself.
    pub fn new(code: i32, message: impl Into<String>) -> Fault {
        Fault {
            status: StatusCode::BAD_REQUEST,
            code,
            message: message.into(),
            data: None,
        }
    }

    /// The same where the message was understood, so that HTTP has nothing to complain of.
    pub fn understood(mut self) -> Fault {
        self.status = StatusCode::OK;
        self
    }
}

/// What came.
#[derive(Debug)]
pub(super) enum Message<'a> {
    /// It is answered.
    Request(Request<'a>),
    /// It is not.
    Notification,
}

/// A request.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub id: &'a RawValue,
    pub method: String,
    pub params: Members<'a>,
    /// What stands beside the parameters, in `_meta`.
    pub meta: Members<'a>,
}

/// Reads a body. The id is given back with a fault, too, where it could be read.
pub(super) fn read(bytes: &[u8]) -> Result<Message<'_>, (Option<&RawValue>, Fault)> {
    let members: Members<'_> =
        serde_json::from_slice(bytes).map_err(|error| (None, unread(bytes, &error)))?;
    let id = members.given("id").filter(|id| is_id(id.get()));
    let invalid = |message: &str| (id, Fault::new(INVALID_REQUEST, message));
    if members.text("jsonrpc").as_deref() != Some("2.0") {
        return Err(invalid("`jsonrpc` must be \"2.0\""));
    }
    let Some(method) = members.text("method") else {
        let is_response = members.given("result").is_some() || members.given("error").is_some();
        return Err(invalid(if is_response {
            "this server asks for nothing, so no response is taken: people vote in Probity, and nowhere else"
        } else {
            "`method` must be a text"
        }));
    };
    let object = |of: &Members<'_>, name: &str| of.get(name).is_none() || of.object(name).is_some();
    if !object(&members, "params") {
        let message = "`params` must be an object, with no member twice";
        return Err((id, Fault::new(INVALID_PARAMS, message)));
    }
    let params = members.object("params").unwrap_or_default();
    if !object(&params, "_meta") {
        let message = "`_meta` must be an object, with no member twice";
        return Err((id, Fault::new(INVALID_PARAMS, message)));
    }
    let meta = params.object("_meta").unwrap_or_default();
    match (members.given("id").is_some(), id) {
        (true, Some(id)) => Ok(Message::Request(Request {
            id,
            method,
            params,
            meta,
        })),
        (true, None) => Err(invalid("`id` must be a text or a whole number")),
        (false, _) if method.starts_with("notifications/") => Ok(Message::Notification),
        (false, _) => Err(invalid("this is no notification: a request has an `id`")),
    }
}

/// Why a body is no object.
fn unread(bytes: &[u8], error: &serde_json::Error) -> Fault {
    let is_array = bytes.trim_ascii_start().starts_with(b"[");
    match error.classify() {
        Category::Data if is_array => Fault::new(
            INVALID_REQUEST,
            "several messages in one body are not taken: send each by itself",
        ),
        Category::Data => Fault::new(INVALID_REQUEST, format!("the body is no message: {error}")),
        _ => Fault::new(PARSE_ERROR, format!("the body is not JSON: {error}")),
    }
}

/// Whether a value is a text or a whole number.
fn is_id(raw: &str) -> bool {
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    raw.starts_with('"') || !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_message() {
        let Ok(Message::Request(request)) =
            read(br#"{"jsonrpc":"2.0","id":"a","method":"x","params":{"b":1,"_meta":{"c":2}}}"#)
        else {
            panic!("no request")
        };
        assert_eq!((request.id.get(), request.method.as_str()), ("\"a\"", "x"));
        assert!(request.params.get("b").is_some() && request.meta.get("c").is_some());
        for plain in [
            &br#"{"jsonrpc":"2.0","id":-7,"method":"x"}"#[..],
            br#"{"jsonrpc":"2.0","id":0,"method":"x","params":null,"more":[]}"#,
        ] {
            assert!(matches!(read(plain), Ok(Message::Request(_))));
        }
        let told = read(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert!(matches!(told, Ok(Message::Notification)));
    }

    #[test]
    fn what_is_none() {
        for (body, code, has_id) in [
            ("", PARSE_ERROR, false),
            ("{", PARSE_ERROR, false),
            ("{} {}", PARSE_ERROR, false),
            ("[]", INVALID_REQUEST, false),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
                INVALID_REQUEST,
                false,
            ),
            ("7", INVALID_REQUEST, false),
            ("{}", INVALID_REQUEST, false),
            (
                r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
                INVALID_REQUEST,
                false,
            ),
            (
                r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
                INVALID_REQUEST,
                true,
            ),
            (r#"{"id":1,"method":"ping"}"#, INVALID_REQUEST, true),
            (r#"{"jsonrpc":"2.0","id":1}"#, INVALID_REQUEST, true),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, INVALID_REQUEST, true),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, INVALID_REQUEST, true),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                INVALID_REQUEST,
                false,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
                INVALID_REQUEST,
                false,
            ),
            (
                r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
                INVALID_REQUEST,
                false,
            ),
            (
                r#"{"jsonrpc":"2.0","method":"tools/call"}"#,
                INVALID_REQUEST,
                false,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[]}"#,
                INVALID_PARAMS,
                true,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":1,"a":1}}"#,
                INVALID_PARAMS,
                true,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":7}}"#,
                INVALID_PARAMS,
                true,
            ),
        ] {
            let (id, fault) = read(body.as_bytes()).unwrap_err();
            assert_eq!((fault.code, id.is_some()), (code, has_id), "{body}");
            assert_eq!(fault.status, StatusCode::BAD_REQUEST);
        }
    }
}
