//! What an exporter of OpenTelemetry sends: traces of an agent, packed before the load begins.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

use flate2::Compression;
use flate2::write::GzEncoder;
use otlp::{Encoding, Request, Signal};
use prost::Message as _;

use crate::error::Error;
use crate::identity::bearer;
use crate::workload::Workload;

/// Spans of a trace: one that invoked an agent, and what it asked and called.
pub const SPANS_OF_TRACE: u64 = 16;

/// The text that makes a span about 1 KiB.
const QUESTION: &str = "Which of the logins of the last week came from a country in which the user has never been before, \
                        and did any of them fail before it succeeded? Answer with the user's name, the address and the time \
                        of each, the newest first, and say how sure you are. Leave out what came from our own offices.";

/// Its length, in bytes.
pub const QUESTION_LEN: usize = QUESTION.len();

/// Requests that were made beforehand, each sent once.
#[derive(Debug)]
pub struct Exports {
    requests: Vec<Vec<u8>>,
    next: usize,
    spans: u64,
}

/// A span of a trace, as OTLP's JSON has it.
fn span(trace: u64, number: u64, question: &str, out: &mut String) {
    let start = 1_790_000_000_000_000_000 + trace * 1_000_000 + number * 1_000;
    let (parent, said) = match number {
        0 => (
            String::new(),
            r#"{"key":"gen_ai.operation.name","value":{"stringValue":"invoke_agent"}},{"key":"gen_ai.agent.name","value":{"stringValue":"triage"}}"#.to_owned(),
        ),
        number if number % 2 == 0 => (
            format!("{:016x}", trace * SPANS_OF_TRACE + 1),
            r#"{"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}},{"key":"gen_ai.tool.name","value":{"stringValue":"list_logins"}},{"key":"gen_ai.tool.call.arguments","value":{"stringValue":"{\"since\":\"monday\"}"}}"#.to_owned(),
        ),
        _ => (
            format!("{:016x}", trace * SPANS_OF_TRACE + 1),
            r#"{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.provider.name","value":{"stringValue":"anthropic"}},{"key":"gen_ai.request.model","value":{"stringValue":"claude-sonnet-4-5"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"1200"}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":"85"}},{"key":"gen_ai.response.finish_reasons","value":{"arrayValue":{"values":[{"stringValue":"tool_use"}]}}}"#.to_owned(),
        ),
    };
    let id = trace * SPANS_OF_TRACE + number + 1;
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        r#"{{"traceId":"{trace:032x}","spanId":"{id:016x}","parentSpanId":"{parent}","name":"span {number}","kind":3,"startTimeUnixNano":"{start}","endTimeUnixNano":"{}","attributes":[{said},{{"key":"gen_ai.input.messages","value":{{"stringValue":"[{{\"role\":\"user\",\"parts\":[{{\"type\":\"text\",\"content\":\"{question} {id}\"}}]}}]"}}}}]}}"#,
        start + 900
    );
}

/// A body of so many spans, of traces from this number on, each with a question of so many bytes.
fn body(first: u64, spans: u64, question_len: usize) -> String {
    let question: String = QUESTION.chars().cycle().take(question_len).collect();
    let mut text = String::from(
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"bench"}}]},"scopeSpans":[{"spans":["#,
    );
    for number in 0..spans {
        if number > 0 {
            text.push(',');
        }
        span(
            first + number / SPANS_OF_TRACE + 1,
            number % SPANS_OF_TRACE,
            &question,
            &mut text,
        );
    }
    text.push_str("]}]}]}");
    text
}

fn encoded(encoding: Encoding, text: String) -> Result<Vec<u8>, Error> {
    if encoding == Encoding::Json {
        return Ok(text.into_bytes());
    }
    match otlp::read(Signal::Traces, Encoding::Json, text.as_bytes()) {
        Ok(Request::Traces(request)) => Ok(request.encode_to_vec()),
        other => Err(Error::Usage(format!("the spans are none: {other:?}"))),
    }
}

impl Exports {
    /// So many requests of so many spans each, which ask so much.
    pub fn new(
        server: SocketAddr,
        key: &str,
        encoding: Encoding,
        requests: u64,
        (spans, question_len): (u64, usize),
    ) -> Result<Self, Error> {
        let traces = spans.div_ceil(SPANS_OF_TRACE);
        let request = |number: u64| {
            let plain = encoded(encoding, body(number * traces, spans, question_len))?;
            let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
            gzip.write_all(&plain).map_err(Error::io("gzip"))?;
            let packed = gzip.finish().map_err(Error::io("gzip"))?;
            let (headers, media) = (bearer(key), encoding.media());
            let mut request = format!(
                "POST /otlp/v1/traces HTTP/1.1\r\nHost: {server}\r\n{headers}Content-Type: {media}\r\n\
                 Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                packed.len()
            )
            .into_bytes();
            request.extend(packed);
            Ok(request)
        };
        Ok(Self {
            requests: (0..requests).map(request).collect::<Result<_, Error>>()?,
            next: 0,
            spans,
        })
    }
}

impl Workload for Exports {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.requests[self.next]);
        self.next = (self.next + 1) % self.requests.len();
    }

    fn items(&self) -> &'static str {
        "spans"
    }

    fn items_per_request(&self) -> u64 {
        self.spans
    }

    fn sample(&self) -> u64 {
        1
    }

    /// Nothing is rejected: the answer is empty.
    fn check(&mut self, body: &[u8]) -> bool {
        body.is_empty() || body == b"{}"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_so_many_spans_of_about_a_kibibyte() {
        let text = body(0, 512, QUESTION_LEN);
        let Ok(Request::Traces(request)) = otlp::read(Signal::Traces, Encoding::Json, text.as_bytes()) else {
            panic!("it does not read");
        };
        let spans = &request.resource_spans[0].scope_spans[0].spans;
        assert_eq!(spans.len(), 512);
        let bytes = request.encoded_len() / spans.len();
        assert!((500..1_500).contains(&bytes), "{bytes}");
        let roots = spans.iter().filter(|span| span.parent_span_id.is_empty());
        assert_eq!(roots.count(), 32);
        let mut ids: Vec<_> = spans.iter().map(|span| &span.span_id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 512);
    }
}
