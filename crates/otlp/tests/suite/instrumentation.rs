//! Spans as instrumentation libraries make them, and what becomes of each: `fixtures/instrumentation`.

use std::fmt::Write as _;

use evidence::leaf::Outcome;
use otlp::names::TABLE;
use otlp::{Encoding, Reading, Request, Signal};
use prost::Message as _;
use serde_json::Value;

use crate::made::{USER, became, request};
use crate::recordings::{assert_expected, recordings};

/// How much of content is shown. The recordings have all of it.
const SHOWN: usize = 320;

/// What becomes of the bodies of a recording, in words.
fn becomes(bodies: &[(Signal, Value)]) -> String {
    let mut text = String::new();
    for (signal, body) in bodies {
        let request = request(*signal, body);
        let again = by_protobuf(*signal, &request);
        let reading = Reading::of(request, USER);
        assert_eq!(reading.rejected, []);
        assert_eq!(reading, Reading::of(again, USER));
        writeln!(text, "{signal:?}: {} left", reading.left).unwrap();
        for trace in &reading.traces {
            writeln!(text, "trace {}", trace.trace_id).unwrap();
            for (span, id) in trace.spans.iter().zip(&trace.ids) {
                let of_step = span.step.as_ref().map_or_else(
                    || "no step".to_owned(),
                    |step| {
                        let failed = if step.outcome == Outcome::Failed {
                            ", failed"
                        } else {
                            ""
                        };
                        format!("{} {}{failed}", step.kind.as_str(), step.name)
                    },
                );
                writeln!(text, "- {id} {of_step}").unwrap();
                if let Some(end) = &span.told.end {
                    let ends = if end.is.failed { "failed" } else { "completed" };
                    writeln!(text, "    the execution: {ends}").unwrap();
                }
                // What stands above, and what is another word for what is shown.
                let passed_over = [
                    "kind",
                    "tool",
                    "what a tool was given",
                    "what a tool gave",
                    "instructions",
                ];
                let fields = TABLE.iter().map(|names| names.field);
                for field in fields.filter(|field| !passed_over.contains(field)) {
                    if let Some(said) = became(span, field) {
                        let cut = if said.chars().count() > SHOWN { "…" } else { "" };
                        let shown: String = said.chars().take(SHOWN).collect();
                        let shown = shown.replace('\n', "\\n");
                        writeln!(text, "    {field}: {shown}{cut}").unwrap();
                    }
                }
            }
        }
    }
    text
}

/// The same body, as the exporters of protobuf send it.
fn by_protobuf(signal: Signal, request: &Request) -> Request {
    let bytes = match request {
        Request::Traces(request) => request.encode_to_vec(),
        Request::Logs(request) => request.encode_to_vec(),
        Request::Metrics(_) => panic!("points are not recorded"),
    };
    otlp::read(signal, Encoding::Protobuf, &bytes).unwrap()
}

#[test]
fn what_libraries_send_becomes_what_they_say() {
    let recordings = recordings();
    assert_eq!(recordings.len(), 30);
    for (name, bodies) in recordings {
        assert_expected(&format!("{name}.txt"), &becomes(&bodies), true);
    }
}
