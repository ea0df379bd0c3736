//! What is read as JSON is the same message in protobuf, and something becomes of it, or is said of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp::{Encoding, Reading, Request, Signal, read};
use prost::Message;
use uuid::Uuid;

fuzz_target!(|data: &[u8]| {
    for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
        let Ok(request) = read(signal, Encoding::Json, data) else {
            continue;
        };
        let bytes = match &request {
            Request::Traces(request) => request.encode_to_vec(),
            Request::Logs(request) => request.encode_to_vec(),
            Request::Metrics(_) => continue,
        };
        let again = match read(signal, Encoding::Protobuf, &bytes) {
            Ok(Request::Traces(request)) => request.encode_to_vec(),
            Ok(Request::Logs(request)) => request.encode_to_vec(),
            other => panic!("{other:?}"),
        };
        assert_eq!(bytes, again);
        let reading = Reading::of(request, Uuid::from_u128(7));
        assert!(reading.traces.iter().all(|trace| trace.spans.len() == trace.ids.len()));
    }
});
