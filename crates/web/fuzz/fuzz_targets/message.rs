//! Messages of MCP, with three headers before the body, a line each: revision, method, name. They are read or refused by a code
//! that there is; what is read is what stands there, and goes on as the bytes that came.
#![no_main]

use http::{HeaderMap, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../src/mcp/members.rs"]
mod members;
#[allow(dead_code)]
#[path = "../../src/mcp/message.rs"]
mod message;
#[allow(dead_code)]
#[path = "../../src/mcp/revision.rs"]
mod revision;

use members::Members;
use message::{Fault, INVALID_PARAMS, INVALID_REQUEST, Message, PARSE_ERROR};
use revision::{CALL, HEADER_MISMATCH, Revision, UNSUPPORTED_REVISION};

const HEADERS: [&str; 3] = ["mcp-protocol-version", "mcp-method", "mcp-name"];

/// Each is there once, and has one value.
fn check_members(members: &Members<'_>, whole: Option<&Value>) {
    for (number, (name, raw)) in members.0.iter().enumerate() {
        assert!(members.0[..number].iter().all(|(before, _)| before != name));
        let value: Option<Value> = serde_json::from_str(raw.get()).ok();
        if let (Some(whole), Some(value)) = (whole, value) {
            assert_eq!(whole[name], value);
        }
    }
}

fn check_fault(fault: &Fault, codes: &[i32]) {
    assert!(codes.contains(&fault.code), "{fault:?}");
    assert!(fault.status == StatusCode::BAD_REQUEST && !fault.message.is_empty());
}

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in HEADERS {
        let line = lines.next().unwrap_or_default();
        if let Ok(value) = HeaderValue::from_bytes(line)
            && !line.is_empty()
        {
            headers.insert(name, value);
        }
    }
    let body = lines.next().unwrap_or_default();
    let of_revision = [HEADER_MISMATCH, UNSUPPORTED_REVISION, INVALID_PARAMS];
    match message::read(body) {
        Err((id, fault)) => {
            check_fault(&fault, &[PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS]);
            assert!(fault.code != PARSE_ERROR || id.is_none());
        }
        Ok(Message::Notification) => {
            if let Err(fault) = Revision::of_notification(&headers) {
                check_fault(&fault, &of_revision);
            }
        }
        Ok(Message::Request(request)) => {
            let whole: Option<Value> = serde_json::from_slice(body).ok();
            if let Some(whole) = &whole {
                assert_eq!(whole["method"], request.method.as_str());
                assert!(
                    whole["id"].is_string()
                        || request
                            .id
                            .get()
                            .bytes()
                            .all(|byte| b"-0123456789".contains(&byte))
                );
            }
            check_members(&request.params, whole.as_ref().map(|whole| &whole["params"]));
            check_members(
                &request.meta,
                whole.as_ref().map(|whole| &whole["params"]["_meta"]),
            );
            if let Some(arguments) = request.params.object("arguments") {
                check_members(
                    &arguments,
                    whole.as_ref().map(|whole| &whole["params"]["arguments"]),
                );
            }
            match Revision::of(&headers, &request) {
                Err(fault) => check_fault(&fault, &of_revision),
                Ok(revision) => {
                    assert!(Revision::names().contains(&revision.as_str()));
                    // Whoever goes by the headers goes by the body.
                    if revision.is_stateless() {
                        assert_eq!(headers[HEADERS[0]], revision.as_str());
                        assert_eq!(headers[HEADERS[1]], request.method.as_str());
                        assert!(request.method != CALL || headers.contains_key(HEADERS[2]));
                    }
                }
            }
        }
    }
});
