//! Whatever bytes come, they are read or refused, and something becomes of what is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp::{Encoding, Reading, Signal, read};
use uuid::Uuid;

fuzz_target!(|data: &[u8]| {
    for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
        if let Ok(request) = read(signal, Encoding::Protobuf, data) {
            let reading = Reading::of(request, Uuid::from_u128(7));
            for trace in reading.traces {
                assert!(!trace.spans.is_empty());
                assert_eq!(trace.trace_id.len(), 32);
            }
        }
    }
});
