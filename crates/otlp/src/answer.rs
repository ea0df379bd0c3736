//! What is said to a request, in the encoding that it came in.

use prost::Message;
use serde_json::json;

use crate::request::{Encoding, Signal};

/// What is not taken, as OTLP's answers have it: the same for each signal but for the member's name in JSON.
#[derive(Clone, PartialEq, Eq, Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<Partial>,
}

/// An error, as `google.rpc.Status`.
#[derive(Clone, PartialEq, Eq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The body of an answer 200: how many were rejected, and what else is to be said; nothing where there is nothing.
pub fn success(signal: Signal, encoding: Encoding, rejected: u64, message: &str) -> Vec<u8> {
    let said = rejected > 0 || !message.is_empty();
    match encoding {
        Encoding::Protobuf => {
            let partial = Partial {
                rejected: i64::try_from(rejected).unwrap_or(i64::MAX),
                error_message: message.to_owned(),
            };
            let partial_success = said.then_some(partial);
            Response { partial_success }.encode_to_vec()
        }
        Encoding::Json if !said => b"{}".to_vec(),
        Encoding::Json => {
            let member = match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
                Signal::Metrics => "rejectedDataPoints",
            };
            // 64-bit numbers are texts in the JSON of protobuf.
            let partial = json!({member: rejected.to_string(), "errorMessage": message});
            json!({ "partialSuccess": partial }).to_string().into_bytes()
        }
    }
}

/// The code of `google.rpc.Code` for a status of HTTP.
fn code(status: u16) -> i32 {
    match status {
        400 | 413 | 415 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        408 => 4,
        409 => 10,
        429 => 8,
        503 => 14,
        _ => 13,
    }
}

/// The body of an error.
pub fn error(encoding: Encoding, status: u16, message: &str) -> Vec<u8> {
    let code = code(status);
    match encoding {
        Encoding::Protobuf => {
            let message = message.to_owned();
            Status { code, message }.encode_to_vec()
        }
        Encoding::Json => json!({"code": code, "message": message}).to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::messages::collector::trace::v1::ExportTraceServiceResponse;

    #[test]
    fn answers_are_those_of_the_protocol() {
        let bytes = success(Signal::Traces, Encoding::Protobuf, 3, "why");
        let read = ExportTraceServiceResponse::decode(bytes.as_slice()).unwrap();
        let partial = read.partial_success.unwrap();
        assert_eq!((partial.rejected_spans, &*partial.error_message), (3, "why"));
        assert!(success(Signal::Logs, Encoding::Protobuf, 0, "").is_empty());
        for (signal, text) in [
            (
                Signal::Traces,
                r#"{"partialSuccess":{"errorMessage":"why","rejectedSpans":"3"}}"#,
            ),
            (
                Signal::Logs,
                r#"{"partialSuccess":{"errorMessage":"why","rejectedLogRecords":"3"}}"#,
            ),
            (
                Signal::Metrics,
                r#"{"partialSuccess":{"errorMessage":"why","rejectedDataPoints":"3"}}"#,
            ),
        ] {
            let bytes = success(signal, Encoding::Json, 3, "why");
            assert_eq!(String::from_utf8(bytes).unwrap(), text);
            assert_eq!(success(signal, Encoding::Json, 0, ""), b"{}");
        }
    }

    #[test]
    fn errors_are_a_status_in_either_encoding() {
        for (status, code) in [
            (400, 3),
            (401, 16),
            (403, 7),
            (413, 3),
            (429, 8),
            (503, 14),
            (500, 13),
        ] {
            let bytes = error(Encoding::Protobuf, status, "why");
            let read = Status::decode(bytes.as_slice()).unwrap();
            assert_eq!((read.code, &*read.message), (code, "why"));
            let bytes = error(Encoding::Json, status, "why");
            let text = format!(r#"{{"code":{code},"message":"why"}}"#);
            assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
    }
}
