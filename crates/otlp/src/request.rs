//! What a request is: its signal, its encoding, its bounds, and what is wrong with one.

pub use opentelemetry_proto::tonic as messages;

use self::messages::collector::logs::v1::ExportLogsServiceRequest;
use self::messages::collector::trace::v1::ExportTraceServiceRequest;

/// Most spans or log records of a body.
pub const SPANS_MAX: usize = 20_000;

/// Most objects of a body: spans, attributes, values within values.
pub const OBJECTS_MAX: usize = 1_000_000;

/// How deep values are within each other at most.
pub const DEPTH_MAX: usize = 100;

/// Why a body is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not what it should be.
    #[error("{0}")]
    Malformed(String),
    /// It is larger than is taken, or holds more.
    #[error("{0}")]
    TooLarge(String),
    /// There is no room for it now.
    #[error("other bodies are being read: there is no room for this one now")]
    NoRoom,
}

/// What a body is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Data points of metrics.
    Metrics,
}

impl Signal {
    /// Its word in paths and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Logs => "logs",
            Signal::Metrics => "metrics",
        }
    }

    /// The member of OTLP's JSON that a body of it has.
    pub fn member(self) -> &'static str {
        match self {
            Signal::Traces => "resourceSpans",
            Signal::Logs => "resourceLogs",
            Signal::Metrics => "resourceMetrics",
        }
    }
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

impl Encoding {
    /// The media type.
    pub fn media(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }
}

/// A request, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Spans.
    Traces(ExportTraceServiceRequest),
    /// Log records.
    Logs(ExportLogsServiceRequest),
    /// So many data points, of which nothing is kept.
    Metrics(u64),
}
